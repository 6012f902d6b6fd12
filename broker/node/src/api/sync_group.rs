//! SyncGroup (14), versions 0 to 5.

use strait_broker_core::acl::{Operation, ResourceType};
use strait_broker_core::group::Answer;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::sync_group::{SyncGroupRequest, SyncGroupResponse};

use crate::call::Call;

pub(crate) async fn handle(call: &Call, request: SyncGroupRequest) -> SyncGroupResponse {
    match sync(call, request).await {
        Ok(response) => response,
        Err(error) => SyncGroupResponse { error_code: error.0, ..Default::default() },
    }
}

async fn sync(call: &Call, request: SyncGroupRequest) -> Result<SyncGroupResponse, ErrorCode> {
    if !call.may(Operation::Read, ResourceType::Group, &request.group_id) {
        return Err(ErrorCode::GROUP_AUTHORIZATION_FAILED);
    }
    let shard = call.node.groups.shard(&request.group_id)?;
    let answer = shard.ask(|groups, token, now_ms| groups.sync(&request, call.version, token, now_ms))?;
    let answer = tokio::select! {
        biased;
        answer = answer => answer.ok(),
        // The member looks for the group elsewhere.
        () = call.node.stopped() => None,
    };
    match answer {
        Some(Answer::Sync(response)) => Ok(response),
        Some(Answer::Join(_)) | None => Err(ErrorCode::NOT_COORDINATOR),
    }
}
