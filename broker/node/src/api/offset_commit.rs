//! OffsetCommit (8), versions 2 to 9. Partitions that are not there are refused, the others are committed.

use strait_broker_core::acl::{Operation, ResourceType};
use strait_wire::batch::Stamp;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestTopic, OffsetCommitResponse, OffsetCommitResponsePartition,
    OffsetCommitResponseTopic,
};

use crate::call::Call;

pub(crate) async fn handle(call: &Call, mut request: OffsetCommitRequest) -> OffsetCommitResponse {
    if !call.may(Operation::Read, ResourceType::Group, &request.group_id) {
        return all_refused(&request.topics, ErrorCode::GROUP_AUTHORIZATION_FAILED);
    }
    let refused = take_refused(call, &mut request.topics);
    if request.topics.is_empty() {
        return OffsetCommitResponse { throttle_time_ms: 0, topics: refused };
    }
    let committed = call.node.groups.shard(&request.group_id).and_then(|shard| {
        let cluster = call.node.groups.cluster();
        shard.perform(Stamp::NONE, |groups, now_ms| groups.commit(&request, call.version, cluster, now_ms))
    });
    let mut response = committed.unwrap_or_else(|error| all_refused(&request.topics, error));
    for topic in refused {
        match response.topics.iter_mut().find(|found| found.name == topic.name) {
            Some(found) => found.partitions.extend(topic.partitions),
            None => response.topics.push(topic),
        }
    }
    response
}

/// Takes the partitions out that are not there, or that the client may not read.
fn take_refused(call: &Call, topics: &mut Vec<OffsetCommitRequestTopic>) -> Vec<OffsetCommitResponseTopic> {
    let mut refused = Vec::new();
    for topic in topics.iter_mut() {
        let may_read = call.may(Operation::Read, ResourceType::Topic, &topic.name);
        let error = match may_read {
            true => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
            false => ErrorCode::TOPIC_AUTHORIZATION_FAILED,
        };
        let found = call.node.topics.by_name(&topic.name).filter(|_| may_read);
        let is_there = |index| found.as_ref().is_some_and(|found| found.partition(index).is_some());
        let missing = topic.partitions.extract_if(.., |asked| !is_there(asked.partition_index));
        let partitions: Vec<_> = missing.map(|asked| refusal(asked.partition_index, error)).collect();
        if !partitions.is_empty() {
            refused.push(OffsetCommitResponseTopic {
                name: topic.name.clone(),
                partitions,
                ..Default::default()
            });
        }
    }
    topics.retain(|topic| !topic.partitions.is_empty());
    refused
}

fn refusal(partition_index: i32, error: ErrorCode) -> OffsetCommitResponsePartition {
    OffsetCommitResponsePartition { partition_index, error_code: error.0 }
}

fn all_refused(topics: &[OffsetCommitRequestTopic], error: ErrorCode) -> OffsetCommitResponse {
    let topics = topics.iter().map(|topic| OffsetCommitResponseTopic {
        name: topic.name.clone(),
        partitions: topic.partitions.iter().map(|asked| refusal(asked.partition_index, error)).collect(),
        ..Default::default()
    });
    OffsetCommitResponse { throttle_time_ms: 0, topics: topics.collect() }
}
