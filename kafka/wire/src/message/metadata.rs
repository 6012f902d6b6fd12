//! Metadata (API key 3), versions 0 to 13, flexible from 9.
//!
//! - 1: null asks for all topics, an empty array for none; in 0 an empty one asks for all
//! - 4: topics need not be created by asking
//! - 7: leader epochs (KIP-320)
//! - 8-10: operations allowed on the cluster
//! - 10: topic ids in the answer (KIP-516)
//! - 12: topics asked for by id
//! - 13: an error for the whole answer (KIP-1102)

use strait_wire_derive::Message;

use crate::ids::Uuid;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 3, versions = "0-13", flexible = "9+", response = MetadataResponse)]
pub struct MetadataRequest {
    #[field(versions = "0+", nullable = "1+")]
    pub topics: Option<Vec<MetadataRequestTopic>>,
    #[field(versions = "4+", default = "true")]
    pub allow_auto_topic_creation: bool,
    #[field(versions = "8-10")]
    pub include_cluster_authorized_operations: bool,
    #[field(versions = "8+")]
    pub include_topic_authorized_operations: bool,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct MetadataRequestTopic {
    #[field(versions = "10+", ignorable)]
    pub topic_id: Uuid,
    #[field(versions = "0+", nullable = "10+")]
    pub name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 3, versions = "0-13", flexible = "9+")]
pub struct MetadataResponse {
    #[field(versions = "3+", ignorable)]
    pub throttle_time_ms: i32,
    #[field(versions = "0+")]
    pub brokers: Vec<MetadataResponseBroker>,
    #[field(versions = "2+", nullable = "2+", default = "null", ignorable)]
    pub cluster_id: Option<String>,
    #[field(versions = "1+", default = "-1", ignorable)]
    pub controller_id: i32,
    #[field(versions = "0+")]
    pub topics: Vec<MetadataResponseTopic>,
    #[field(versions = "8-10", default = "-2147483648")]
    pub cluster_authorized_operations: i32,
    #[field(versions = "13+", ignorable)]
    pub error_code: i16,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct MetadataResponseBroker {
    #[field(versions = "0+")]
    pub node_id: i32,
    #[field(versions = "0+")]
    pub host: String,
    #[field(versions = "0+")]
    pub port: i32,
    #[field(versions = "1+", nullable = "1+", default = "null", ignorable)]
    pub rack: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct MetadataResponseTopic {
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "0+", nullable = "12+")]
    pub name: Option<String>,
    #[field(versions = "10+", ignorable)]
    pub topic_id: Uuid,
    #[field(versions = "1+", ignorable)]
    pub is_internal: bool,
    #[field(versions = "0+")]
    pub partitions: Vec<MetadataResponsePartition>,
    #[field(versions = "8+", default = "-2147483648")]
    pub topic_authorized_operations: i32,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct MetadataResponsePartition {
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "0+")]
    pub partition_index: i32,
    #[field(versions = "0+")]
    pub leader_id: i32,
    #[field(versions = "7+", default = "-1", ignorable)]
    pub leader_epoch: i32,
    #[field(versions = "0+")]
    pub replica_nodes: Vec<i32>,
    #[field(versions = "0+")]
    pub isr_nodes: Vec<i32>,
    #[field(versions = "5+", ignorable)]
    pub offline_replicas: Vec<i32>,
}
