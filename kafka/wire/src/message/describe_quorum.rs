//! DescribeQuorum (API key 55), versions 0 to 2, flexible from 0.
//!
//! - 1: times of fetches (KIP-836)
//! - 2: messages, nodes, directories (KIP-853)

pub use response::DescribeQuorumResponse;
use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 55, versions = "0-2", flexible = "0+", response = DescribeQuorumResponse)]
pub struct DescribeQuorumRequest {
    #[field(versions = "0+")]
    pub topics: Vec<TopicData>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct TopicData {
    #[field(versions = "0+")]
    pub topic_name: String,
    #[field(versions = "0+")]
    pub partitions: Vec<PartitionData>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct PartitionData {
    #[field(versions = "0+")]
    pub partition_index: i32,
}

/// The response, whose structures have names of the request's.
pub mod response {
    use strait_wire_derive::Message;

    use crate::ids::Uuid;

    #[derive(Clone, Debug, PartialEq, Message)]
    #[message(key = 55, versions = "0-2", flexible = "0+")]
    pub struct DescribeQuorumResponse {
        #[field(versions = "0+")]
        pub error_code: i16,
        #[field(versions = "2+", nullable = "2+", ignorable)]
        pub error_message: Option<String>,
        #[field(versions = "0+")]
        pub topics: Vec<TopicData>,
        #[field(versions = "2+")]
        pub nodes: Vec<Node>,
    }

    #[derive(Clone, Debug, PartialEq, Message)]
    pub struct PartitionData {
        #[field(versions = "0+")]
        pub partition_index: i32,
        #[field(versions = "0+")]
        pub error_code: i16,
        #[field(versions = "2+", nullable = "2+", ignorable)]
        pub error_message: Option<String>,
        #[field(versions = "0+")]
        pub leader_id: i32,
        #[field(versions = "0+")]
        pub leader_epoch: i32,
        #[field(versions = "0+")]
        pub high_watermark: i64,
        #[field(versions = "0+")]
        pub current_voters: Vec<ReplicaState>,
        #[field(versions = "0+")]
        pub observers: Vec<ReplicaState>,
    }

    #[derive(Clone, Debug, PartialEq, Message)]
    pub struct Node {
        #[field(versions = "2+")]
        pub node_id: i32,
        #[field(versions = "2+")]
        pub listeners: Vec<Listener>,
    }

    #[derive(Clone, Debug, PartialEq, Message)]
    pub struct Listener {
        #[field(versions = "2+")]
        pub name: String,
        #[field(versions = "2+")]
        pub host: String,
        #[field(versions = "2+")]
        pub port: u16,
    }

    #[derive(Clone, Debug, PartialEq, Message)]
    pub struct ReplicaState {
        #[field(versions = "0+")]
        pub replica_id: i32,
        #[field(versions = "2+")]
        pub replica_directory_id: Uuid,
        #[field(versions = "0+")]
        pub log_end_offset: i64,
        #[field(versions = "1+", default = "-1", ignorable)]
        pub last_fetch_timestamp: i64,
        #[field(versions = "1+", default = "-1", ignorable)]
        pub last_caught_up_timestamp: i64,
    }

    #[derive(Clone, Debug, PartialEq, Message)]
    pub struct TopicData {
        #[field(versions = "0+")]
        pub topic_name: String,
        #[field(versions = "0+")]
        pub partitions: Vec<PartitionData>,
    }
}
