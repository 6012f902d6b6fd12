//! Sequences of one partition's batches, and what becomes of them after a failure (`TxnPartitionMap`, KIP-360).
//! Batches are named by how many records of the partition came before them: that order never changes, sequences may.

use std::collections::BTreeMap;

use strait_wire::batch::Stamp;

use crate::admin::ProducerIdentity;

/// A batch that was sent, or is to be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct InFlight {
    identity: ProducerIdentity,
    sequence: i32,
    count: i32,
    /// It got another sequence than it was first sent with.
    restarted: bool,
}

/// What an idempotent producer knows of one partition.
#[derive(Debug, Default)]
pub(crate) struct Sequences {
    identity: Option<ProducerIdentity>,
    next: i32,
    last_acked: Option<i32>,
    last_acked_offset: Option<i64>,
    in_flight: BTreeMap<u64, InFlight>,
    /// A batch was given up without an answer: the sequence behind it.
    unresolved: Option<i32>,
}

/// Sequences count to the largest number and begin again at 0 (`DefaultRecordBatch.incrementSequence`).
fn advance(sequence: i32, count: i32) -> i32 {
    sequence.wrapping_add(count) & i32::MAX
}

impl Sequences {
    /// A batch that was not sent before may go now.
    pub(crate) fn admits_new(&self, identity: ProducerIdentity) -> bool {
        let stale = self.identity.is_some_and(|known| known != identity);
        self.unresolved.is_none() && (!stale || self.in_flight.is_empty())
    }

    /// A batch that was sent before may go again: when no older one is out.
    pub(crate) fn admits_again(&self, first: u64) -> bool {
        self.in_flight.first_key_value().is_none_or(|(oldest, _)| *oldest == first)
    }

    /// Gives a new batch its place.
    pub(crate) fn assign(&mut self, first: u64, count: i32, identity: ProducerIdentity) {
        if self.identity != Some(identity) && self.in_flight.is_empty() {
            *self = Self {
                identity: Some(identity),
                last_acked_offset: self.last_acked_offset,
                ..Self::default()
            };
        }
        let sequence = self.next;
        self.in_flight.insert(first, InFlight { identity, sequence, count, restarted: false });
        self.next = advance(self.next, count);
    }

    pub(crate) fn is_assigned(&self, first: u64) -> bool {
        self.in_flight.contains_key(&first)
    }

    pub(crate) fn has_in_flight(&self) -> bool {
        !self.in_flight.is_empty()
    }

    pub(crate) fn stamp(&self, first: u64, transactional: bool) -> Option<Stamp> {
        let batch = self.in_flight.get(&first)?;
        Some(Stamp {
            producer_id: batch.identity.producer_id,
            producer_epoch: batch.identity.producer_epoch,
            base_sequence: batch.sequence,
            transactional,
        })
    }

    /// Replaces a batch by two that hold its records.
    pub(crate) fn split(&mut self, first: u64, left_count: i32) {
        let Some(batch) = self.in_flight.remove(&first) else { return };
        let right = InFlight {
            sequence: advance(batch.sequence, left_count),
            count: batch.count - left_count,
            ..batch
        };
        self.in_flight.insert(first, InFlight { count: left_count, ..batch });
        self.in_flight.insert(first + u64::from(left_count.unsigned_abs()), right);
    }

    pub(crate) fn on_acked(&mut self, first: u64, base_offset: Option<i64>) {
        let Some(batch) = self.in_flight.remove(&first) else { return };
        if Some(batch.identity) == self.identity {
            self.last_acked = Some(advance(batch.sequence, batch.count - 1));
        }
        let last_offset = base_offset.map(|base| base.saturating_add(i64::from(batch.count) - 1));
        self.last_acked_offset = self.last_acked_offset.max(last_offset);
    }

    /// The batch comes to nothing, and the broker does not have it.
    pub(crate) fn on_failed(&mut self, first: u64) {
        self.in_flight.remove(&first);
    }

    /// The same, and the batches behind it move up (transactions, whose epoch is not raised for this).
    pub(crate) fn close_gap(&mut self, first: u64) {
        let Some(failed) = self.in_flight.remove(&first) else { return };
        for batch in self.in_flight.range_mut(first..).map(|(_, batch)| batch) {
            batch.sequence = batch.sequence.wrapping_sub(failed.count) & i32::MAX;
            batch.restarted = true;
        }
        self.next = self.next.wrapping_sub(failed.count) & i32::MAX;
    }

    /// The batch is given up, and nobody knows whether the broker has it: nothing new goes before that is known.
    pub(crate) fn on_given_up(&mut self, first: u64) {
        let Some(batch) = self.in_flight.remove(&first) else { return };
        let behind = advance(batch.sequence, batch.count);
        self.unresolved = Some(self.unresolved.map_or(behind, |known| known.max(behind)));
    }

    /// Whether the last word on a batch that was given up can be said: true when there is a gap behind what was
    /// acknowledged, false when there is none; `None` while nothing is unresolved or batches are out.
    pub(crate) fn resolve(&mut self) -> Option<bool> {
        if self.unresolved.is_none() || self.has_in_flight() {
            return None;
        }
        self.unresolved = None;
        Some(!self.is_next(self.next))
    }

    fn is_next(&self, sequence: i32) -> bool {
        sequence == self.last_acked.map_or(0, |last| advance(last, 1))
    }

    /// All batches that are out count from 0 under this identity.
    pub(crate) fn restart(&mut self, identity: ProducerIdentity) {
        self.next = 0;
        for batch in self.in_flight.values_mut() {
            *batch = InFlight { identity, sequence: self.next, count: batch.count, restarted: true };
            self.next = advance(self.next, batch.count);
        }
        self.identity = Some(identity);
        self.last_acked = None;
        self.unresolved = None;
    }

    /// The broker saw a gap before this batch.
    pub(crate) fn on_out_of_order(&self, first: u64, transactional: bool) -> Gap {
        let Some(batch) = self.in_flight.get(&first) else { return Gap::Fails };
        let is_next = self.is_next(batch.sequence);
        match self.unresolved {
            None if batch.restarted || !is_next => Gap::WaitsForOlder,
            _ if transactional => Gap::Fails,
            Some(behind) if behind != batch.sequence => Gap::WaitsForOlder,
            _ => Gap::Restarts,
        }
    }

    /// The broker knows nothing of the producer; its log begins at `log_start_offset`.
    pub(crate) fn on_unknown_producer(&self, first: u64, log_start_offset: i64, transactional: bool) -> Gap {
        let Some(batch) = self.in_flight.get(&first) else { return Gap::Fails };
        let forgotten = self.last_acked_offset.unwrap_or(-1) < log_start_offset;
        match (log_start_offset, batch.restarted) {
            (-1, _) => Gap::Fails,
            (_, true) => Gap::WaitsForOlder,
            _ if forgotten || !transactional => Gap::Restarts,
            _ => Gap::Fails,
        }
    }
}

/// What follows from a gap that a broker saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gap {
    /// An older batch is out: this one is sent again behind it.
    WaitsForOlder,
    /// All batches that are out are sent again from sequence 0: under a new epoch, or in a transaction the same.
    Restarts,
    Fails,
}

#[cfg(test)]
#[path = "sequences_tests.rs"]
mod tests;
