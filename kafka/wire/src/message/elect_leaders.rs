//! ElectLeaders (API key 43), versions 0 to 2, flexible from 2.
//!
//! - 1: kinds of elections, an error for the whole request (KIP-460)

use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 43, versions = "0-2", flexible = "2+", response = ElectLeadersResponse)]
pub struct ElectLeadersRequest {
    #[field(versions = "1+")]
    pub election_type: i8,
    #[field(versions = "0+", nullable = "0+")]
    pub topic_partitions: Option<Vec<TopicPartitions>>,
    #[field(versions = "0+", default = "60000")]
    pub timeout_ms: i32,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct TopicPartitions {
    #[field(versions = "0+")]
    pub topic: String,
    #[field(versions = "0+")]
    pub partitions: Vec<i32>,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 43, versions = "0-2", flexible = "2+")]
pub struct ElectLeadersResponse {
    #[field(versions = "0+")]
    pub throttle_time_ms: i32,
    #[field(versions = "1+")]
    pub error_code: i16,
    #[field(versions = "0+")]
    pub replica_election_results: Vec<ReplicaElectionResult>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct ReplicaElectionResult {
    #[field(versions = "0+")]
    pub topic: String,
    #[field(versions = "0+")]
    pub partition_result: Vec<PartitionResult>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct PartitionResult {
    #[field(versions = "0+")]
    pub partition_id: i32,
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "0+", nullable = "0+")]
    pub error_message: Option<String>,
}
