//! ConsumerGroupDescribe (API key 69), versions 0 to 1, flexible from 0.
//!
//! - 1: the type of each member (KIP-1099)

use strait_wire_derive::Message;

use crate::ids::Uuid;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 69, versions = "0-1", flexible = "0+", response = ConsumerGroupDescribeResponse)]
pub struct ConsumerGroupDescribeRequest {
    #[field(versions = "0+")]
    pub group_ids: Vec<String>,
    #[field(versions = "0+")]
    pub include_authorized_operations: bool,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 69, versions = "0-1", flexible = "0+")]
pub struct ConsumerGroupDescribeResponse {
    #[field(versions = "0+")]
    pub throttle_time_ms: i32,
    #[field(versions = "0+")]
    pub groups: Vec<DescribedGroup>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct DescribedGroup {
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "0+", nullable = "0+", default = "null")]
    pub error_message: Option<String>,
    #[field(versions = "0+")]
    pub group_id: String,
    #[field(versions = "0+")]
    pub group_state: String,
    #[field(versions = "0+")]
    pub group_epoch: i32,
    #[field(versions = "0+")]
    pub assignment_epoch: i32,
    #[field(versions = "0+")]
    pub assignor_name: String,
    #[field(versions = "0+")]
    pub members: Vec<Member>,
    #[field(versions = "0+", default = "-2147483648")]
    pub authorized_operations: i32,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct Member {
    #[field(versions = "0+")]
    pub member_id: String,
    #[field(versions = "0+", nullable = "0+", default = "null")]
    pub instance_id: Option<String>,
    #[field(versions = "0+", nullable = "0+", default = "null")]
    pub rack_id: Option<String>,
    #[field(versions = "0+")]
    pub member_epoch: i32,
    #[field(versions = "0+")]
    pub client_id: String,
    #[field(versions = "0+")]
    pub client_host: String,
    #[field(versions = "0+")]
    pub subscribed_topic_names: Vec<String>,
    #[field(versions = "0+", nullable = "0+", default = "null")]
    pub subscribed_topic_regex: Option<String>,
    #[field(versions = "0+")]
    pub assignment: Assignment,
    #[field(versions = "0+")]
    pub target_assignment: Assignment,
    #[field(versions = "1+", default = "-1", ignorable)]
    pub member_type: i8,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct TopicPartitions {
    #[field(versions = "0+")]
    pub topic_id: Uuid,
    #[field(versions = "0+")]
    pub topic_name: String,
    #[field(versions = "0+")]
    pub partitions: Vec<i32>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct Assignment {
    #[field(versions = "0+")]
    pub topic_partitions: Vec<TopicPartitions>,
}
