//! Records as they are read, and offsets as they are committed.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use strait_wire::batch::Header;

use crate::leaders::TopicPartition;

/// A record that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerRecord {
    pub topic: Arc<str>,
    pub partition: i32,
    pub offset: i64,
    /// Of the leader that wrote it; `None` where the log does not say.
    pub leader_epoch: Option<i32>,
    /// Milliseconds since 1970; -1 when there is none.
    pub timestamp_ms: i64,
    /// The broker's time, not the producer's.
    pub is_append_time: bool,
    pub key: Option<Bytes>,
    pub value: Option<Bytes>,
    pub headers: Vec<Header>,
}

/// An offset to commit, or that was: the next record to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffsetAndMetadata {
    pub offset: i64,
    /// Of the record before it, where known.
    pub leader_epoch: Option<i32>,
    /// Free text for people.
    pub metadata: String,
}

impl From<i64> for OffsetAndMetadata {
    fn from(offset: i64) -> Self {
        Self { offset, leader_epoch: None, metadata: String::new() }
    }
}

/// Offsets by partition.
pub type Offsets = BTreeMap<TopicPartition, OffsetAndMetadata>;

/// Who commits: what a transaction needs to know of a consumer (KIP-447).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerGroupMetadata {
    pub group_id: String,
    /// -1 outside of a generation.
    pub generation_id: i32,
    pub member_id: String,
    pub group_instance_id: Option<String>,
}
