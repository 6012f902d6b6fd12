//! OffsetCommit (8), versions 2 to 9. Partitions that are not there are refused, the others are committed.

use strait_broker_core::acl::{Operation, ResourceType};
use strait_wire::batch::Stamp;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestTopic, OffsetCommitResponse, OffsetCommitResponsePartition,
    OffsetCommitResponseTopic,
};

use super::offsets_of;
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
    offsets_of::add_refused(&mut response.topics, refused, |topic| {
        (topic.name.as_str(), &mut topic.partitions)
    });
    response
}

/// Takes the partitions out that are not there, or that the client may not read.
fn take_refused(call: &Call, topics: &mut Vec<OffsetCommitRequestTopic>) -> Vec<OffsetCommitResponseTopic> {
    offsets_of::take_refused(
        call,
        topics,
        |topic| (topic.name.as_str(), &mut topic.partitions),
        |asked| asked.partition_index,
        |name, partitions, error| {
            let partitions = partitions.into_iter().map(|index| refusal(index, error)).collect();
            OffsetCommitResponseTopic { name, partitions, ..Default::default() }
        },
    )
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
