//! LeaveGroup (13), versions 0 to 5.

use strait_broker_core::acl::{Operation, ResourceType};
use strait_wire::batch::Stamp;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::leave_group::{LeaveGroupRequest, LeaveGroupResponse};

use crate::call::Call;

pub(crate) async fn handle(call: &Call, request: LeaveGroupRequest) -> LeaveGroupResponse {
    if !call.may(Operation::Read, ResourceType::Group, &request.group_id) {
        let error_code = ErrorCode::GROUP_AUTHORIZATION_FAILED.0;
        return LeaveGroupResponse { error_code, ..Default::default() };
    }
    let left = call.node.groups.shard(&request.group_id).and_then(|shard| {
        shard.perform(Stamp::NONE, |groups, now_ms| groups.leave(&request, call.version, now_ms))
    });
    left.unwrap_or_else(|error| LeaveGroupResponse { error_code: error.0, ..Default::default() })
}
