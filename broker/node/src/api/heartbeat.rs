//! Heartbeat (12), versions 0 to 4.

use strait_broker_core::acl::{Operation, ResourceType};
use strait_broker_core::group::{Effects, Outcome};
use strait_wire::batch::Stamp;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::heartbeat::{HeartbeatRequest, HeartbeatResponse};

use crate::call::Call;

pub(crate) async fn handle(call: &Call, request: HeartbeatRequest) -> HeartbeatResponse {
    if !call.may(Operation::Read, ResourceType::Group, &request.group_id) {
        let error_code = ErrorCode::GROUP_AUTHORIZATION_FAILED.0;
        return HeartbeatResponse { throttle_time_ms: 0, error_code };
    }
    let heard = call.node.groups.shard(&request.group_id).and_then(|shard| {
        shard.perform(Stamp::NONE, |groups, now_ms| {
            let response = groups.heartbeat(&request, now_ms);
            Outcome { response, effects: Effects::default() }
        })
    });
    HeartbeatResponse { throttle_time_ms: 0, error_code: heard.unwrap_or_else(|error| error).0 }
}
