//! DescribeProducers (API key 61), versions 0 to 0, flexible from 0.

use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 61, versions = "0", flexible = "0+", response = DescribeProducersResponse)]
pub struct DescribeProducersRequest {
    #[field(versions = "0+")]
    pub topics: Vec<TopicRequest>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct TopicRequest {
    #[field(versions = "0+")]
    pub name: String,
    #[field(versions = "0+")]
    pub partition_indexes: Vec<i32>,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 61, versions = "0", flexible = "0+")]
pub struct DescribeProducersResponse {
    #[field(versions = "0+")]
    pub throttle_time_ms: i32,
    #[field(versions = "0+")]
    pub topics: Vec<TopicResponse>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct TopicResponse {
    #[field(versions = "0+")]
    pub name: String,
    #[field(versions = "0+")]
    pub partitions: Vec<PartitionResponse>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct PartitionResponse {
    #[field(versions = "0+")]
    pub partition_index: i32,
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "0+", nullable = "0+", default = "null")]
    pub error_message: Option<String>,
    #[field(versions = "0+")]
    pub active_producers: Vec<ProducerState>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct ProducerState {
    #[field(versions = "0+")]
    pub producer_id: i64,
    #[field(versions = "0+")]
    pub producer_epoch: i32,
    #[field(versions = "0+", default = "-1")]
    pub last_sequence: i32,
    #[field(versions = "0+", default = "-1")]
    pub last_timestamp: i64,
    #[field(versions = "0+")]
    pub coordinator_epoch: i32,
    #[field(versions = "0+", default = "-1")]
    pub current_txn_start_offset: i64,
}
