//! SaslAuthenticate (API key 36), versions 0 to 2, flexible from 2.
//!
//! - 1: the lifetime of the session (KIP-368)

use bytes::Bytes;

use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 36, versions = "0-2", flexible = "2+", response = SaslAuthenticateResponse)]
pub struct SaslAuthenticateRequest {
    #[field(versions = "0+")]
    pub auth_bytes: Bytes,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 36, versions = "0-2", flexible = "2+")]
pub struct SaslAuthenticateResponse {
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "0+", nullable = "0+")]
    pub error_message: Option<String>,
    #[field(versions = "0+")]
    pub auth_bytes: Bytes,
    #[field(versions = "1+", ignorable)]
    pub session_lifetime_ms: i64,
}
