//! JoinGroup.

use strait_broker_core::group::{Answer, Caller as Member};
use strait_wire::error_code::ErrorCode;
use strait_wire::message::join_group::{JoinGroupRequest, JoinGroupResponse};

use crate::broker::Broker;
use crate::dispatch::Caller;
use crate::environment::{now_ms, random_bits};

pub(crate) async fn handle(
    broker: &Broker,
    caller: Caller<'_>,
    request: JoinGroupRequest,
) -> JoinGroupResponse {
    let failed = |code: ErrorCode| JoinGroupResponse { error_code: code.0, ..JoinGroupResponse::default() };
    let Ok(random) = random_bits() else { return failed(ErrorCode::UNKNOWN_SERVER_ERROR) };
    let member = Member { version: caller.version, client_id: caller.client_id, client_host: caller.host };
    let answer =
        broker.groups.wait(|groups, token| groups.join(&request, member, token, random, now_ms())).await;
    match answer {
        Some(Answer::Join(response)) => response,
        Some(Answer::Sync(_)) | None => failed(ErrorCode::COORDINATOR_NOT_AVAILABLE),
    }
}
