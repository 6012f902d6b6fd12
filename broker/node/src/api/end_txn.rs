//! EndTxn (26), versions 0 to 5. The answer comes when the markers are written.

use strait_broker_core::transactions::{EndedTransaction, ProducerIdentity, TransactionVersion};
use strait_wire::error_code::ErrorCode;
use strait_wire::message::end_txn::{EndTxnRequest, EndTxnResponse};

use super::init_producer_id::{may_write_in_transaction, new_id};
use crate::call::Call;

/// First version whose clients know `PRODUCER_FENCED`.
const FENCED: i16 = 2;
/// First version of clients whose epoch grows with each transaction (KIP-890).
const RAISES_EPOCH: i16 = 5;

pub(crate) async fn handle(call: &Call, request: EndTxnRequest) -> EndTxnResponse {
    match end(call, &request) {
        Ok(next) if call.version >= RAISES_EPOCH => EndTxnResponse {
            producer_id: next.producer_id,
            producer_epoch: next.producer_epoch,
            ..Default::default()
        },
        Ok(_) => EndTxnResponse::default(),
        Err(error) => {
            let is_new = error == ErrorCode::PRODUCER_FENCED && call.version < FENCED;
            let error = if is_new { ErrorCode::INVALID_PRODUCER_EPOCH } else { error };
            EndTxnResponse { error_code: error.0, ..Default::default() }
        }
    }
}

fn end(call: &Call, request: &EndTxnRequest) -> Result<ProducerIdentity, ErrorCode> {
    may_write_in_transaction(call, &request.transactional_id)?;
    let (producer_id, producer_epoch) = (request.producer_id, request.producer_epoch);
    let end = EndedTransaction {
        transactional_id: &request.transactional_id,
        producer: ProducerIdentity { producer_id, producer_epoch },
        is_commit: request.committed,
        version: match call.version {
            RAISES_EPOCH.. => TransactionVersion::V2,
            _ => TransactionVersion::V0,
        },
    };
    let shard = call.node.transactions.shard(&request.transactional_id)?;
    shard.change(&call.node, |transactions, now_ms| transactions.end(end, now_ms, &mut || new_id(call)))?
}
