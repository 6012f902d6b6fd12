//! UnregisterBroker (API key 64), version 0, flexible from 0.

use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 64, versions = "0", flexible = "0+", response = UnregisterBrokerResponse)]
pub struct UnregisterBrokerRequest {
    #[field(versions = "0+")]
    pub broker_id: i32,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 64, versions = "0", flexible = "0+")]
pub struct UnregisterBrokerResponse {
    #[field(versions = "0+")]
    pub throttle_time_ms: i32,
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "0+", nullable = "0+")]
    pub error_message: Option<String>,
}
