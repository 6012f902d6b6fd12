//! CreatePartitions.

use strait_wire::message::create_partitions::{
    CreatePartitionsRequest, CreatePartitionsResponse, CreatePartitionsTopicResult,
};

use crate::broker::Broker;
use crate::dispatch::Caller;

pub(crate) async fn handle(
    broker: &Broker,
    _: Caller<'_>,
    request: CreatePartitionsRequest,
) -> CreatePartitionsResponse {
    let results = request.topics.into_iter().map(|topic| {
        let widened = broker.catalog().widen(&topic.name, topic.count, request.validate_only);
        let refusal = widened.err();
        CreatePartitionsTopicResult {
            name: topic.name,
            error_code: refusal.as_ref().map_or(0, |refusal| refusal.code.0),
            error_message: refusal.map(|refusal| refusal.message),
        }
    });
    CreatePartitionsResponse { results: results.collect(), ..CreatePartitionsResponse::default() }
}
