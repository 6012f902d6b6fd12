//! OffsetDelete (47), version 0.

use strait_broker_core::acl::{Operation, ResourceType};
use strait_wire::batch::Stamp;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::offset_delete::{
    OffsetDeleteRequest, OffsetDeleteRequestTopic, OffsetDeleteResponse, OffsetDeleteResponsePartition,
    OffsetDeleteResponseTopic,
};

use crate::call::Call;

pub(crate) async fn handle(call: &Call, mut request: OffsetDeleteRequest) -> OffsetDeleteResponse {
    if !call.may(Operation::Delete, ResourceType::Group, &request.group_id) {
        let error_code = ErrorCode::GROUP_AUTHORIZATION_FAILED.0;
        return OffsetDeleteResponse { error_code, ..Default::default() };
    }
    let refused = take_refused(call, &mut request.topics);
    let shard = call.node.groups.shard(&request.group_id);
    let deleted =
        shard.and_then(|shard| shard.perform(Stamp::NONE, |groups, _| groups.delete_offsets(&request)));
    let mut response =
        deleted.unwrap_or_else(|error| OffsetDeleteResponse { error_code: error.0, ..Default::default() });
    if response.error_code == ErrorCode::NONE.0 {
        for topic in refused {
            match response.topics.iter_mut().find(|found| found.name == topic.name) {
                Some(found) => found.partitions.extend(topic.partitions),
                None => response.topics.push(topic),
            }
        }
    }
    response
}

/// Takes the partitions out that are not there, or that the client may not read.
fn take_refused(call: &Call, topics: &mut Vec<OffsetDeleteRequestTopic>) -> Vec<OffsetDeleteResponseTopic> {
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
        let missing = missing.map(|asked| OffsetDeleteResponsePartition {
            partition_index: asked.partition_index,
            error_code: error.0,
        });
        let partitions: Vec<_> = missing.collect();
        if !partitions.is_empty() {
            refused.push(OffsetDeleteResponseTopic { name: topic.name.clone(), partitions });
        }
    }
    topics.retain(|topic| !topic.partitions.is_empty());
    refused
}
