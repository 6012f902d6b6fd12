//! OffsetDelete (API key 47), versions 0 to 0, never flexible.

use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 47, versions = "0", flexible = "none", response = OffsetDeleteResponse)]
pub struct OffsetDeleteRequest {
    #[field(versions = "0+")]
    pub group_id: String,
    #[field(versions = "0+")]
    pub topics: Vec<OffsetDeleteRequestTopic>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct OffsetDeleteRequestTopic {
    #[field(versions = "0+")]
    pub name: String,
    #[field(versions = "0+")]
    pub partitions: Vec<OffsetDeleteRequestPartition>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct OffsetDeleteRequestPartition {
    #[field(versions = "0+")]
    pub partition_index: i32,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 47, versions = "0", flexible = "none")]
pub struct OffsetDeleteResponse {
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "0+", ignorable)]
    pub throttle_time_ms: i32,
    #[field(versions = "0+")]
    pub topics: Vec<OffsetDeleteResponseTopic>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct OffsetDeleteResponseTopic {
    #[field(versions = "0+")]
    pub name: String,
    #[field(versions = "0+")]
    pub partitions: Vec<OffsetDeleteResponsePartition>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct OffsetDeleteResponsePartition {
    #[field(versions = "0+")]
    pub partition_index: i32,
    #[field(versions = "0+")]
    pub error_code: i16,
}
