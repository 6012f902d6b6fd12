//! What is kept of one producer: its epoch, its last five batches, its open transaction (`ProducerStateEntry`).

use std::collections::VecDeque;

use strait_wire::batch::BatchHeader;

use super::sequence::{NO_SEQUENCE, sequence_after};

/// Batches remembered for each producer; a Java producer has at most this many in flight.
pub(super) const BATCHES_KEPT: usize = 5;
/// The epoch of a producer that is not known.
pub(super) const NO_EPOCH: i16 = -1;

/// A batch that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AppendedBatch {
    pub first_sequence: i32,
    pub last_sequence: i32,
    pub first_offset: i64,
    pub last_offset: i64,
    /// The largest timestamp of the batch, in milliseconds.
    pub timestamp: i64,
}

impl AppendedBatch {
    /// A batch whose offsets were assigned.
    pub(super) fn of(header: &BatchHeader) -> Self {
        Self {
            first_sequence: header.base_sequence,
            last_sequence: sequence_after(header.base_sequence, header.last_offset_delta),
            first_offset: header.base_offset,
            last_offset: header.last_offset(),
            timestamp: header.max_timestamp,
        }
    }
}

/// What a partition knows of one producer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProducerEntry {
    pub(super) epoch: i16,
    pub(super) coordinator_epoch: i32,
    pub(super) last_timestamp: i64,
    pub(super) open_since: Option<i64>,
    pub(super) batches: VecDeque<AppendedBatch>,
}

impl ProducerEntry {
    pub(super) fn unknown() -> Self {
        Self {
            epoch: NO_EPOCH,
            coordinator_epoch: -1,
            last_timestamp: -1,
            open_since: None,
            batches: VecDeque::new(),
        }
    }

    /// The epoch of the last batch or marker.
    pub fn epoch(&self) -> i16 {
        self.epoch
    }

    /// The epoch of the coordinator that sent the last marker; -1 when there was none.
    pub fn coordinator_epoch(&self) -> i32 {
        self.coordinator_epoch
    }

    /// The timestamp of the last batch or marker, in milliseconds.
    pub fn last_timestamp(&self) -> i64 {
        self.last_timestamp
    }

    /// The first offset of the transaction that is open here.
    pub fn transaction_first_offset(&self) -> Option<i64> {
        self.open_since
    }

    /// The last batches, oldest first.
    pub fn batches(&self) -> impl ExactSizeIterator<Item = &AppendedBatch> {
        self.batches.iter()
    }

    /// The sequence of the last record in this epoch; -1 when none is known.
    pub fn last_sequence(&self) -> i32 {
        self.batches.back().map_or(NO_SEQUENCE, |batch| batch.last_sequence)
    }

    /// The remembered batch with exactly this epoch and range of sequences.
    pub(super) fn duplicate_of(&self, header: &BatchHeader) -> Option<AppendedBatch> {
        let last_sequence = sequence_after(header.base_sequence, header.last_offset_delta);
        let same_epoch = self.epoch == header.producer_epoch;
        self.batches.iter().copied().find(|batch| {
            same_epoch && batch.first_sequence == header.base_sequence && batch.last_sequence == last_sequence
        })
    }

    pub(super) fn add(&mut self, header: &BatchHeader) {
        self.enter_epoch(header.producer_epoch);
        if self.batches.len() == BATCHES_KEPT {
            self.batches.pop_front();
        }
        self.batches.push_back(AppendedBatch::of(header));
        self.last_timestamp = header.max_timestamp;
        if header.attributes.is_transactional() {
            self.open_since.get_or_insert(header.base_offset);
        }
    }

    /// Adds a batch that came right before the newest, behind those that were added so.
    pub(super) fn recall(&mut self, batch: AppendedBatch) {
        let Some(newest) = self.batches.back().filter(|newest| batch.last_offset < newest.first_offset)
        else {
            return;
        };
        let newest = *newest;
        self.batches.pop_back();
        self.batches.push_back(batch);
        if self.batches.len() == BATCHES_KEPT {
            self.batches.pop_front();
        }
        self.batches.push_back(newest);
    }

    /// Notes a marker. Sequences of the same epoch go on behind it.
    pub(super) fn end_transaction(&mut self, epoch: i16, coordinator_epoch: i32, timestamp: i64) {
        self.enter_epoch(epoch);
        self.coordinator_epoch = coordinator_epoch;
        self.last_timestamp = timestamp;
        self.open_since = None;
    }

    fn enter_epoch(&mut self, epoch: i16) {
        if self.epoch != epoch {
            self.batches.clear();
            self.epoch = epoch;
        }
    }
}
