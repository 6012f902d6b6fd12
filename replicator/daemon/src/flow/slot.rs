//! One partition in a lane: its machine, its rewriter, and who leads it on both sides.

use strait_replicator_core::coalesce::{CoalesceRules, coalesce};
use strait_replicator_core::lane::{PartitionLane, PartitionState, Settings, Tail, Wanted};
use strait_replicator_core::rewrite::{
    AbortedTransactions, Poison, Prepared, RewriteRules, Rewriter, SkipReason, Timestamps,
};
use strait_wire::batch::{BatchError, Entry, closed_batches};
use strait_wire::message::fetch::PartitionData;

use super::assignment::Assignment;
use super::provenance::{Verdict, Verdicts};
use crate::configuration::{self, Delivery, Flow, Isolation};
use crate::status::PartitionStatus;

/// Batches below it are put together.
const SMALL_BATCH_BYTES: usize = 4 << 10;
/// Most bytes of a batch made from small ones.
const COALESCED_BATCH_BYTES: usize = 256 << 10;

pub(super) struct Slot {
    pub(super) assignment: Assignment,
    pub(super) lane: PartitionLane,
    pub(super) rewriter: Rewriter,
    /// Where the source's log begins.
    pub(super) source_begin: i64,
    /// End of what can be read at the source as of the last fetch.
    pub(super) source_end: i64,
    pub(super) high_watermark: i64,
    /// Stands in its target's list of partitions to produce.
    pub(super) ready: bool,
    /// Something is being asked about it before it can be fetched again.
    pub(super) is_asking: bool,
    /// Records of it must be written in transactions.
    mode: Mode,
    /// What the target last said, when the partition stopped for it.
    pub(super) last_tail: Tail,
    /// When everything readable was copied, milliseconds of the lane's clock.
    pub(super) caught_up_at_ms: u64,
    /// Since when an open transaction is all that is ahead, and the state that says so.
    pub(super) blocked_since_ms: Option<u64>,
    pub(super) blocked: Option<PartitionState>,
    /// Source and target offset of the last offset sync.
    pub(super) synced: Option<(i64, i64)>,
}

/// When batches go into transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Those that are too old for the target to remember their producer.
    WhenOld,
    Always,
    Never,
}

/// Why a fetched partition can't be taken in.
#[derive(Debug, thiserror::Error)]
pub(super) enum IntakeError {
    #[error(transparent)]
    Batch(#[from] BatchError),
    #[error(transparent)]
    Poison(#[from] Poison),
    /// Not an error: these producers must be asked about first.
    #[error("producers {0:?} are not known yet")]
    UnknownProducers(Vec<i64>),
}

/// What taking in a fetch depends on.
#[derive(Clone, Copy)]
pub(super) struct Intake<'a> {
    pub(super) verdicts: &'a Verdicts,
    /// Batches whose newest record is older go into a transaction, milliseconds since 1970.
    pub(super) old_before_ms: i64,
}

impl Slot {
    pub(super) fn new(assignment: Assignment, settings: Settings, flow: &Flow, now_ms: u64) -> Self {
        let position = assignment.position.clone();
        Self {
            source_begin: 0,
            source_end: position.source_offset,
            high_watermark: position.source_offset,
            rewriter: Rewriter::new(rules(&assignment, flow)),
            lane: PartitionLane::new(settings, position, assignment.adopt_sequences),
            ready: false,
            is_asking: false,
            mode: mode_of(&assignment, flow),
            last_tail: Tail::default(),
            caught_up_at_ms: now_ms,
            blocked_since_ms: None,
            blocked: None,
            synced: None,
            assignment,
        }
    }

    /// Follows what the planner found.
    pub(super) fn update(&mut self, assignment: Assignment, flow: &Flow) {
        self.rewriter.set_rules(rules(&assignment, flow));
        if self.mode != Mode::Never {
            self.mode = mode_of(&assignment, flow);
        }
        // Whether there is history is known better here since the target was looked at.
        let adopt_sequences = self.assignment.adopt_sequences;
        self.assignment = Assignment { adopt_sequences, ..assignment };
    }

    /// The target takes no transactions of ours.
    pub(super) fn without_transactions(&mut self) {
        self.mode = Mode::Never;
    }

    /// What to ask of the source's leader, if anything.
    pub(super) fn wanted(&self) -> Option<Wanted> {
        if self.is_asking {
            return None;
        }
        self.lane.fetch_offset().map(|fetch_offset| Wanted {
            fetch_offset,
            current_leader_epoch: self.assignment.source.leader_epoch,
            last_fetched_epoch: self.lane.fetched_epoch(),
        })
    }

    /// Takes in the records of an answer to a fetch at `fetch_offset`.
    pub(super) fn take_in(
        &mut self,
        data: &PartitionData,
        fetch_offset: i64,
        intake: Intake<'_>,
    ) -> Result<(), IntakeError> {
        self.high_watermark = data.high_watermark;
        self.source_begin = self.source_begin.max(data.log_start_offset);
        self.source_end = data.last_stable_offset.max(data.high_watermark.min(self.source_end));
        let Some(records) = &data.records else { return Ok(()) };
        let mut read = Ok(());
        let mut entries = Vec::new();
        for entry in closed_batches(records.clone().into_bytes()) {
            match entry {
                Ok(entry) => entries.push(entry),
                Err(error) => read = Err(error.into()),
            }
        }
        let unknown = unknown_producers(&entries, intake.verdicts);
        if !unknown.is_empty() {
            return Err(IntakeError::UnknownProducers(unknown));
        }
        let aborted = data.aborted_transactions.iter().flatten();
        self.rewriter.begin_fetch(AbortedTransactions::new(
            aborted.map(|aborted| (aborted.producer_id, aborted.first_offset)),
        ));
        let mut prepared: Vec<Prepared> = Vec::with_capacity(entries.len());
        for entry in entries {
            if let Err(poison) = self.prepare(entry, fetch_offset, intake, &mut prepared) {
                read = Err(poison.into());
                break;
            }
        }
        let next = prepared.last().map_or(fetch_offset, |last| last.source_next.max(fetch_offset));
        let prepared = coalesce(prepared, &self.coalesce_rules());
        self.lane.on_fetched(prepared, next);
        read
    }

    fn prepare(
        &mut self,
        entry: Entry,
        position: i64,
        intake: Intake<'_>,
        out: &mut Vec<Prepared>,
    ) -> Result<(), Poison> {
        let begin = out.len();
        let (producer_id, newest) = match &entry {
            Entry::Closed(batch) => (batch.header().producer_id, batch.header().max_timestamp),
            Entry::Legacy(_) => (-1, -1),
        };
        let verdict = intake.verdicts.of(producer_id).unwrap_or(Verdict::Copy(Default::default()));
        let rewritten = self.rewriter.rewrite(entry, position, out);
        let transactional = match self.mode {
            Mode::Always => true,
            Mode::WhenOld => newest < intake.old_before_ms,
            Mode::Never => false,
        };
        for item in &mut out[begin..] {
            match verdict {
                Verdict::Copy(origin) => {
                    item.origin = origin;
                    // A transactional producer writes the source's own records only.
                    item.transactional = transactional && origin == Default::default();
                }
                Verdict::Return => {
                    let (base, next) = (item.source_base, item.source_next);
                    *item = Prepared::skipped(base, next, item.leader_epoch, SkipReason::Returning);
                }
            }
        }
        rewritten
    }

    fn coalesce_rules(&self) -> CoalesceRules {
        let rules = self.rewriter.rules();
        CoalesceRules {
            small_batch_bytes: SMALL_BATCH_BYTES,
            max_batch_bytes: COALESCED_BATCH_BYTES.min(rules.target_max_message_bytes),
            decompression_limit: rules.decompression_limit,
        }
    }

    /// What a person sees: a blocked partition runs, but nothing comes.
    pub(super) fn state(&self) -> &PartitionState {
        match (&self.blocked, self.lane.state()) {
            (Some(blocked), PartitionState::Running) => blocked,
            (_, state) => state,
        }
    }

    pub(super) fn lag_records(&self) -> i64 {
        (self.source_end - self.lane.position().source_offset).max(0)
    }

    pub(super) fn status(&self, now_ms: u64) -> PartitionStatus {
        let state = self.state();
        let lag_records = self.lag_records();
        let behind_ms = if lag_records == 0 { 0 } else { now_ms.saturating_sub(self.caught_up_at_ms) };
        PartitionStatus {
            topic: self.assignment.name.topic.clone(),
            partition: self.assignment.name.partition,
            remote_topic: self.assignment.target.topic.clone(),
            state: state.name(),
            detail: state.to_string(),
            position: self.lane.position().source_offset,
            source_end: self.source_end,
            lag_records,
            lag_seconds: behind_ms as f64 / 1_000.0,
        }
    }
}

fn mode_of(assignment: &Assignment, flow: &Flow) -> Mode {
    match flow.delivery {
        Delivery::ExactlyOnce if assignment.source_is_compacted => Mode::Always,
        Delivery::ExactlyOnce => Mode::WhenOld,
        Delivery::Transactions => Mode::Always,
        Delivery::AtLeastOnce => Mode::Never,
    }
}

fn rules(assignment: &Assignment, flow: &Flow) -> RewriteRules {
    RewriteRules {
        target_max_message_bytes: assignment.target_max_message_bytes,
        target_log_append_time: assignment.target_log_append_time,
        read_committed: flow.isolation == Isolation::ReadCommitted,
        timestamps: match flow.timestamps {
            configuration::Timestamps::Source => Timestamps::Source,
            configuration::Timestamps::Producer => Timestamps::Producer,
        },
        ..RewriteRules::default()
    }
}

fn unknown_producers(entries: &[Entry], verdicts: &Verdicts) -> Vec<i64> {
    let producers = entries.iter().filter_map(|entry| match entry {
        Entry::Closed(batch) => Some(batch.header().producer_id),
        Entry::Legacy(_) => None,
    });
    let mut unknown: Vec<i64> = producers.filter(|id| verdicts.of(*id).is_none()).collect();
    unknown.sort_unstable();
    unknown.dedup();
    unknown
}
