//! ListOffsets (API key 2), versions 1 to 11, flexible from 6.
//!
//! - 2: isolation level
//! - 4: the leader epoch as a fence (KIP-320)
//! - 7: offset of the largest timestamp, -3 (KIP-734)
//! - 8: start of the local log, -4 (KIP-405)
//! - 9: last tiered offset, -5 (KIP-1005)
//! - 11: first offset not uploaded yet, -6 (KIP-1023)

use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 2, versions = "1-11", flexible = "6+", response = ListOffsetsResponse)]
pub struct ListOffsetsRequest {
    #[field(versions = "0+")]
    pub replica_id: i32,
    #[field(versions = "2+")]
    pub isolation_level: i8,
    #[field(versions = "0+")]
    pub topics: Vec<ListOffsetsTopic>,
    #[field(versions = "10+", ignorable)]
    pub timeout_ms: i32,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct ListOffsetsTopic {
    #[field(versions = "0+")]
    pub name: String,
    #[field(versions = "0+")]
    pub partitions: Vec<ListOffsetsPartition>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct ListOffsetsPartition {
    #[field(versions = "0+")]
    pub partition_index: i32,
    #[field(versions = "4+", default = "-1", ignorable)]
    pub current_leader_epoch: i32,
    #[field(versions = "0+")]
    pub timestamp: i64,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 2, versions = "1-11", flexible = "6+")]
pub struct ListOffsetsResponse {
    #[field(versions = "2+", ignorable)]
    pub throttle_time_ms: i32,
    #[field(versions = "0+")]
    pub topics: Vec<ListOffsetsTopicResponse>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct ListOffsetsTopicResponse {
    #[field(versions = "0+")]
    pub name: String,
    #[field(versions = "0+")]
    pub partitions: Vec<ListOffsetsPartitionResponse>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct ListOffsetsPartitionResponse {
    #[field(versions = "0+")]
    pub partition_index: i32,
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "1+", default = "-1")]
    pub timestamp: i64,
    #[field(versions = "1+", default = "-1")]
    pub offset: i64,
    #[field(versions = "4+", default = "-1")]
    pub leader_epoch: i32,
}
