//! AlterPartitionReassignments (API key 45), versions 0 to 1, flexible from 0.
//!
//! - 1: whether the number of replicas may change (KIP-860)

use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 45, versions = "0-1", flexible = "0+", response = AlterPartitionReassignmentsResponse)]
pub struct AlterPartitionReassignmentsRequest {
    #[field(versions = "0+", default = "60000")]
    pub timeout_ms: i32,
    #[field(versions = "1+", default = "true")]
    pub allow_replication_factor_change: bool,
    #[field(versions = "0+")]
    pub topics: Vec<ReassignableTopic>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct ReassignableTopic {
    #[field(versions = "0+")]
    pub name: String,
    #[field(versions = "0+")]
    pub partitions: Vec<ReassignablePartition>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct ReassignablePartition {
    #[field(versions = "0+")]
    pub partition_index: i32,
    #[field(versions = "0+", nullable = "0+", default = "null")]
    pub replicas: Option<Vec<i32>>,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 45, versions = "0-1", flexible = "0+")]
pub struct AlterPartitionReassignmentsResponse {
    #[field(versions = "0+")]
    pub throttle_time_ms: i32,
    #[field(versions = "1+", default = "true", ignorable)]
    pub allow_replication_factor_change: bool,
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "0+", nullable = "0+")]
    pub error_message: Option<String>,
    #[field(versions = "0+")]
    pub responses: Vec<ReassignableTopicResponse>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct ReassignableTopicResponse {
    #[field(versions = "0+")]
    pub name: String,
    #[field(versions = "0+")]
    pub partitions: Vec<ReassignablePartitionResponse>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct ReassignablePartitionResponse {
    #[field(versions = "0+")]
    pub partition_index: i32,
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "0+", nullable = "0+")]
    pub error_message: Option<String>,
}
