//! One partition in a lane: its machine, its rewriter, and who leads it on both sides.

use strait_replicator_core::lane::{PartitionLane, Settings, Wanted};
use strait_replicator_core::rewrite::{AbortedTransactions, Poison, Prepared, RewriteRules, Rewriter};
use strait_wire::batch::{BatchError, closed_batches};
use strait_wire::message::fetch::PartitionData;

use super::assignment::Assignment;
use crate::status::PartitionStatus;

pub(super) struct Slot {
    pub(super) assignment: Assignment,
    pub(super) lane: PartitionLane,
    rewriter: Rewriter,
    /// End of the source's log as of the last fetch.
    pub(super) source_end: i64,
    /// Stands in its target's list of partitions to produce.
    pub(super) ready: bool,
}

/// Why a fetched partition can't be taken in.
#[derive(Debug, thiserror::Error)]
pub(super) enum IntakeError {
    #[error(transparent)]
    Batch(#[from] BatchError),
    #[error(transparent)]
    Poison(#[from] Poison),
}

impl Slot {
    pub(super) fn new(assignment: Assignment, settings: Settings) -> Self {
        let rules = RewriteRules {
            target_max_message_bytes: assignment.target_max_message_bytes,
            ..RewriteRules::default()
        };
        Self {
            lane: PartitionLane::new(settings, assignment.position, assignment.adopt_sequence),
            rewriter: Rewriter::new(rules),
            source_end: assignment.position.source_offset,
            ready: false,
            assignment,
        }
    }

    /// What to ask of the source's leader, if anything.
    pub(super) fn wanted(&self) -> Option<Wanted> {
        self.lane.fetch_offset().map(|fetch_offset| Wanted {
            fetch_offset,
            current_leader_epoch: self.assignment.source.leader_epoch,
        })
    }

    /// Takes in the records of an answer to a fetch at `fetch_offset`.
    pub(super) fn take_in(&mut self, data: &PartitionData, fetch_offset: i64) -> Result<(), IntakeError> {
        self.source_end = data.last_stable_offset.max(data.high_watermark.min(self.source_end));
        let Some(records) = &data.records else { return Ok(()) };
        self.rewriter.begin_fetch(AbortedTransactions::new(
            data.aborted_transactions
                .iter()
                .flatten()
                .map(|aborted| (aborted.producer_id, aborted.first_offset)),
        ));
        let mut prepared: Vec<Prepared> = Vec::new();
        let mut result = Ok(());
        for entry in closed_batches(records.clone().into_bytes()) {
            result = entry
                .map_err(IntakeError::from)
                .and_then(|entry| Ok(self.rewriter.rewrite(entry, fetch_offset, &mut prepared)?));
            if result.is_err() {
                break;
            }
        }
        let next = prepared.last().map_or(fetch_offset, |last| last.source_next.max(fetch_offset));
        self.lane.on_fetched(prepared, next);
        result
    }

    pub(super) fn status(&self) -> PartitionStatus {
        let state = self.lane.state();
        PartitionStatus {
            topic: self.assignment.name.topic.clone(),
            partition: self.assignment.name.partition,
            remote_topic: self.assignment.target.topic.clone(),
            state: state.name().to_owned(),
            detail: state.to_string(),
            position: self.lane.position().source_offset,
            source_end: self.source_end,
            lag_records: self.lag_records(),
        }
    }

    fn lag_records(&self) -> i64 {
        (self.source_end - self.lane.position().source_offset).max(0)
    }
}
