//! What a snapshot file keeps of a producer: only its newest batch (`ProducerSnapshot`).

use super::entry::{AppendedBatch, ProducerEntry};
use super::sequence::sequence_before;

/// The fields of Kafka's `ProducerSnapshot` of version 1, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotEntry {
    pub producer_id: i64,
    pub epoch: i16,
    /// -1 when no batch is known.
    pub last_sequence: i32,
    /// -1 when no batch is known.
    pub last_offset: i64,
    /// Offsets from the newest batch's first to its last.
    pub offset_delta: i32,
    /// Milliseconds.
    pub timestamp: i64,
    /// -1 when there was no marker.
    pub coordinator_epoch: i32,
    /// -1 when no transaction is open.
    pub transaction_first_offset: i64,
}

impl SnapshotEntry {
    pub(super) fn of(producer_id: i64, entry: &ProducerEntry) -> Self {
        let newest = entry.batches.back();
        Self {
            producer_id,
            epoch: entry.epoch,
            last_sequence: entry.last_sequence(),
            last_offset: newest.map_or(-1, |batch| batch.last_offset),
            offset_delta: newest.map_or(0, |batch| (batch.last_offset - batch.first_offset) as i32),
            timestamp: entry.last_timestamp,
            coordinator_epoch: entry.coordinator_epoch,
            transaction_first_offset: entry.open_since.unwrap_or(-1),
        }
    }

    pub(super) fn entry(&self) -> ProducerEntry {
        let newest = AppendedBatch {
            first_sequence: sequence_before(self.last_sequence, self.offset_delta),
            last_sequence: self.last_sequence,
            first_offset: self.last_offset.saturating_sub(self.offset_delta.into()),
            last_offset: self.last_offset,
            timestamp: self.timestamp,
        };
        ProducerEntry {
            epoch: self.epoch,
            coordinator_epoch: self.coordinator_epoch,
            last_timestamp: self.timestamp,
            open_since: Some(self.transaction_first_offset).filter(|offset| *offset >= 0),
            batches: Some(newest).filter(|batch| batch.last_offset >= 0).into_iter().collect(),
        }
    }
}
