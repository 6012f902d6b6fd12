//! One partition: `fetched -> stamped -> acknowledged`, with one owner of the sequences.
//!
//! Invariants: a batch is sent only when every earlier one was sent in this window; until the first acknowledgement
//! one batch is in flight; batches in flight together have one origin and are all in a transaction or all not; after
//! any failure nothing is sent before the target's tail was read.

// What a fetch brought.
mod intake;
// The offset map.
mod mapping;
// Answers to batches, commits and aborts.
mod outcome;
// Reading the target's tail, losses, stops.
mod recovery;
// Stamping what is sent.
mod send;

use std::collections::{BTreeSet, VecDeque};

use strait_wire::batch::{ClosedBatch, DecompressionLimit, StampedBatch};
use strait_wire::error_code::ErrorCode;

use super::identity::Origin;
use super::position::{Position, Sequence, Sequences, Tail, WrittenBatch};
use super::state::PartitionState;
use crate::offset_map::{OffsetMap, Run, SealedChunk};
use crate::rewrite::{Prepared, PreparedKind, SourceRun};

/// What a partition's machine is made with.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Batches in flight, at most 5: what a broker remembers of a producer.
    pub window: usize,
    /// Bytes queued above which nothing more is fetched.
    pub queue_bytes: usize,
    pub decompression_limit: DecompressionLimit,
    pub delivery: Delivery,
}

/// How often a record may be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    /// Batches carry sequences or are in transactions; what the target holds beyond the position is not written again.
    #[default]
    Once,
    /// Batches carry no producer, and what lies beyond the position is written again after a start or a failure.
    AtLeastOnce,
}

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

/// What the next batch needs before it can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// Nothing can be sent now.
    Nothing,
    Produce,
    /// A transaction that this partition is part of.
    Transaction,
}

/// A single record that the target refuses for what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefusedRecord {
    pub offset: i64,
    pub code: ErrorCode,
}

#[derive(Debug)]
struct InFlight {
    origin: Origin,
    transactional: bool,
    records: i64,
    size: usize,
    source_base: i64,
    source_next: i64,
    /// Source offset of the record in the middle: where a refused batch is cut.
    middle: i64,
    leader_epoch: i32,
    runs: Vec<SourceRun>,
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

/// What is acknowledged in a transaction that is not committed.
#[derive(Clone, Copy, Debug)]
struct Uncommitted {
    source_next: i64,
    leader_epoch: i32,
    target_offset: i64,
    progress: Progress,
}

/// What is known of one origin's writes since the last reset.
#[derive(Clone, Copy, Debug)]
struct Track {
    next_sequence: Sequence,
    /// The target acknowledged a batch under this producer id.
    proven: bool,
    /// Records after the position that the target holds already.
    already_written: i64,
}

/// One partition's machine. Time comes in as milliseconds of a clock that only goes forward.
#[derive(Debug)]
pub struct PartitionLane {
    settings: Settings,
    phase: Phase,
    state: PartitionState,
    /// A position without history: the tail's sequences are taken over.
    adopt_sequences: bool,
    position: Position,
    position_changed: bool,
    fetch_offset: i64,
    /// Leader epoch of the last batch before `fetch_offset`.
    fetched_epoch: i32,
    /// Counts resets; an answer to a fetch of an earlier generation is dropped.
    generation: u64,
    queue: VecDeque<Prepared>,
    queued_bytes: usize,
    queued_data: usize,
    in_flight: VecDeque<InFlight>,
    in_flight_bytes: usize,
    tracks: Vec<(Origin, Track)>,
    uncommitted: Option<Uncommitted>,
    uncommitted_runs: Vec<Run>,
    map: OffsetMap,
    /// The map with what the transaction adds, as it is stored in it.
    fork: Option<OffsetMap>,
    /// Our batches beyond the position, where they do not simply follow it at the target.
    written_batches: Option<Vec<WrittenBatch>>,
    /// The next look at the target's tail shall find them.
    searches_batches: bool,
    map_is_broken: bool,
    /// Source and target offset of the newest record that is known to be at the target.
    last_copied: Option<(i64, i64)>,
    transaction_sequence: Sequence,
    /// Source offsets at which batches are cut, so that a refused record comes to stand alone.
    cuts: BTreeSet<i64>,
    refused: Option<RefusedRecord>,
    /// Records that the target may hold twice.
    repeated: u64,
    failures: u32,
}

impl PartitionLane {
    /// `adopt_sequences`: the position has no history at the target (first start, or a recreated source topic).
    pub fn new(settings: Settings, mut position: Position, adopt_sequences: bool) -> Self {
        assert!((1..=5).contains(&settings.window), "a broker remembers five batches of a producer");
        if settings.delivery == Delivery::AtLeastOnce {
            // Whoever goes on with sequences takes over those of the target.
            position.sequences = Sequences::default();
        }
        Self {
            settings,
            phase: Phase::Recovering { retry_at_ms: 0, reading: false },
            state: PartitionState::Waiting,
            adopt_sequences,
            position_changed: false,
            fetch_offset: position.source_offset,
            fetched_epoch: position.leader_epoch,
            generation: 0,
            queue: VecDeque::new(),
            queued_bytes: 0,
            queued_data: 0,
            in_flight: VecDeque::new(),
            in_flight_bytes: 0,
            tracks: Vec::new(),
            uncommitted: None,
            uncommitted_runs: Vec::new(),
            map: mapping::map_of(&position),
            fork: None,
            written_batches: None,
            searches_batches: false,
            map_is_broken: false,
            last_copied: None,
            transaction_sequence: Sequence::from_offset(0),
            cuts: BTreeSet::new(),
            refused: None,
            repeated: 0,
            failures: 0,
            position,
        }
    }

    pub fn state(&self) -> &PartitionState {
        &self.state
    }

    pub fn position(&self) -> &Position {
        &self.position
    }

    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Records that the target held beyond the position at starts and after failures, and that were written again; at
    /// most, where others write to the partition too.
    pub fn repeated(&self) -> u64 {
        self.repeated
    }

    /// Bytes held for this partition, queued and in flight.
    pub fn held_bytes(&self) -> usize {
        self.queued_bytes + self.in_flight_bytes
    }

    /// Nothing queued, in flight or uncommitted.
    pub fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.in_flight.is_empty() && self.uncommitted.is_none()
    }

    /// The position if it moved since the last call, and chunks of its map that must be stored before it.
    pub fn take_changed_position(&mut self) -> Option<(Position, Vec<SealedChunk>)> {
        std::mem::take(&mut self.position_changed).then(|| self.position_to_store())
    }

    /// What was stored of the position is lost: it counts as changed.
    pub fn store_again(&mut self) {
        self.position_changed = true;
    }

    /// The position as it is stored, and chunks of its map that must be stored before it.
    pub fn position_to_store(&mut self) -> (Position, Vec<SealedChunk>) {
        self.with_map_of(self.position.clone())
    }

    fn track(&mut self, origin: Origin) -> &mut Track {
        if let Some(index) = self.tracks.iter().position(|(known, _)| *known == origin) {
            return &mut self.tracks[index].1;
        }
        let next_sequence = self.position.sequences.get(origin);
        self.tracks.push((origin, Track { next_sequence, proven: false, already_written: 0 }));
        let last = self.tracks.len() - 1;
        &mut self.tracks[last].1
    }

    fn is_proven(&self, origin: Origin) -> bool {
        self.tracks.iter().any(|(known, track)| *known == origin && track.proven)
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

#[cfg(test)]
mod tests;
