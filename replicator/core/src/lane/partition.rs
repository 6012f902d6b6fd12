//! One partition: `fetched -> stamped -> acknowledged`, with one owner of the sequence.
//!
//! Invariants: a batch is sent only when every earlier one was sent in this window; until the first acknowledgement
//! one batch is in flight; after any failure nothing is sent before the target's tail was read.

use std::collections::VecDeque;

use strait_wire::batch::{ClosedBatch, DecompressionLimit, Stamp, StampedBatch};
use strait_wire::error_code::{ErrorClass, ErrorCode};

use super::position::{Beyond, Position, Sequence, Tail, beyond};
use super::state::{PartitionState, Side};
use super::trim;
use crate::rewrite::{Poison, Prepared, PreparedKind};

/// What a partition's machine is made with.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub producer_id: i64,
    pub producer_epoch: i16,
    /// Batches in flight, at most 5: what a broker remembers of a producer.
    pub window: usize,
    /// Bytes queued above which nothing more is fetched.
    pub queue_bytes: usize,
    pub decompression_limit: DecompressionLimit,
}

/// Milliseconds between a failure and the next look at the target's tail: doubled from the first to the last.
const BACKOFF_MS: (u64, u64) = (50, 5_000);

/// A batch to produce now.
#[derive(Clone, Debug)]
pub struct Outgoing {
    pub batch: StampedBatch,
    pub size: usize,
    pub records: i64,
}

/// The answer to one batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchOutcome {
    Acked {
        base_offset: i64,
    },
    Refused {
        code: ErrorCode,
    },
    /// Nobody knows whether it was written.
    Ambiguous,
}

/// What an acknowledgement moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub records: i64,
    pub bytes: usize,
}

#[derive(Debug)]
struct InFlight {
    records: i64,
    size: usize,
    source_base: i64,
    source_next: i64,
    leader_epoch: i32,
}

#[derive(Debug)]
enum Phase {
    /// Batches in flight are waited for; then the tail is read at `retry_at_ms`.
    Recovering {
        retry_at_ms: u64,
        reading: bool,
    },
    Running,
    Stopped,
}

/// One partition's machine.
#[derive(Debug)]
pub struct PartitionLane {
    settings: Settings,
    phase: Phase,
    state: PartitionState,
    /// A position without history: the tail's sequence is taken over.
    adopt_sequence: bool,
    position: Position,
    position_changed: bool,
    fetch_offset: i64,
    /// Counts resets; an answer to a fetch of an earlier generation is dropped.
    generation: u64,
    /// Records after the position that the target holds already.
    already_written: i64,
    queue: VecDeque<Prepared>,
    queued_bytes: usize,
    in_flight: VecDeque<InFlight>,
    in_flight_bytes: usize,
    next_sequence: Sequence,
    /// The target acknowledged a batch under this producer id since the last reset.
    proven: bool,
    failures: u32,
}

impl PartitionLane {
    /// `adopt_sequence`: the position has no history at the target (first start, or a recreated source topic).
    pub fn new(settings: Settings, position: Position, adopt_sequence: bool) -> Self {
        assert!((1..=5).contains(&settings.window), "a broker remembers five batches of a producer");
        Self {
            settings,
            phase: Phase::Recovering { retry_at_ms: 0, reading: false },
            state: PartitionState::Waiting,
            adopt_sequence,
            position,
            position_changed: false,
            fetch_offset: position.source_offset,
            generation: 0,
            already_written: 0,
            queue: VecDeque::new(),
            queued_bytes: 0,
            in_flight: VecDeque::new(),
            in_flight_bytes: 0,
            next_sequence: position.next_sequence,
            proven: false,
            failures: 0,
        }
    }

    pub fn state(&self) -> &PartitionState {
        &self.state
    }

    pub fn position(&self) -> Position {
        self.position
    }

    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Bytes held for this partition, queued and in flight.
    pub fn held_bytes(&self) -> usize {
        self.queued_bytes + self.in_flight_bytes
    }

    /// Nothing queued and nothing in flight.
    pub fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.in_flight.is_empty()
    }

    /// The position if it moved since the last call.
    pub fn take_changed_position(&mut self) -> Option<Position> {
        std::mem::take(&mut self.position_changed).then_some(self.position)
    }

    /// Whether the target's tail shall be read now; the caller answers with `on_tail` or `on_tail_failed`.
    pub fn poll_tail(&mut self, now_ms: u64) -> bool {
        match &mut self.phase {
            Phase::Recovering { retry_at_ms, reading }
                if !*reading && self.in_flight.is_empty() && now_ms >= *retry_at_ms =>
            {
                *reading = true;
                true
            }
            Phase::Recovering { .. } | Phase::Running | Phase::Stopped => false,
        }
    }

    /// When `poll_tail` will want to read, if it waits for time only.
    pub fn tail_due_ms(&self) -> Option<u64> {
        match self.phase {
            Phase::Recovering { retry_at_ms, reading: false } if self.in_flight.is_empty() => {
                Some(retry_at_ms)
            }
            Phase::Recovering { .. } | Phase::Running | Phase::Stopped => None,
        }
    }

    pub fn on_tail(&mut self, tail: Tail) {
        if self.adopt_sequence {
            if let Tail::Ours { next_sequence, .. } = tail {
                self.position.next_sequence = next_sequence;
            }
            self.position.target_offset = tail.log_end();
            self.position_changed = true;
            self.adopt_sequence = false;
        }
        match beyond(&self.position, tail) {
            Beyond::Truncated { missing } => {
                self.stop(PartitionState::Truncated { side: Side::Target, missing });
            }
            Beyond::Records(records) => {
                self.already_written = records;
                self.next_sequence = self.position.next_sequence;
                if records == 0 {
                    self.position.target_offset = tail.log_end();
                }
                self.phase = Phase::Running;
                self.state = PartitionState::Running;
            }
        }
    }

    /// The tail could not be read.
    pub fn on_tail_failed(&mut self, now_ms: u64, state: PartitionState) {
        self.reset(now_ms);
        self.state = state;
    }

    /// Where to fetch next; `None` while nothing shall be fetched.
    pub fn fetch_offset(&self) -> Option<i64> {
        let wants = matches!(self.phase, Phase::Running) && self.queued_bytes < self.settings.queue_bytes;
        wants.then_some(self.fetch_offset)
    }

    /// Takes in what a fetch of `generation` brought, in order; `fetch_offset` is where the next one begins.
    pub fn on_fetched(&mut self, prepared: Vec<Prepared>, fetch_offset: i64) {
        assert!(fetch_offset >= self.fetch_offset, "a fetch goes forward");
        self.fetch_offset = fetch_offset;
        for item in prepared {
            self.enqueue(item);
        }
    }

    fn enqueue(&mut self, item: Prepared) {
        let Some(batch) = data_of(&item) else {
            self.enqueue_skipped(item);
            return;
        };
        let records = records_of(batch);
        if self.already_written >= records {
            self.already_written -= records;
            self.record_written(&item, records);
        } else if self.already_written > 0 {
            let drop_first = self.already_written;
            self.already_written = 0;
            self.enqueue_rest(&item, drop_first);
        } else {
            self.queued_bytes += batch.size();
            self.queue.push_back(item);
        }
    }

    /// A range without data moves the position at once when nothing before it waits.
    fn enqueue_skipped(&mut self, item: Prepared) {
        if self.is_idle() {
            self.position.source_offset = item.source_next;
            self.position_changed = true;
        } else {
            self.queue.push_back(item);
        }
    }

    /// A batch of which the target holds the first `drop_first` records: the rest is rebuilt.
    fn enqueue_rest(&mut self, item: &Prepared, drop_first: i64) {
        let first = usize::try_from(drop_first).unwrap_or(usize::MAX);
        match trim::without_first(item, first, self.settings.decompression_limit) {
            Ok(rest) => {
                self.position.source_offset = rest.source_base;
                self.move_position(drop_first);
                self.enqueue(rest);
            }
            Err(error) => self.stop(PartitionState::Poisoned { detail: error.to_string() }),
        }
    }

    /// A batch that the target held before it was fetched again.
    fn record_written(&mut self, item: &Prepared, records: i64) {
        self.position.source_offset = item.source_next;
        self.move_position(records);
    }

    fn move_position(&mut self, records: i64) {
        self.position.next_sequence = self.position.next_sequence.advance(records);
        self.position.target_offset += records;
        self.next_sequence = self.position.next_sequence;
        self.position_changed = true;
    }

    /// Moves the position over skipped ranges at the front, when nothing before them is in flight.
    fn settle_skipped(&mut self) {
        while self.in_flight.is_empty() {
            match self.queue.front() {
                Some(item) if data_of(item).is_none() => {
                    self.position.source_offset = item.source_next;
                    self.position_changed = true;
                    self.queue.pop_front();
                }
                Some(_) | None => return,
            }
        }
    }

    /// Whether `take_outgoing` would give a batch.
    pub fn has_outgoing(&self) -> bool {
        let window = if self.proven { self.settings.window } else { 1 };
        matches!(self.phase, Phase::Running)
            && self.in_flight.len() < window
            && self.queue.iter().any(|item| data_of(item).is_some())
    }

    /// The next batch, stamped; in flight from now on.
    pub fn take_outgoing(&mut self) -> Option<Outgoing> {
        if !self.has_outgoing() {
            return None;
        }
        while let Some(item) = self.queue.pop_front() {
            let Some(batch) = data_of(&item) else {
                // A skipped range behind a batch in flight moves the position with that batch.
                match self.in_flight.back_mut() {
                    Some(last) => last.source_next = item.source_next,
                    None => self.position.source_offset = item.source_next,
                }
                continue;
            };
            return Some(self.send(batch.clone(), &item));
        }
        None
    }

    fn send(&mut self, batch: ClosedBatch, item: &Prepared) -> Outgoing {
        let records = records_of(&batch);
        let size = batch.size();
        let stamped = batch.restamp(Stamp {
            producer_id: self.settings.producer_id,
            producer_epoch: self.settings.producer_epoch,
            base_sequence: self.next_sequence.value(),
            transactional: false,
        });
        self.next_sequence = self.next_sequence.advance(records);
        self.queued_bytes -= size;
        self.in_flight_bytes += size;
        self.in_flight.push_back(InFlight {
            records,
            size,
            source_base: item.source_base,
            source_next: item.source_next,
            leader_epoch: batch.header().partition_leader_epoch,
        });
        Outgoing { batch: stamped, size, records }
    }

    /// The answer to the oldest batch in flight.
    pub fn on_outcome(&mut self, outcome: BatchOutcome, now_ms: u64) -> Progress {
        let sent = self.in_flight.pop_front().expect("an outcome belongs to a batch in flight");
        self.in_flight_bytes -= sent.size;
        match (&self.phase, outcome) {
            (Phase::Running, BatchOutcome::Acked { base_offset }) => self.on_acked(&sent, base_offset),
            (Phase::Running, BatchOutcome::Refused { code }) => {
                self.on_refused(&sent, code, now_ms);
                Progress::default()
            }
            (Phase::Running, BatchOutcome::Ambiguous) => {
                self.reset(now_ms);
                Progress::default()
            }
            // The tail will say what became of it.
            (Phase::Recovering { .. } | Phase::Stopped, _) => Progress::default(),
        }
    }

    fn on_acked(&mut self, sent: &InFlight, base_offset: i64) -> Progress {
        self.proven = true;
        self.failures = 0;
        self.position.source_offset = sent.source_next;
        self.position.leader_epoch = sent.leader_epoch;
        self.position.next_sequence = self.position.next_sequence.advance(sent.records);
        self.position.target_offset = base_offset + sent.records;
        self.position_changed = true;
        self.settle_skipped();
        Progress { records: sent.records, bytes: sent.size }
    }

    fn on_refused(&mut self, sent: &InFlight, code: ErrorCode, now_ms: u64) {
        if is_about_content(code) {
            self.stop(PartitionState::Refused {
                code,
                first_offset: sent.source_base,
                last_offset: sent.source_next - 1,
            });
            return;
        }
        self.reset(now_ms);
        if is_authorization(code) {
            self.state = PartitionState::Unauthorized { code };
        } else if code.class() == ErrorClass::Fatal && !is_about_sequence(code) {
            self.state = PartitionState::Unreachable { detail: format!("the target answers {code}") };
        }
    }

    /// A batch that can't be copied: the partition stops before it.
    pub fn on_poison(&mut self, poison: &Poison) {
        self.stop(PartitionState::Poisoned { detail: poison.to_string() });
    }

    /// The source holds nothing below `log_start`: the range up to it is lost. Returns the lost range.
    pub fn on_retention_gap(&mut self, log_start: i64) -> Option<(i64, i64)> {
        if log_start <= self.fetch_offset || !self.is_idle() {
            return None;
        }
        let lost = (self.fetch_offset, log_start - 1);
        if self.already_written > 0 {
            // Sequences of a partition that never had a gap equal source offsets: the count stays right.
            let gap_free = self.position.next_sequence == Sequence::from_offset(self.position.source_offset);
            if !gap_free || self.position.source_offset + self.already_written > log_start {
                let detail = format!(
                    "source records {} to {} are gone and {} of the records after {} are at the target",
                    lost.0, lost.1, self.already_written, self.position.source_offset
                );
                self.stop(PartitionState::Diverged { detail });
                return None;
            }
            let written = self.already_written;
            self.already_written = 0;
            self.position.source_offset += written;
            self.move_position(written);
        }
        self.fetch_offset = log_start;
        self.position.source_offset = log_start;
        self.position_changed = true;
        Some(lost)
    }

    /// Goes back to the acknowledged position; the target's tail is read once nothing is in flight.
    pub fn reset(&mut self, now_ms: u64) {
        if matches!(self.phase, Phase::Stopped) {
            return;
        }
        self.drop_queue();
        let backoff = (BACKOFF_MS.0 << self.failures.min(10)).min(BACKOFF_MS.1);
        self.failures = self.failures.saturating_add(1);
        self.phase = Phase::Recovering { retry_at_ms: now_ms + backoff, reading: false };
        self.state = PartitionState::Waiting;
        self.proven = false;
    }

    /// Stops for good, with the reason.
    pub fn stop(&mut self, state: PartitionState) {
        self.drop_queue();
        self.phase = Phase::Stopped;
        self.state = state;
    }

    fn drop_queue(&mut self) {
        self.queue.clear();
        self.queued_bytes = 0;
        self.fetch_offset = self.position.source_offset;
        self.already_written = 0;
        self.generation += 1;
    }
}

fn data_of(item: &Prepared) -> Option<&ClosedBatch> {
    match &item.kind {
        PreparedKind::Data { batch, .. } => Some(batch),
        PreparedKind::Skipped(_) => None,
    }
}

fn records_of(batch: &ClosedBatch) -> i64 {
    i64::from(batch.header().records_count)
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

#[cfg(test)]
#[path = "partition_tests.rs"]
mod tests;
