//! What a shard asks its caller to do.

use std::collections::BTreeSet;

use super::transaction::TransactionVersion;
use crate::internal_record::TransactionRecord;
use crate::topic_partition::TopicPartition;

/// Markers to write into partitions (WriteTxnMarkers). Each that was written, or whose partition is gone, is reported
/// by [`super::Transactions::markers_written`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Markers {
    pub transactional_id: String,
    pub producer_id: i64,
    pub producer_epoch: i16,
    pub coordinator_epoch: i32,
    pub is_commit: bool,
    pub version: TransactionVersion,
    pub partitions: BTreeSet<TopicPartition>,
}

/// Records to append, then markers to write.
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct Effects {
    pub records: Vec<TransactionRecord>,
    pub markers: Vec<Markers>,
}

/// An answer, to be sent when the records of the effects are replicated.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Outcome<T> {
    pub response: T,
    pub effects: Effects,
}

impl<T> Outcome<T> {
    pub(super) fn only(response: T) -> Self {
        Self { response, effects: Effects::default() }
    }
}
