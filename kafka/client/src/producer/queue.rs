//! The batches of one partition, oldest first, and when the first of them may go.

use std::collections::VecDeque;

use strait_wire::batch::Compression;

use super::accumulator::{Limits, Moment, Numbering};
use super::batch::Batch;
use super::record::ProducerRecord;
use super::sequences::Sequences;

/// A partition's batches that are not out, and the sequences of those that are.
#[derive(Debug)]
pub(crate) struct Queue<W> {
    batches: VecDeque<Batch<W>>,
    next_record: u64,
    /// Requests with a batch of this partition.
    pub(crate) out: usize,
    pub(crate) sequences: Sequences,
    /// A new epoch is due because of this partition.
    pub(crate) wants_restart: bool,
}

impl<W> Default for Queue<W> {
    fn default() -> Self {
        let (batches, sequences) = (VecDeque::new(), Sequences::default());
        Self { batches, next_record: 0, out: 0, sequences, wants_restart: false }
    }
}

impl<W> Queue<W> {
    pub(crate) fn len(&self) -> usize {
        self.batches.len()
    }

    /// Whether the last batch takes a record of this size. A batch that is closed, was sent or is empty takes none.
    pub(crate) fn has_room(&self, record_size: usize, batch_size: usize) -> bool {
        self.batches.back().is_some_and(|batch| {
            batch.is_open() && batch.attempts == 0 && batch.size() + record_size <= batch_size
        })
    }

    pub(crate) fn begin(&mut self, id: u64, compression: Compression, now_ms: i64, timestamp_ms: i64) {
        self.batches.push_back(Batch::new(self.next_record, id, compression, now_ms, timestamp_ms));
    }

    pub(crate) fn push(&mut self, record: &ProducerRecord, timestamp_ms: i64, waiter: W) {
        if let Some(batch) = self.batches.back_mut() {
            batch.push(record, timestamp_ms, waiter);
            self.next_record = batch.next();
        }
    }

    pub(crate) fn front_size(&self) -> usize {
        self.batches.front().map_or(0, Batch::size)
    }

    /// The first batch need not wait for more records. One record alone waits, however large it is
    /// (`MemoryRecordsBuilder.isFull`, whose limit is above the size of the first record).
    pub(crate) fn is_full(&self, batch_size: usize) -> bool {
        let is_full = |batch: &Batch<W>| batch.count() > 1 && batch.size() >= batch_size;
        self.batches.len() > 1 || self.batches.front().is_some_and(|batch| !batch.is_open() || is_full(batch))
    }

    /// For how long the first batch is held back: 0 when it may go as far as its age is concerned; `None` when
    /// there is none. One that failed at an older leader does not wait.
    pub(crate) fn waits_ms(&self, leader_epoch: i32, moment: &Moment<'_>, limits: &Limits) -> Option<i64> {
        let batch = self.batches.front()?;
        if batch.attempts > 0 && leader_epoch > batch.leader_epoch {
            return Some(0);
        }
        let waited_ms = moment.now_ms.saturating_sub(batch.last_attempt_ms).max(0);
        if batch.attempts > 0 {
            return Some(limits.backoff.after(batch.attempts).saturating_sub(waited_ms).max(0));
        }
        match moment.hurry.0 || self.is_full(limits.batch_size) {
            true => Some(0),
            false => Some(limits.linger_ms.saturating_sub(waited_ms).max(0)),
        }
    }

    /// Whether the first batch may go to a leader of this epoch.
    pub(crate) fn may_go(
        &self,
        topic: &str,
        partition: i32,
        leader_epoch: i32,
        moment: &Moment<'_>,
        limits: &Limits,
    ) -> bool {
        let Some(batch) = self.batches.front() else { return false };
        let is_due = self.waits_ms(leader_epoch, moment, limits) == Some(0);
        let is_admitted = moment.admitted.is_none_or(|admitted| admitted(topic, partition));
        let is_alone = !limits.one_in_flight || self.out == 0;
        is_due && is_admitted && is_alone && self.is_in_order(batch, moment.numbering)
    }

    fn is_in_order(&self, batch: &Batch<W>, numbering: Numbering) -> bool {
        match numbering {
            Numbering::None => true,
            Numbering::Awaited => false,
            Numbering::As(_) if self.wants_restart => false,
            Numbering::As(_) if self.sequences.is_assigned(batch.first) => {
                self.sequences.admits_again(batch.first)
            }
            Numbering::As(identity) => self.sequences.admits_new(identity),
        }
    }

    /// Takes the first batch to be sent.
    pub(crate) fn take(&mut self, leader_epoch: i32, moment: &Moment<'_>) -> Option<Batch<W>> {
        let mut batch = self.batches.pop_front()?;
        if let Numbering::As(identity) = moment.numbering
            && !self.sequences.is_assigned(batch.first)
        {
            self.sequences.assign(batch.first, batch.count(), identity);
        }
        batch.attempts = batch.attempts.saturating_add(1);
        batch.last_attempt_ms = moment.now_ms;
        batch.leader_epoch = leader_epoch;
        self.out += 1;
        Some(batch)
    }

    /// A request with a batch of this partition is over.
    pub(crate) fn on_returned(&mut self) {
        self.out = self.out.saturating_sub(1);
    }

    /// Puts a batch that was out back to its place.
    pub(crate) fn put_back(&mut self, batch: Batch<W>) {
        let place = self.batches.partition_point(|waiting| waiting.first < batch.first);
        self.batches.insert(place, batch);
    }

    /// Takes the first batch out when it is too old.
    pub(crate) fn expire(&mut self, now_ms: i64, timeout_ms: i64) -> Option<Batch<W>> {
        let batch = self.batches.front()?;
        let is_over = now_ms.saturating_sub(batch.created_ms) >= timeout_ms;
        if is_over { self.batches.pop_front() } else { None }
    }

    pub(crate) fn oldest_ms(&self) -> Option<i64> {
        self.batches.front().map(|batch| batch.created_ms)
    }

    /// Takes out everything that waits. The sequences of what was sent before are lost.
    pub(crate) fn abort(&mut self) -> Vec<Batch<W>> {
        let aborted: Vec<Batch<W>> = self.batches.drain(..).collect();
        aborted.iter().for_each(|batch| self.sequences.on_failed(batch.first));
        aborted
    }

    /// Takes out what was never sent. What was has a sequence, which the broker may wait for: it is sent again.
    pub(crate) fn abort_unsent(&mut self) -> Vec<Batch<W>> {
        let batches = std::mem::take(&mut self.batches).into_iter();
        let (sent, unsent): (VecDeque<_>, VecDeque<_>) =
            batches.partition(|batch| self.sequences.is_assigned(batch.first));
        self.batches = sent;
        unsent.into()
    }
}
