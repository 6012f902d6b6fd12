//! `OffsetCommitKey` and `OffsetCommitValue`: what a group committed for a partition.

use strait_wire::ids::Uuid;
use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 1, versions = "0", flexible = "none")]
pub struct OffsetCommitKey {
    #[field(versions = "0")]
    pub group: String,
    #[field(versions = "0")]
    pub topic: String,
    #[field(versions = "0")]
    pub partition: i32,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 1, versions = "0-4", flexible = "4+")]
pub struct OffsetCommitValue {
    #[field(versions = "0+")]
    pub offset: i64,
    #[field(versions = "3+", default = "-1", ignorable)]
    pub leader_epoch: i32,
    #[field(versions = "0+")]
    pub metadata: String,
    #[field(versions = "0+")]
    pub commit_timestamp: i64,
    #[field(versions = "1", default = "-1", ignorable)]
    pub expire_timestamp: i64,
    #[field(versions = "4+", tag = 0, tagged = "4+", ignorable)]
    pub topic_id: Uuid,
}

/// What Kafka before 0.9 wrote; read, never written.
#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 0, versions = "0", flexible = "none")]
pub struct LegacyOffsetCommitValue {
    #[field(versions = "0")]
    pub offset: i64,
    #[field(versions = "0")]
    pub metadata: String,
    #[field(versions = "0")]
    pub commit_timestamp: i64,
}
