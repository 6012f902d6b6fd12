//! DeleteTopics (API key 20), versions 1 to 6, flexible from 4.
//!
//! - 5: error messages
//! - 6: topics by id (KIP-516)

use strait_wire_derive::Message;

use crate::ids::Uuid;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 20, versions = "1-6", flexible = "4+", response = DeleteTopicsResponse)]
pub struct DeleteTopicsRequest {
    #[field(versions = "6+")]
    pub topics: Vec<DeleteTopicState>,
    #[field(versions = "0-5", ignorable)]
    pub topic_names: Vec<String>,
    #[field(versions = "0+")]
    pub timeout_ms: i32,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct DeleteTopicState {
    #[field(versions = "6+", nullable = "6+", default = "null")]
    pub name: Option<String>,
    #[field(versions = "6+")]
    pub topic_id: Uuid,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 20, versions = "1-6", flexible = "4+")]
pub struct DeleteTopicsResponse {
    #[field(versions = "1+", ignorable)]
    pub throttle_time_ms: i32,
    #[field(versions = "0+")]
    pub responses: Vec<DeletableTopicResult>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct DeletableTopicResult {
    #[field(versions = "0+", nullable = "6+")]
    pub name: Option<String>,
    #[field(versions = "6+", ignorable)]
    pub topic_id: Uuid,
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "5+", nullable = "5+", default = "null", ignorable)]
    pub error_message: Option<String>,
}
