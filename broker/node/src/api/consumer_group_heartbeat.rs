//! ConsumerGroupHeartbeat (68), versions 0 to 1.

use strait_broker_core::acl::{Operation, ResourceType};
use strait_broker_core::group::{Caller, ConsumerHeartbeat};
use strait_wire::batch::Stamp;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::consumer_group_heartbeat::{
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse,
};

use super::check_consumer_protocol;
use crate::call::Call;
use crate::random;

pub(crate) async fn handle(
    call: &Call,
    request: ConsumerGroupHeartbeatRequest,
) -> ConsumerGroupHeartbeatResponse {
    heartbeat(call, &request)
        .unwrap_or_else(|error| ConsumerGroupHeartbeatResponse { error_code: error.0, ..Default::default() })
}

fn heartbeat(
    call: &Call,
    request: &ConsumerGroupHeartbeatRequest,
) -> Result<ConsumerGroupHeartbeatResponse, ErrorCode> {
    check_consumer_protocol(call)?;
    if !call.may(Operation::Read, ResourceType::Group, &request.group_id) {
        return Err(ErrorCode::GROUP_AUTHORIZATION_FAILED);
    }
    let may_describe = |topic: &str| call.may(Operation::Describe, ResourceType::Topic, topic);
    let mut named = request.subscribed_topic_names.iter().flatten();
    if !named.all(|topic| may_describe(topic)) {
        return Err(ErrorCode::TOPIC_AUTHORIZATION_FAILED);
    }
    let shard = call.node.groups.shard(&request.group_id)?;
    let new_member_id = random::uuid().map_err(|_| ErrorCode::UNKNOWN_SERVER_ERROR)?;
    let host = format!("/{}", call.session.peer.ip());
    let caller = Caller { version: call.version, client_id: &call.client_id, client_host: &host };
    let heartbeat = ConsumerHeartbeat { request, caller, new_member_id, may_describe: &may_describe };
    let cluster = call.node.groups.cluster();
    shard.perform(Stamp::NONE, |groups, now_ms| groups.consumer_heartbeat(heartbeat, cluster, now_ms))
}
