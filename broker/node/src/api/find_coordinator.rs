//! FindCoordinator: this broker, for all groups.

use strait_wire::error_code::ErrorCode;
use strait_wire::message::find_coordinator::{Coordinator, FindCoordinatorRequest, FindCoordinatorResponse};

use crate::broker::Broker;
use crate::dispatch::Caller;
use crate::folder::NODE_ID;

/// From this version on several keys are asked for (KIP-699).
const BATCHED_SINCE: i16 = 4;
const GROUP: i8 = 0;

pub(crate) async fn handle(
    broker: &Broker,
    caller: Caller<'_>,
    request: FindCoordinatorRequest,
) -> FindCoordinatorResponse {
    let find = |key: String| found(broker, request.key_type, key);
    if caller.version >= BATCHED_SINCE {
        let coordinators = request.coordinator_keys.into_iter().map(find).collect();
        return FindCoordinatorResponse { coordinators, ..FindCoordinatorResponse::default() };
    }
    let found = find(request.key);
    FindCoordinatorResponse {
        error_code: found.error_code,
        error_message: found.error_message,
        node_id: found.node_id,
        host: found.host,
        port: found.port,
        ..FindCoordinatorResponse::default()
    }
}

fn found(broker: &Broker, key_type: i8, key: String) -> Coordinator {
    if key_type != GROUP {
        return Coordinator {
            key,
            node_id: -1,
            port: -1,
            error_code: ErrorCode::COORDINATOR_NOT_AVAILABLE.0,
            error_message: Some("transactions are not served yet".to_owned()),
            ..Coordinator::default()
        };
    }
    Coordinator {
        key,
        node_id: NODE_ID,
        host: broker.endpoint.host.clone(),
        port: i32::from(broker.endpoint.port),
        error_message: Some(String::new()),
        ..Coordinator::default()
    }
}
