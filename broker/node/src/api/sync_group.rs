//! SyncGroup.

use strait_broker_core::group::Answer;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::sync_group::{SyncGroupRequest, SyncGroupResponse};

use crate::broker::Broker;
use crate::dispatch::Caller;
use crate::environment::now_ms;

pub(crate) async fn handle(
    broker: &Broker,
    caller: Caller<'_>,
    request: SyncGroupRequest,
) -> SyncGroupResponse {
    let answer =
        broker.groups.wait(|groups, token| groups.sync(&request, caller.version, token, now_ms())).await;
    match answer {
        Some(Answer::Sync(response)) => response,
        Some(Answer::Join(_)) | None => SyncGroupResponse {
            error_code: ErrorCode::COORDINATOR_NOT_AVAILABLE.0,
            ..SyncGroupResponse::default()
        },
    }
}
