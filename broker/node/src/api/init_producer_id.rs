//! InitProducerId (22), versions 0 to 5.

use strait_wire::error_code::ErrorCode;
use strait_wire::message::init_producer_id::{InitProducerIdRequest, InitProducerIdResponse};

use crate::call::Call;

pub(crate) async fn handle(call: &Call, request: InitProducerIdRequest) -> InitProducerIdResponse {
    if request.transactional_id.is_some() {
        return refused(ErrorCode::COORDINATOR_NOT_AVAILABLE);
    }
    match call.node.next_producer_id() {
        Ok(producer_id) => InitProducerIdResponse { producer_id, producer_epoch: 0, ..Default::default() },
        Err(error) => {
            tracing::warn!(%error, "no producer id");
            refused(ErrorCode::COORDINATOR_NOT_AVAILABLE)
        }
    }
}

fn refused(error: ErrorCode) -> InitProducerIdResponse {
    let (error_code, producer_epoch) = (error.0, -1);
    InitProducerIdResponse { error_code, producer_epoch, ..Default::default() }
}
