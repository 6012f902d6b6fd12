//! Answers to batches, commits and aborts.

use strait_wire::error_code::{ErrorClass, ErrorCode};

use super::mapping::placed;
use super::{
    BatchOutcome, Delivery, InFlight, PartitionLane, Phase, Position, Progress, RefusedRecord, Uncommitted,
    data_of,
};
use crate::lane::position::Sequence;
use crate::lane::state::PartitionState;
use crate::offset_map::SealedChunk;

impl PartitionLane {
    /// The answer to the oldest batch in flight. Progress in a transaction is told by its commit.
    pub fn on_outcome(&mut self, outcome: BatchOutcome, now_ms: u64) -> Progress {
        let sent = self.in_flight.pop_front().expect("an outcome belongs to a batch in flight");
        self.in_flight_bytes -= sent.size;
        match (&self.phase, outcome) {
            (Phase::Running, BatchOutcome::Acked { base_offset }) => {
                return self.on_acked(&sent, base_offset);
            }
            (Phase::Running, BatchOutcome::Refused { code }) => self.on_refused(&sent, code, now_ms),
            (Phase::Running, BatchOutcome::Ambiguous) => self.reset(now_ms),
            // The tail will say what became of it.
            (Phase::Recovering { .. } | Phase::Stopped, _) => {}
        }
        Progress::default()
    }

    fn on_acked(&mut self, sent: &InFlight, base_offset: i64) -> Progress {
        self.failures = 0;
        let progress = Progress { records: sent.records, bytes: sent.size };
        let target_offset = base_offset + sent.records;
        if sent.transactional {
            self.uncommitted_runs.extend(placed(&sent.runs, base_offset));
            self.on_acked_in_transaction(sent, target_offset, progress);
            return Progress::default();
        }
        // Without sequences order is kept by one batch in flight.
        if self.settings.delivery == Delivery::Once {
            self.track(sent.origin).proven = true;
            let Position { sequences, .. } = &mut self.position;
            sequences.set(sent.origin, sequences.get(sent.origin).advance(sent.records));
        }
        self.position.source_offset = sent.source_next;
        self.position.leader_epoch = sent.leader_epoch;
        self.position.target_offset = target_offset;
        self.map_acked(&sent.runs, base_offset);
        self.on_moved();
        self.settle_skipped();
        progress
    }

    fn on_acked_in_transaction(&mut self, sent: &InFlight, target_offset: i64, progress: Progress) {
        let before = self.uncommitted.map(|uncommitted| uncommitted.progress).unwrap_or_default();
        self.uncommitted = Some(Uncommitted {
            source_next: sent.source_next,
            leader_epoch: sent.leader_epoch,
            target_offset,
            progress: Progress {
                records: before.records + progress.records,
                bytes: before.bytes + progress.bytes,
            },
        });
    }

    /// Moves the position over skipped ranges at the front, when nothing before them is in flight.
    fn settle_skipped(&mut self) {
        while self.in_flight.is_empty() && self.uncommitted.is_none() {
            match self.queue.pop_front_if(|item| data_of(item).is_none()) {
                Some(item) => self.pass(&item),
                None => return,
            }
        }
    }

    fn on_refused(&mut self, sent: &InFlight, code: ErrorCode, now_ms: u64) {
        if is_about_content(code) {
            self.on_content_refused(sent, code, now_ms);
            return;
        }
        self.reset(now_ms);
        if is_authorization(code) {
            self.state = PartitionState::Unauthorized { code };
        } else if code.class() == ErrorClass::Fatal && !is_about_sequence(code) {
            self.state = PartitionState::Unreachable { detail: format!("the target answers {code}") };
        }
    }

    /// A refused batch is cut in half until the record that the target does not take stands alone.
    fn on_content_refused(&mut self, sent: &InFlight, code: ErrorCode, now_ms: u64) {
        if sent.records > 1 {
            self.cuts.insert(sent.middle);
            self.reset(now_ms);
            self.phase = Phase::Recovering { retry_at_ms: now_ms, reading: false };
            return;
        }
        let (offset, last_offset) = (sent.source_base, sent.source_base);
        self.refused = Some(RefusedRecord { offset, code });
        self.stop(PartitionState::Refused { code, first_offset: offset, last_offset });
    }

    /// The record for which the partition stopped, when the target refused a single one.
    pub fn refused(&self) -> Option<RefusedRecord> {
        self.refused
    }

    /// What the partition stopped for will be left out of what is fetched from now on: it goes on.
    pub fn resume_without_refused(&mut self, now_ms: u64) {
        if matches!(self.state, PartitionState::Refused { .. } | PartitionState::Poisoned { .. }) {
            self.refused = None;
            self.cuts.clear();
            self.resume(now_ms);
        }
    }

    /// The position as it will be when the transaction is committed, and chunks of its map that must be stored before
    /// it; `None` when the transaction has nothing of this partition.
    pub fn uncommitted_position(&mut self) -> Option<(Position, Vec<SealedChunk>)> {
        let position = self.uncommitted_end()?;
        Some(self.with_uncommitted_map(position))
    }

    fn uncommitted_end(&self) -> Option<Position> {
        let uncommitted = self.uncommitted?;
        Some(Position {
            source_offset: uncommitted.source_next,
            leader_epoch: uncommitted.leader_epoch,
            target_offset: uncommitted.target_offset,
            ..self.position.clone()
        })
    }

    /// The transaction is committed, with the position in it.
    pub fn on_committed(&mut self) -> Progress {
        let Some(position) = self.uncommitted_end() else { return Progress::default() };
        self.commit_map();
        self.position = position;
        let progress = self.uncommitted.take().map(|uncommitted| uncommitted.progress);
        self.settle_skipped();
        progress.unwrap_or_default()
    }

    /// The transaction is aborted: its records are copied again.
    pub fn on_aborted(&mut self, now_ms: u64) {
        if self.uncommitted.is_some() || self.in_flight.iter().any(|sent| sent.transactional) {
            self.reset(now_ms);
        }
    }

    /// The transactional producer has a new epoch, in which sequences begin at 0.
    pub fn on_transactional_identity(&mut self) {
        self.transaction_sequence = Sequence::from_offset(0);
    }
}

/// The target will never take this batch as it is.
fn is_about_content(code: ErrorCode) -> bool {
    [
        ErrorCode::CORRUPT_MESSAGE,
        ErrorCode::MESSAGE_TOO_LARGE,
        ErrorCode::RECORD_LIST_TOO_LARGE,
        ErrorCode::INVALID_TIMESTAMP,
        ErrorCode::INVALID_RECORD,
        ErrorCode::UNSUPPORTED_COMPRESSION_TYPE,
        ErrorCode::UNSUPPORTED_FOR_MESSAGE_FORMAT,
    ]
    .contains(&code)
}

fn is_about_sequence(code: ErrorCode) -> bool {
    [
        ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER,
        ErrorCode::DUPLICATE_SEQUENCE_NUMBER,
        ErrorCode::UNKNOWN_PRODUCER_ID,
    ]
    .contains(&code)
}

fn is_authorization(code: ErrorCode) -> bool {
    [ErrorCode::TOPIC_AUTHORIZATION_FAILED, ErrorCode::CLUSTER_AUTHORIZATION_FAILED].contains(&code)
}
