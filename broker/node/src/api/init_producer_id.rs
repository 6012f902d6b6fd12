//! InitProducerId: a producer id for an idempotent producer. Transactions are not served yet.

use strait_wire::error_code::ErrorCode;
use strait_wire::message::init_producer_id::{InitProducerIdRequest, InitProducerIdResponse};
use tracing::error;

use crate::broker::Broker;
use crate::dispatch::Caller;

pub(crate) async fn handle(
    broker: &Broker,
    _: Caller<'_>,
    request: InitProducerIdRequest,
) -> InitProducerIdResponse {
    let refused = |code: ErrorCode| InitProducerIdResponse {
        error_code: code.0,
        producer_epoch: -1,
        ..InitProducerIdResponse::default()
    };
    match request.transactional_id.as_deref() {
        None => {}
        Some("") => return refused(ErrorCode::INVALID_REQUEST),
        Some(_) => return refused(ErrorCode::COORDINATOR_NOT_AVAILABLE),
    }
    match broker.catalog().next_producer_id() {
        Ok(producer_id) => InitProducerIdResponse { producer_id, ..InitProducerIdResponse::default() },
        Err(refusal) => {
            error!(error = %refusal, "no producer id can be given out");
            refused(refusal.code)
        }
    }
}
