//! SaslHandshake (API key 17), versions 0 to 1, never flexible.

use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 17, versions = "0-1", flexible = "none", response = SaslHandshakeResponse)]
pub struct SaslHandshakeRequest {
    #[field(versions = "0+")]
    pub mechanism: String,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 17, versions = "0-1", flexible = "none")]
pub struct SaslHandshakeResponse {
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "0+")]
    pub mechanisms: Vec<String>,
}
