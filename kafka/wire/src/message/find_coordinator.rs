//! FindCoordinator (API key 10), versions 0 to 6, flexible from 3.
//!
//! - 1: coordinators of transactions
//! - 4: several keys (KIP-699)
//! - 6: share groups (KIP-932)

use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 10, versions = "0-6", flexible = "3+", response = FindCoordinatorResponse)]
pub struct FindCoordinatorRequest {
    #[field(versions = "0-3")]
    pub key: String,
    #[field(versions = "1+")]
    pub key_type: i8,
    #[field(versions = "4+")]
    pub coordinator_keys: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 10, versions = "0-6", flexible = "3+")]
pub struct FindCoordinatorResponse {
    #[field(versions = "1+", ignorable)]
    pub throttle_time_ms: i32,
    #[field(versions = "0-3")]
    pub error_code: i16,
    #[field(versions = "1-3", nullable = "1-3", ignorable)]
    pub error_message: Option<String>,
    #[field(versions = "0-3")]
    pub node_id: i32,
    #[field(versions = "0-3")]
    pub host: String,
    #[field(versions = "0-3")]
    pub port: i32,
    #[field(versions = "4+")]
    pub coordinators: Vec<Coordinator>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct Coordinator {
    #[field(versions = "4+")]
    pub key: String,
    #[field(versions = "4+")]
    pub node_id: i32,
    #[field(versions = "4+")]
    pub host: String,
    #[field(versions = "4+")]
    pub port: i32,
    #[field(versions = "4+")]
    pub error_code: i16,
    #[field(versions = "4+", nullable = "4+", ignorable)]
    pub error_message: Option<String>,
}
