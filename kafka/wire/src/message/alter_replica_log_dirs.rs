//! AlterReplicaLogDirs (API key 34), versions 1 to 2, flexible from 2.

use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 34, versions = "1-2", flexible = "2+", response = AlterReplicaLogDirsResponse)]
pub struct AlterReplicaLogDirsRequest {
    #[field(versions = "0+")]
    pub dirs: Vec<AlterReplicaLogDir>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct AlterReplicaLogDir {
    #[field(versions = "0+")]
    pub path: String,
    #[field(versions = "0+")]
    pub topics: Vec<AlterReplicaLogDirTopic>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct AlterReplicaLogDirTopic {
    #[field(versions = "0+")]
    pub name: String,
    #[field(versions = "0+")]
    pub partitions: Vec<i32>,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 34, versions = "1-2", flexible = "2+")]
pub struct AlterReplicaLogDirsResponse {
    #[field(versions = "0+")]
    pub throttle_time_ms: i32,
    #[field(versions = "0+")]
    pub results: Vec<AlterReplicaLogDirTopicResult>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct AlterReplicaLogDirTopicResult {
    #[field(versions = "0+")]
    pub topic_name: String,
    #[field(versions = "0+")]
    pub partitions: Vec<AlterReplicaLogDirPartitionResult>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct AlterReplicaLogDirPartitionResult {
    #[field(versions = "0+")]
    pub partition_index: i32,
    #[field(versions = "0+")]
    pub error_code: i16,
}
