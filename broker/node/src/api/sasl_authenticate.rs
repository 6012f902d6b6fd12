//! SaslAuthenticate (36), versions 0 to 2, without a handshake before it. Authentication itself is in `connection`.

use strait_wire::error_code::ErrorCode;
use strait_wire::message::sasl_authenticate::{SaslAuthenticateRequest, SaslAuthenticateResponse};

use crate::call::Call;

pub(crate) async fn handle(_call: &Call, _request: SaslAuthenticateRequest) -> SaslAuthenticateResponse {
    let message = "SaslAuthenticate request received after successful authentication";
    SaslAuthenticateResponse {
        error_code: ErrorCode::ILLEGAL_SASL_STATE.0,
        error_message: Some(message.to_owned()),
        ..Default::default()
    }
}
