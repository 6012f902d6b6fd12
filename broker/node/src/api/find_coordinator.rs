//! FindCoordinator (10), versions 0 to 6: this broker coordinates everything but share groups, which it does not have.

use strait_broker_core::acl::{Operation, ResourceType};
use strait_wire::error_code::ErrorCode;
use strait_wire::message::find_coordinator::{Coordinator, FindCoordinatorRequest, FindCoordinatorResponse};

use crate::call::Call;
use crate::node::blocking;

const GROUP: i8 = 0;
const TRANSACTION: i8 = 1;
/// First version with several keys.
const BATCHED: i16 = 4;

pub(crate) async fn handle(call: &Call, request: FindCoordinatorRequest) -> FindCoordinatorResponse {
    let keys = if call.version < BATCHED { vec![request.key] } else { request.coordinator_keys };
    let mut coordinators: Vec<Coordinator> =
        keys.into_iter().map(|key| coordinator(call, request.key_type, key)).collect();
    if call.version >= BATCHED {
        return FindCoordinatorResponse { coordinators, ..Default::default() };
    }
    let Some(only) = coordinators.pop() else { return FindCoordinatorResponse::default() };
    FindCoordinatorResponse {
        error_code: only.error_code,
        error_message: only.error_message,
        node_id: only.node_id,
        host: only.host,
        port: only.port,
        ..Default::default()
    }
}

/// The first question for a group makes the topic of groups.
fn started(call: &Call) -> ErrorCode {
    if !call.node.groups.shards().is_empty() {
        return ErrorCode::NONE;
    }
    let started = blocking(|| call.node.groups.ensure_started(&call.node.controller));
    started.err().unwrap_or(ErrorCode::NONE)
}

/// The first question for a transactional id makes the topic of transactions.
fn transactions_started(call: &Call) -> ErrorCode {
    if !call.node.transactions.shards().is_empty() {
        return ErrorCode::NONE;
    }
    blocking(|| call.node.transactions.ensure_started(&call.node)).err().unwrap_or(ErrorCode::NONE)
}

fn coordinator(call: &Call, key_type: i8, key: String) -> Coordinator {
    let error = match key_type {
        GROUP if !call.may(Operation::Describe, ResourceType::Group, &key) => {
            ErrorCode::GROUP_AUTHORIZATION_FAILED
        }
        GROUP => started(call),
        TRANSACTION if !call.may(Operation::Describe, ResourceType::TransactionalId, &key) => {
            ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED
        }
        TRANSACTION if key.is_empty() => ErrorCode::INVALID_REQUEST,
        TRANSACTION => transactions_started(call),
        _ => ErrorCode::INVALID_REQUEST,
    };
    if error != ErrorCode::NONE {
        return Coordinator { key, error_code: error.0, node_id: -1, port: -1, ..Default::default() };
    }
    let (host, port) = (call.session.endpoint.host.clone(), call.session.endpoint.port.into());
    Coordinator { key, node_id: call.node.id, host, port, error_code: 0, error_message: None }
}
