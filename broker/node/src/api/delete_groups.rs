//! DeleteGroups (42), versions 0 to 2.

use strait_broker_core::acl::{Operation, ResourceType};
use strait_wire::batch::Stamp;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::delete_groups::{DeletableGroupResult, DeleteGroupsRequest, DeleteGroupsResponse};

use crate::call::Call;

pub(crate) async fn handle(call: &Call, request: DeleteGroupsRequest) -> DeleteGroupsResponse {
    let results = request.groups_names.into_iter().map(|group_id| {
        if !call.may(Operation::Delete, ResourceType::Group, &group_id) {
            let error_code = ErrorCode::GROUP_AUTHORIZATION_FAILED.0;
            return DeletableGroupResult { group_id, error_code };
        }
        let shard = call.node.groups.shard(&group_id);
        let deleted =
            shard.and_then(|shard| shard.perform(Stamp::NONE, |groups, _| groups.delete(&group_id)));
        DeletableGroupResult { group_id, error_code: deleted.unwrap_or_else(|error| error).0 }
    });
    DeleteGroupsResponse { throttle_time_ms: 0, results: results.collect() }
}
