//! OffsetDelete (47), version 0.

use strait_broker_core::acl::{Operation, ResourceType};
use strait_wire::batch::Stamp;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::offset_delete::{
    OffsetDeleteRequest, OffsetDeleteRequestTopic, OffsetDeleteResponse, OffsetDeleteResponsePartition,
    OffsetDeleteResponseTopic,
};

use super::offsets_of;
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
        offsets_of::add_refused(&mut response.topics, refused, |topic| {
            (topic.name.as_str(), &mut topic.partitions)
        });
    }
    response
}

/// Takes the partitions out that are not there, or that the client may not read.
fn take_refused(call: &Call, topics: &mut Vec<OffsetDeleteRequestTopic>) -> Vec<OffsetDeleteResponseTopic> {
    offsets_of::take_refused(
        call,
        topics,
        |topic| (topic.name.as_str(), &mut topic.partitions),
        |asked| asked.partition_index,
        |name, partitions, error| {
            let partitions = partitions
                .into_iter()
                .map(|partition_index| OffsetDeleteResponsePartition { partition_index, error_code: error.0 })
                .collect();
            OffsetDeleteResponseTopic { name, partitions }
        },
    )
}
