//! CreatePartitions (37), versions 0 to 3.

use strait_broker_core::acl::{Operation, ResourceType};
use strait_wire::error_code::ErrorCode;
use strait_wire::message::create_partitions::{
    CreatePartitionsRequest, CreatePartitionsResponse, CreatePartitionsTopic, CreatePartitionsTopicResult,
};

use crate::call::Call;
use crate::node::blocking;
use crate::quotas::Mutations;

/// First version whose clients know that a quota may refuse partitions.
const STRICT_QUOTA: i16 = 3;

pub(crate) async fn handle(call: &Call, request: CreatePartitionsRequest) -> CreatePartitionsResponse {
    let mutations = Mutations::new(call, STRICT_QUOTA);
    let topics = request.topics.into_iter();
    let results = topics.map(|topic| widen(call, topic, request.validate_only, &mutations)).collect();
    CreatePartitionsResponse { throttle_time_ms: mutations.throttle_ms(), results }
}

fn widen(
    call: &Call,
    topic: CreatePartitionsTopic,
    validate_only: bool,
    mutations: &Mutations<'_>,
) -> CreatePartitionsTopicResult {
    let CreatePartitionsTopic { name, count, assignments } = topic;
    if !call.may(Operation::Alter, ResourceType::Topic, &name) {
        let error_code = ErrorCode::TOPIC_AUTHORIZATION_FAILED.0;
        return CreatePartitionsTopicResult { name, error_code, ..Default::default() };
    }
    let node = &call.node;
    let assignments: Option<Vec<Vec<i32>>> =
        assignments.map(|assigned| assigned.into_iter().map(|entry| entry.broker_ids).collect());
    let permit = |partitions| mutations.ask(partitions);
    match blocking(|| {
        node.controller.widen_topic(&name, count, assignments.as_deref(), validate_only, permit)
    }) {
        Ok(()) => CreatePartitionsTopicResult { name, ..Default::default() },
        Err(error) => {
            let (error_code, error_message) = (error.code().0, error.message());
            CreatePartitionsTopicResult { name, error_code, error_message }
        }
    }
}
