//! Produce (API key 0), versions 3 to 13, flexible from 9.
//!
//! - 7: zstd (KIP-110)
//! - 8: errors of single records (KIP-467)
//! - 10: the new leader in the answer (KIP-951)
//! - 12: adds partitions to a transaction by itself (KIP-890)
//! - 13: topics by id (KIP-516)

use strait_wire_derive::Message;

use crate::ids::Uuid;
use crate::record_data::RecordData;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 0, versions = "3-13", flexible = "9+", response = ProduceResponse)]
pub struct ProduceRequest {
    #[field(versions = "3+", nullable = "3+", default = "null")]
    pub transactional_id: Option<String>,
    #[field(versions = "0+")]
    pub acks: i16,
    #[field(versions = "0+")]
    pub timeout_ms: i32,
    #[field(versions = "0+")]
    pub topic_data: Vec<TopicProduceData>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct TopicProduceData {
    #[field(versions = "0-12", ignorable)]
    pub name: String,
    #[field(versions = "13+", ignorable)]
    pub topic_id: Uuid,
    #[field(versions = "0+")]
    pub partition_data: Vec<PartitionProduceData>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct PartitionProduceData {
    #[field(versions = "0+")]
    pub index: i32,
    #[field(versions = "0+", nullable = "0+")]
    pub records: Option<RecordData>,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 0, versions = "3-13", flexible = "9+")]
pub struct ProduceResponse {
    #[field(versions = "0+")]
    pub responses: Vec<TopicProduceResponse>,
    #[field(versions = "1+", ignorable)]
    pub throttle_time_ms: i32,
    #[field(versions = "10+", tag = 0, tagged = "10+")]
    pub node_endpoints: Vec<NodeEndpoint>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct TopicProduceResponse {
    #[field(versions = "0-12", ignorable)]
    pub name: String,
    #[field(versions = "13+", ignorable)]
    pub topic_id: Uuid,
    #[field(versions = "0+")]
    pub partition_responses: Vec<PartitionProduceResponse>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct PartitionProduceResponse {
    #[field(versions = "0+")]
    pub index: i32,
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "0+")]
    pub base_offset: i64,
    #[field(versions = "2+", default = "-1", ignorable)]
    pub log_append_time_ms: i64,
    #[field(versions = "5+", default = "-1", ignorable)]
    pub log_start_offset: i64,
    #[field(versions = "8+", ignorable)]
    pub record_errors: Vec<BatchIndexAndErrorMessage>,
    #[field(versions = "8+", nullable = "8+", default = "null", ignorable)]
    pub error_message: Option<String>,
    #[field(versions = "10+", tag = 0, tagged = "10+")]
    pub current_leader: LeaderIdAndEpoch,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct BatchIndexAndErrorMessage {
    #[field(versions = "8+")]
    pub batch_index: i32,
    #[field(versions = "8+", nullable = "8+", default = "null")]
    pub batch_index_error_message: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct LeaderIdAndEpoch {
    #[field(versions = "10+", default = "-1")]
    pub leader_id: i32,
    #[field(versions = "10+", default = "-1")]
    pub leader_epoch: i32,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct NodeEndpoint {
    #[field(versions = "10+")]
    pub node_id: i32,
    #[field(versions = "10+")]
    pub host: String,
    #[field(versions = "10+")]
    pub port: i32,
    #[field(versions = "10+", nullable = "10+", default = "null")]
    pub rack: Option<String>,
}
