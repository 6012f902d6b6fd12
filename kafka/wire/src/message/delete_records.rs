//! DeleteRecords (API key 21), versions 0 to 2, flexible from 2.

use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 21, versions = "0-2", flexible = "2+", response = DeleteRecordsResponse)]
pub struct DeleteRecordsRequest {
    #[field(versions = "0+")]
    pub topics: Vec<DeleteRecordsTopic>,
    #[field(versions = "0+")]
    pub timeout_ms: i32,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct DeleteRecordsTopic {
    #[field(versions = "0+")]
    pub name: String,
    #[field(versions = "0+")]
    pub partitions: Vec<DeleteRecordsPartition>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct DeleteRecordsPartition {
    #[field(versions = "0+")]
    pub partition_index: i32,
    #[field(versions = "0+")]
    pub offset: i64,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 21, versions = "0-2", flexible = "2+")]
pub struct DeleteRecordsResponse {
    #[field(versions = "0+")]
    pub throttle_time_ms: i32,
    #[field(versions = "0+")]
    pub topics: Vec<DeleteRecordsTopicResult>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct DeleteRecordsTopicResult {
    #[field(versions = "0+")]
    pub name: String,
    #[field(versions = "0+")]
    pub partitions: Vec<DeleteRecordsPartitionResult>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct DeleteRecordsPartitionResult {
    #[field(versions = "0+")]
    pub partition_index: i32,
    #[field(versions = "0+")]
    pub low_watermark: i64,
    #[field(versions = "0+")]
    pub error_code: i16,
}
