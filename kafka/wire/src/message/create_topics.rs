//! CreateTopics (API key 19), versions 2 to 7, flexible from 5.
//!
//! - 4: -1 asks for the default number of partitions and replicas (KIP-464)
//! - 5: the configuration in the answer (KIP-525)
//! - 7: the topic id in the answer (KIP-516)

use strait_wire_derive::Message;

use crate::ids::Uuid;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 19, versions = "2-7", flexible = "5+", response = CreateTopicsResponse)]
pub struct CreateTopicsRequest {
    #[field(versions = "0+")]
    pub topics: Vec<CreatableTopic>,
    #[field(versions = "0+", default = "60000")]
    pub timeout_ms: i32,
    #[field(versions = "1+")]
    pub validate_only: bool,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct CreatableTopic {
    #[field(versions = "0+")]
    pub name: String,
    #[field(versions = "0+")]
    pub num_partitions: i32,
    #[field(versions = "0+")]
    pub replication_factor: i16,
    #[field(versions = "0+")]
    pub assignments: Vec<CreatableReplicaAssignment>,
    #[field(versions = "0+")]
    pub configs: Vec<CreatableTopicConfig>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct CreatableReplicaAssignment {
    #[field(versions = "0+")]
    pub partition_index: i32,
    #[field(versions = "0+")]
    pub broker_ids: Vec<i32>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct CreatableTopicConfig {
    #[field(versions = "0+")]
    pub name: String,
    #[field(versions = "0+", nullable = "0+")]
    pub value: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 19, versions = "2-7", flexible = "5+")]
pub struct CreateTopicsResponse {
    #[field(versions = "2+", ignorable)]
    pub throttle_time_ms: i32,
    #[field(versions = "0+")]
    pub topics: Vec<CreatableTopicResult>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct CreatableTopicResult {
    #[field(versions = "0+")]
    pub name: String,
    #[field(versions = "7+", ignorable)]
    pub topic_id: Uuid,
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "1+", nullable = "0+", ignorable)]
    pub error_message: Option<String>,
    #[field(versions = "5+", tag = 0, tagged = "5+", ignorable)]
    pub topic_config_error_code: i16,
    #[field(versions = "5+", default = "-1", ignorable)]
    pub num_partitions: i32,
    #[field(versions = "5+", default = "-1", ignorable)]
    pub replication_factor: i16,
    #[field(versions = "5+", nullable = "5+", ignorable)]
    pub configs: Option<Vec<CreatableTopicConfigs>>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct CreatableTopicConfigs {
    #[field(versions = "5+")]
    pub name: String,
    #[field(versions = "5+", nullable = "5+")]
    pub value: Option<String>,
    #[field(versions = "5+")]
    pub read_only: bool,
    #[field(versions = "5+", default = "-1", ignorable)]
    pub config_source: i8,
    #[field(versions = "5+")]
    pub is_sensitive: bool,
}
