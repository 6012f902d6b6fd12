//! DescribeLogDirs (API key 35), versions 1 to 5, flexible from 2.
//!
//! - 3: an error for the whole answer
//! - 4: size of the volume (KIP-827)
//! - 5: folders that take no new partitions (KIP-1066)

use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 35, versions = "1-5", flexible = "2+", response = DescribeLogDirsResponse)]
pub struct DescribeLogDirsRequest {
    #[field(versions = "0+", nullable = "0+")]
    pub topics: Option<Vec<DescribableLogDirTopic>>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct DescribableLogDirTopic {
    #[field(versions = "0+")]
    pub topic: String,
    #[field(versions = "0+")]
    pub partitions: Vec<i32>,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 35, versions = "1-5", flexible = "2+")]
pub struct DescribeLogDirsResponse {
    #[field(versions = "0+")]
    pub throttle_time_ms: i32,
    #[field(versions = "3+", ignorable)]
    pub error_code: i16,
    #[field(versions = "0+")]
    pub results: Vec<DescribeLogDirsResult>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct DescribeLogDirsResult {
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "0+")]
    pub log_dir: String,
    #[field(versions = "0+")]
    pub topics: Vec<DescribeLogDirsTopic>,
    #[field(versions = "4+", default = "-1", ignorable)]
    pub total_bytes: i64,
    #[field(versions = "4+", default = "-1", ignorable)]
    pub usable_bytes: i64,
    #[field(versions = "5+", ignorable)]
    pub is_cordoned: bool,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct DescribeLogDirsTopic {
    #[field(versions = "0+")]
    pub name: String,
    #[field(versions = "0+")]
    pub partitions: Vec<DescribeLogDirsPartition>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct DescribeLogDirsPartition {
    #[field(versions = "0+")]
    pub partition_index: i32,
    #[field(versions = "0+")]
    pub partition_size: i64,
    #[field(versions = "0+")]
    pub offset_lag: i64,
    #[field(versions = "0+")]
    pub is_future_key: bool,
}
