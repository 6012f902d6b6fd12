//! JoinGroup (11), versions 0 to 9.

use strait_broker_core::acl::{Operation, ResourceType};
use strait_broker_core::group::{Answer, Caller};
use strait_wire::error_code::ErrorCode;
use strait_wire::message::join_group::{JoinGroupRequest, JoinGroupResponse};

use crate::call::Call;
use crate::random;

/// First version whose protocol may be null.
const NULL_PROTOCOL: i16 = 7;

pub(crate) async fn handle(call: &Call, request: JoinGroupRequest) -> JoinGroupResponse {
    let member_id = request.member_id.clone();
    let mut response = join(call, request).await.unwrap_or_else(|error| JoinGroupResponse {
        error_code: error.0,
        generation_id: -1,
        member_id,
        ..Default::default()
    });
    if call.version < NULL_PROTOCOL {
        response.protocol_name.get_or_insert_default();
    }
    response
}

async fn join(call: &Call, request: JoinGroupRequest) -> Result<JoinGroupResponse, ErrorCode> {
    if !call.may(Operation::Read, ResourceType::Group, &request.group_id) {
        return Err(ErrorCode::GROUP_AUTHORIZATION_FAILED);
    }
    let shard = call.node.groups.shard(&request.group_id)?;
    let random = random::number().map_err(|_| ErrorCode::UNKNOWN_SERVER_ERROR)?;
    let host = format!("/{}", call.session.peer.ip());
    let caller = Caller { version: call.version, client_id: &call.client_id, client_host: &host };
    let answer = shard.ask(|groups, token, now_ms| groups.join(&request, caller, token, random, now_ms))?;
    let answer = tokio::select! {
        biased;
        answer = answer => answer.ok(),
        // The member looks for the group elsewhere.
        () = call.node.stopped() => None,
    };
    match answer {
        Some(Answer::Join(response)) => Ok(response),
        Some(Answer::Sync(_)) | None => Err(ErrorCode::NOT_COORDINATOR),
    }
}
