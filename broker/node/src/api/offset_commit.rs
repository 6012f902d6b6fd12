//! OffsetCommit. Offsets of partitions that are not there are refused before the group hears of them.

use strait_wire::error_code::ErrorCode;
use strait_wire::message::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestTopic, OffsetCommitResponse, OffsetCommitResponsePartition,
    OffsetCommitResponseTopic,
};

use crate::broker::Broker;
use crate::dispatch::Caller;
use crate::environment::now_ms;

pub(crate) async fn handle(
    broker: &Broker,
    caller: Caller<'_>,
    mut request: OffsetCommitRequest,
) -> OffsetCommitResponse {
    let mut unknown = Vec::new();
    for topic in &mut request.topics {
        let partitions = std::mem::take(&mut topic.partitions);
        let is_known = |index: i32| broker.partition(&topic.name, index).is_some();
        let (known, missing): (Vec<_>, Vec<_>) =
            partitions.into_iter().partition(|partition| is_known(partition.partition_index));
        topic.partitions = known;
        if !missing.is_empty() {
            unknown.push(OffsetCommitRequestTopic { partitions: missing, ..topic.clone() });
        }
    }
    request.topics.retain(|topic| !topic.partitions.is_empty());
    let committed = broker.groups.act(|groups| groups.commit(&request, caller.version, now_ms()));
    let mut response = committed.unwrap_or_else(|code| refused(&request.topics, code));
    merge(&mut response, refused(&unknown, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION));
    response
}

fn refused(topics: &[OffsetCommitRequestTopic], code: ErrorCode) -> OffsetCommitResponse {
    let topics = topics.iter().map(|topic| OffsetCommitResponseTopic {
        name: topic.name.clone(),
        topic_id: topic.topic_id,
        partitions: topic
            .partitions
            .iter()
            .map(|partition| OffsetCommitResponsePartition {
                partition_index: partition.partition_index,
                error_code: code.0,
            })
            .collect(),
    });
    OffsetCommitResponse { topics: topics.collect(), ..OffsetCommitResponse::default() }
}

/// A topic stands once in an answer.
fn merge(response: &mut OffsetCommitResponse, more: OffsetCommitResponse) {
    for topic in more.topics {
        match response.topics.iter_mut().find(|known| known.name == topic.name) {
            Some(known) => known.partitions.extend(topic.partitions),
            None => response.topics.push(topic),
        }
    }
}
