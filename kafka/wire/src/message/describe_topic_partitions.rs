//! DescribeTopicPartitions (API key 75), version 0, flexible from 0 (KIP-966).

use strait_wire_derive::Message;

use crate::ids::Uuid;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 75, versions = "0", flexible = "0+", response = DescribeTopicPartitionsResponse)]
pub struct DescribeTopicPartitionsRequest {
    #[field(versions = "0+")]
    pub topics: Vec<TopicRequest>,
    #[field(versions = "0+", default = "2000")]
    pub response_partition_limit: i32,
    #[field(versions = "0+", nullable = "0+", default = "null")]
    pub cursor: Option<Cursor>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct TopicRequest {
    #[field(versions = "0+")]
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct Cursor {
    #[field(versions = "0+")]
    pub topic_name: String,
    #[field(versions = "0+")]
    pub partition_index: i32,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 75, versions = "0", flexible = "0+")]
pub struct DescribeTopicPartitionsResponse {
    #[field(versions = "0+", ignorable)]
    pub throttle_time_ms: i32,
    #[field(versions = "0+")]
    pub topics: Vec<DescribeTopicPartitionsResponseTopic>,
    #[field(versions = "0+", nullable = "0+", default = "null")]
    pub next_cursor: Option<Cursor>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct DescribeTopicPartitionsResponseTopic {
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "0+", nullable = "0+")]
    pub name: Option<String>,
    #[field(versions = "0+", ignorable)]
    pub topic_id: Uuid,
    #[field(versions = "0+", ignorable)]
    pub is_internal: bool,
    #[field(versions = "0+")]
    pub partitions: Vec<DescribeTopicPartitionsResponsePartition>,
    #[field(versions = "0+", default = "-2147483648")]
    pub topic_authorized_operations: i32,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct DescribeTopicPartitionsResponsePartition {
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "0+")]
    pub partition_index: i32,
    #[field(versions = "0+")]
    pub leader_id: i32,
    #[field(versions = "0+", default = "-1", ignorable)]
    pub leader_epoch: i32,
    #[field(versions = "0+")]
    pub replica_nodes: Vec<i32>,
    #[field(versions = "0+")]
    pub isr_nodes: Vec<i32>,
    #[field(versions = "0+", nullable = "0+", default = "null")]
    pub eligible_leader_replicas: Option<Vec<i32>>,
    #[field(versions = "0+", nullable = "0+", default = "null")]
    pub last_known_elr: Option<Vec<i32>>,
    #[field(versions = "0+", ignorable)]
    pub offline_replicas: Vec<i32>,
}
