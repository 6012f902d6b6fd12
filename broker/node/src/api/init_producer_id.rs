//! InitProducerId (22), versions 0 to 5.

use strait_broker_core::acl::{Operation, ResourceType};
use strait_broker_core::transactions::{InitProducer, ProducerIdentity};
use strait_wire::error_code::ErrorCode;
use strait_wire::message::init_producer_id::{InitProducerIdRequest, InitProducerIdResponse};

use crate::call::Call;

/// First version whose clients know `PRODUCER_FENCED`.
const FENCED: i16 = 4;

pub(crate) async fn handle(call: &Call, request: InitProducerIdRequest) -> InitProducerIdResponse {
    let identity = match &request.transactional_id {
        None if !may_write_idempotently(call) => Err(ErrorCode::CLUSTER_AUTHORIZATION_FAILED),
        None => new_id(call).map(|producer_id| ProducerIdentity { producer_id, producer_epoch: 0 }),
        Some(id) => transactional(call, id, &request),
    };
    match identity {
        Ok(ProducerIdentity { producer_id, producer_epoch }) => {
            InitProducerIdResponse { producer_id, producer_epoch, ..Default::default() }
        }
        Err(error) => {
            let is_new = error == ErrorCode::PRODUCER_FENCED && call.version < FENCED;
            let error = if is_new { ErrorCode::INVALID_PRODUCER_EPOCH } else { error };
            let (error_code, producer_epoch) = (error.0, -1);
            InitProducerIdResponse { error_code, producer_epoch, ..Default::default() }
        }
    }
}

/// Who may write to any topic at all may do so idempotently (KIP-679).
fn may_write_idempotently(call: &Call) -> bool {
    call.may_on_cluster(Operation::IdempotentWrite) || call.may_on_any(Operation::Write, ResourceType::Topic)
}

/// Whether the client may use a transactional id.
pub(super) fn may_write_in_transaction(call: &Call, transactional_id: &str) -> Result<(), ErrorCode> {
    match call.may(Operation::Write, ResourceType::TransactionalId, transactional_id) {
        true => Ok(()),
        false => Err(ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED),
    }
}

/// A producer id that nobody had before.
pub(super) fn new_id(call: &Call) -> Result<i64, ErrorCode> {
    call.node.next_producer_id().map_err(|error| {
        tracing::warn!(%error, "no producer id");
        ErrorCode::COORDINATOR_NOT_AVAILABLE
    })
}

fn transactional(
    call: &Call,
    transactional_id: &str,
    request: &InitProducerIdRequest,
) -> Result<ProducerIdentity, ErrorCode> {
    may_write_in_transaction(call, transactional_id)?;
    let (producer_id, producer_epoch) = (request.producer_id, request.producer_epoch);
    let init = InitProducer {
        transactional_id,
        timeout_ms: request.transaction_timeout_ms,
        current: ProducerIdentity { producer_id, producer_epoch },
    };
    let shard = call.node.transactions.shard(transactional_id)?;
    shard.change(&call.node, |transactions, now_ms| {
        transactions.init_producer(init, now_ms, &mut || new_id(call))
    })?
}
