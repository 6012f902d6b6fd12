//! Heartbeat.

use strait_broker_core::group::{Effects, Outcome};
use strait_wire::message::heartbeat::{HeartbeatRequest, HeartbeatResponse};

use crate::broker::Broker;
use crate::dispatch::Caller;
use crate::environment::now_ms;

pub(crate) async fn handle(broker: &Broker, _: Caller<'_>, request: HeartbeatRequest) -> HeartbeatResponse {
    let code = broker.groups.act(|groups| Outcome {
        response: groups.heartbeat(&request, now_ms()),
        effects: Effects::default(),
    });
    let code = code.unwrap_or_else(|code| code);
    HeartbeatResponse { error_code: code.0, ..HeartbeatResponse::default() }
}
