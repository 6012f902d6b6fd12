//! EndTxn, and the markers after it.
//!
//! The decision is answered when it is written; markers follow. With version 2 each end raises the epoch, so that an
//! end which comes late can't be taken for that of the next transaction (KIP-890).

use std::collections::BTreeSet;

use strait_wire::error_code::ErrorCode;

use super::coordinator::Transactions;
use super::effects::{Effects, Markers, Outcome};
use super::init::ProducerIdentity;
use super::transaction::{NONE, State, Transaction, TransactionVersion};
use crate::topic_partition::TopicPartition;

/// What EndTxn asks.
#[derive(Clone, Copy, Debug)]
pub struct EndedTransaction<'a> {
    pub transactional_id: &'a str,
    pub producer: ProducerIdentity,
    pub is_commit: bool,
    /// V2 from version 5 of EndTxn on.
    pub version: TransactionVersion,
}

/// What follows from an EndTxn.
enum Decision {
    /// It was done before.
    Done,
    Prepare,
}

impl Transactions {
    /// Ends a transaction. The identity in the answer is that of the next one, for clients of version 2.
    pub fn end(
        &mut self,
        end: EndedTransaction<'_>,
        now_ms: i64,
        new_producer_id: &mut dyn FnMut() -> Result<i64, ErrorCode>,
    ) -> Outcome<Result<ProducerIdentity, ErrorCode>> {
        let mut effects = Effects::default();
        let response = self.end_with(end, now_ms, new_producer_id, &mut effects);
        Outcome { response, effects }
    }

    fn end_with(
        &mut self,
        end: EndedTransaction<'_>,
        now_ms: i64,
        new_producer_id: &mut dyn FnMut() -> Result<i64, ErrorCode>,
        effects: &mut Effects,
    ) -> Result<ProducerIdentity, ErrorCode> {
        if end.transactional_id.is_empty() {
            return Err(ErrorCode::INVALID_REQUEST);
        }
        let known = self.by_id.get_mut(end.transactional_id);
        let transaction = known.ok_or(ErrorCode::INVALID_PRODUCER_ID_MAPPING)?;
        let decision = if end.version.raises_epoch() {
            transaction.decide_raising(&end)?
        } else {
            transaction.decide(&end)?
        };
        if matches!(decision, Decision::Prepare) {
            if end.version.raises_epoch() && transaction.is_epoch_used_up() {
                transaction.next_producer_id = new_producer_id()?;
            }
            transaction.prepare(end.is_commit, end.version, now_ms);
        }
        let identity = transaction.next_identity();
        if matches!(decision, Decision::Prepare) {
            self.record(end.transactional_id, effects);
            self.write_markers(end.transactional_id, now_ms, effects);
        }
        Ok(identity)
    }

    /// Aborts the ongoing transaction of a producer that is being replaced or that took too long, under an epoch that
    /// fences it. The server's own version counts, whatever the client's was.
    pub(super) fn fence(&mut self, transactional_id: &str, now_ms: i64, effects: &mut Effects) {
        if let Some(transaction) = self.by_id.get_mut(transactional_id) {
            transaction.prepare(false, TransactionVersion::V2, now_ms);
            self.record(transactional_id, effects);
            self.write_markers(transactional_id, now_ms, effects);
        }
    }

    /// Asks for the markers of a decided transaction; without partitions it is complete.
    pub(super) fn write_markers(&mut self, transactional_id: &str, now_ms: i64, effects: &mut Effects) {
        let Some(transaction) = self.by_id.get_mut(transactional_id) else { return };
        if transaction.partitions.is_empty() {
            transaction.complete(now_ms);
            return self.record(transactional_id, effects);
        }
        effects.markers.push(Markers {
            transactional_id: transactional_id.to_owned(),
            producer_id: transaction.producer_id,
            producer_epoch: transaction.producer_epoch,
            coordinator_epoch: self.coordinator_epoch,
            is_commit: transaction.state == State::PrepareCommit,
            version: transaction.version,
            partitions: transaction.partitions.clone(),
        });
    }

    /// Markers were written, or need not be since their partitions are gone. With the last the transaction is
    /// complete. Reports about another producer or epoch change nothing.
    pub fn markers_written(
        &mut self,
        transactional_id: &str,
        producer: ProducerIdentity,
        partitions: &BTreeSet<TopicPartition>,
        now_ms: i64,
    ) -> Effects {
        let mut effects = Effects::default();
        let known = self.by_id.get_mut(transactional_id).filter(|transaction| {
            transaction.state.is_prepared()
                && transaction.producer_id == producer.producer_id
                && transaction.producer_epoch == producer.producer_epoch
        });
        let Some(transaction) = known else { return effects };
        transaction.partitions.retain(|partition| !partitions.contains(partition));
        if transaction.partitions.is_empty() {
            transaction.complete(now_ms);
            self.record(transactional_id, &mut effects);
        }
        effects
    }
}

impl Transaction {
    /// The rules of `endTransactionWithTV1`.
    fn decide(&self, end: &EndedTransaction<'_>) -> Result<Decision, ErrorCode> {
        if self.producer_id != end.producer.producer_id {
            return Err(ErrorCode::INVALID_PRODUCER_ID_MAPPING);
        }
        if self.producer_epoch != end.producer.producer_epoch {
            return Err(ErrorCode::PRODUCER_FENCED);
        }
        match (self.state, end.is_commit) {
            (State::Ongoing, _) => Ok(Decision::Prepare),
            (State::CompleteCommit, true) | (State::CompleteAbort, false) => Ok(Decision::Done),
            (State::PrepareCommit, true) | (State::PrepareAbort, false) => {
                Err(ErrorCode::CONCURRENT_TRANSACTIONS)
            }
            (State::CompleteCommit | State::PrepareCommit, false)
            | (State::CompleteAbort | State::PrepareAbort, true)
            | (State::Empty, _) => Err(ErrorCode::INVALID_TXN_STATE),
        }
    }

    /// The rules of `endTransaction` for version 2: the epoch tells a repeated end from the next.
    fn decide_raising(&self, end: &EndedTransaction<'_>) -> Result<Decision, ErrorCode> {
        let ProducerIdentity { producer_id, producer_epoch } = end.producer;
        let is_overflown = self.previous_producer_id == producer_id
            && producer_epoch == i16::MAX - 1
            && self.producer_epoch == 0;
        let is_raised = producer_epoch.checked_add(1) == Some(self.producer_epoch);
        if self.producer_id != producer_id && !is_overflown {
            return Err(ErrorCode::INVALID_PRODUCER_ID_MAPPING);
        }
        let is_current = producer_epoch == self.producer_epoch;
        let is_valid = match self.state {
            State::Ongoing | State::Empty => is_current,
            State::PrepareCommit | State::PrepareAbort => is_raised,
            State::CompleteCommit | State::CompleteAbort => is_raised || is_overflown || is_current,
        };
        if !is_valid {
            return Err(ErrorCode::PRODUCER_FENCED);
        }
        let is_repeated = is_raised || is_overflown;
        match (self.state, end.is_commit, is_repeated) {
            (State::Ongoing, ..) => Ok(Decision::Prepare),
            // An abort of nothing still raises the epoch.
            (State::Empty, false, _) => Ok(Decision::Prepare),
            (State::CompleteCommit | State::CompleteAbort, false, false) => Ok(Decision::Prepare),
            (State::CompleteCommit, true, true) | (State::CompleteAbort, false, true) => Ok(Decision::Done),
            (State::PrepareCommit, true, _) | (State::PrepareAbort, false, _) => {
                Err(ErrorCode::CONCURRENT_TRANSACTIONS)
            }
            (State::Empty, true, _)
            | (State::CompleteCommit, true, false)
            | (State::CompleteCommit, false, true)
            | (State::CompleteAbort, true, _)
            | (State::PrepareCommit, false, _)
            | (State::PrepareAbort, true, _) => Err(ErrorCode::INVALID_TXN_STATE),
        }
    }

    fn prepare(&mut self, is_commit: bool, version: TransactionVersion, now_ms: i64) {
        if self.state != State::Ongoing {
            self.started_ms = now_ms;
        }
        self.state = if is_commit { State::PrepareCommit } else { State::PrepareAbort };
        self.version = version;
        self.updated_ms = now_ms;
        if version.raises_epoch() {
            self.last_epoch = self.producer_epoch;
            self.producer_epoch = self.producer_epoch.saturating_add(1);
        }
    }

    /// The identity under which the producer goes on.
    fn next_identity(&self) -> ProducerIdentity {
        match self.next_producer_id {
            NONE => ProducerIdentity { producer_id: self.producer_id, producer_epoch: self.producer_epoch },
            producer_id => ProducerIdentity { producer_id, producer_epoch: 0 },
        }
    }

    fn complete(&mut self, now_ms: i64) {
        let ProducerIdentity { producer_id, producer_epoch } = self.next_identity();
        if self.version.raises_epoch() {
            self.previous_producer_id = self.producer_id;
            self.producer_id = producer_id;
            self.producer_epoch = producer_epoch;
        }
        self.next_producer_id = NONE;
        self.partitions.clear();
        self.updated_ms = now_ms;
        self.state = match self.state {
            State::PrepareCommit => State::CompleteCommit,
            _ => State::CompleteAbort,
        };
    }
}
