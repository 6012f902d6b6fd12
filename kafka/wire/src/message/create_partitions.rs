//! CreatePartitions (API key 37), versions 0 to 3, flexible from 2.

use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 37, versions = "0-3", flexible = "2+", response = CreatePartitionsResponse)]
pub struct CreatePartitionsRequest {
    #[field(versions = "0+")]
    pub topics: Vec<CreatePartitionsTopic>,
    #[field(versions = "0+")]
    pub timeout_ms: i32,
    #[field(versions = "0+")]
    pub validate_only: bool,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct CreatePartitionsTopic {
    #[field(versions = "0+")]
    pub name: String,
    #[field(versions = "0+")]
    pub count: i32,
    #[field(versions = "0+", nullable = "0+")]
    pub assignments: Option<Vec<CreatePartitionsAssignment>>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct CreatePartitionsAssignment {
    #[field(versions = "0+")]
    pub broker_ids: Vec<i32>,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 37, versions = "0-3", flexible = "2+")]
pub struct CreatePartitionsResponse {
    #[field(versions = "0+")]
    pub throttle_time_ms: i32,
    #[field(versions = "0+")]
    pub results: Vec<CreatePartitionsTopicResult>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct CreatePartitionsTopicResult {
    #[field(versions = "0+")]
    pub name: String,
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "0+", nullable = "0+", default = "null")]
    pub error_message: Option<String>,
}
