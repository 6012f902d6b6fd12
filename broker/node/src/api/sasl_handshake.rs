//! SaslHandshake (17), versions 0 to 1, where no authentication can begin: none is wanted, or it came too early after
//! the last one. Authentication itself is in `connection`.

use strait_wire::error_code::ErrorCode;
use strait_wire::message::sasl_handshake::{SaslHandshakeRequest, SaslHandshakeResponse};

use crate::call::Call;

pub(crate) async fn handle(_call: &Call, _request: SaslHandshakeRequest) -> SaslHandshakeResponse {
    SaslHandshakeResponse { error_code: ErrorCode::ILLEGAL_SASL_STATE.0, ..Default::default() }
}
