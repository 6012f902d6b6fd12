//! LeaveGroup.

use strait_wire::message::leave_group::{LeaveGroupRequest, LeaveGroupResponse};

use crate::broker::Broker;
use crate::dispatch::Caller;
use crate::environment::now_ms;

pub(crate) async fn handle(
    broker: &Broker,
    caller: Caller<'_>,
    request: LeaveGroupRequest,
) -> LeaveGroupResponse {
    let left = broker.groups.act(|groups| groups.leave(&request, caller.version, now_ms()));
    left.unwrap_or_else(|code| LeaveGroupResponse { error_code: code.0, ..LeaveGroupResponse::default() })
}
