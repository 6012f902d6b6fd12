//! ListPartitionReassignments (API key 46), version 0, flexible from 0.

use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 46, versions = "0", flexible = "0+", response = ListPartitionReassignmentsResponse)]
pub struct ListPartitionReassignmentsRequest {
    #[field(versions = "0+", default = "60000")]
    pub timeout_ms: i32,
    #[field(versions = "0+", nullable = "0+", default = "null")]
    pub topics: Option<Vec<ListPartitionReassignmentsTopics>>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct ListPartitionReassignmentsTopics {
    #[field(versions = "0+")]
    pub name: String,
    #[field(versions = "0+")]
    pub partition_indexes: Vec<i32>,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 46, versions = "0", flexible = "0+")]
pub struct ListPartitionReassignmentsResponse {
    #[field(versions = "0+")]
    pub throttle_time_ms: i32,
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "0+", nullable = "0+")]
    pub error_message: Option<String>,
    #[field(versions = "0+")]
    pub topics: Vec<OngoingTopicReassignment>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct OngoingTopicReassignment {
    #[field(versions = "0+")]
    pub name: String,
    #[field(versions = "0+")]
    pub partitions: Vec<OngoingPartitionReassignment>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct OngoingPartitionReassignment {
    #[field(versions = "0+")]
    pub partition_index: i32,
    #[field(versions = "0+")]
    pub replicas: Vec<i32>,
    #[field(versions = "0+")]
    pub adding_replicas: Vec<i32>,
    #[field(versions = "0+")]
    pub removing_replicas: Vec<i32>,
}
