//! What the daemon shows, and positions on their way to the state topic.

use strait_replicator_core::lane::{Position, Progress, StateName};
use strait_replicator_core::state_record::{Key, StoredPosition, Value};
use tracing::{info, warn};

use super::map_chunks::{self, Stored};
use super::rate::Rate;
use super::{Event, LaneTask, TICK};
use crate::flow::assignment::PartitionName;
use crate::flow::slot::Slot;
use crate::state_topic::StateError;
use crate::status::PartitionStatus;

/// Ticks between updates of the shown status.
const STATUS_TICKS: u64 = 5;
/// Ticks between lines in the log.
const LOG_TICKS: u64 = 600;

/// What the lane copied since it began.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Totals {
    records: u64,
    bytes: u64,
    /// Of partitions that are gone.
    pub(super) repeated: u64,
    /// As of the last line in the log.
    logged_records: u64,
    records_rate: Rate,
    bytes_rate: Rate,
}

impl Totals {
    pub(super) fn add(&mut self, progress: Progress) {
        self.records += u64::try_from(progress.records).unwrap_or(0);
        self.bytes += progress.bytes as u64;
    }
}

impl LaneTask {
    pub(super) fn report_at(&mut self, ticks: u64) {
        if ticks.is_multiple_of(STATUS_TICKS) {
            self.show_status();
        }
        if ticks.is_multiple_of(LOG_TICKS) {
            self.log_progress();
        }
        let interval_ms = u128::from(self.parts.flow.position_interval_ms);
        let interval_ticks = (interval_ms / TICK.as_millis()).max(1);
        if u128::from(ticks).is_multiple_of(interval_ticks) {
            self.store_again_if_lost();
            self.publish_positions();
            self.publish_hand_over();
        }
    }

    fn log_progress(&mut self) {
        let records = self.totals.records - self.totals.logged_records;
        self.totals.logged_records = self.totals.records;
        let lag_records: i64 = self.slots.iter().flatten().map(Slot::lag_records).sum();
        let seconds = TICK.as_secs_f64() * LOG_TICKS as f64;
        let records_per_second = (records as f64 / seconds).round();
        info!(flow = %self.parts.part, records, records_per_second, lag_records, "progress");
    }

    pub(super) fn is_writing_positions(&self) -> bool {
        self.positions_in_write
    }

    /// The target lost state: what was written again of positions is not the newest.
    fn store_again_if_lost(&mut self) {
        let restored = self.parts.lease.borrow().restored;
        if std::mem::replace(&mut self.restored, restored) != restored {
            self.slots.iter_mut().flatten().for_each(|slot| slot.lane.store_again());
        }
    }

    /// Writes changed positions to the state topic, unless it is still busy with the last ones or a transaction.
    fn publish_positions(&mut self) {
        if self.positions_in_write || self.transaction.is_committing() || !self.owns_flow() {
            return;
        }
        let (records, forgotten) = (self.changed_positions(), self.forgotten_chunks());
        if records.is_empty() && forgotten.is_empty() {
            return;
        }
        self.positions_in_write = true;
        let chunks = self.unstored_chunks();
        let (state, map_topic) = (self.parts.state.clone(), self.parts.map_topic.clone());
        self.events.push(Box::pin(async move {
            let stored = map_chunks::store(map_topic.clone(), chunks).await;
            let written = if records.is_empty() { Ok(()) } else { state.write(records).await };
            if !forgotten.is_empty()
                && let Err(error) = map_topic.forget(&forgotten).await
            {
                warn!(%error, "chunks that nobody needs any more are not removed");
            }
            Event::PositionsWritten(stored, written)
        }));
    }

    pub(super) fn on_positions_written(&mut self, stored: Stored, result: Result<(), StateError>) {
        self.positions_in_write = false;
        self.on_chunks_stored(stored);
        if let Err(error) = result {
            warn!(flow = %self.parts.flow.id(), %error, "positions are not written, a restart reads more of the source");
        }
    }

    pub(super) async fn publish_positions_at_end(&mut self) {
        self.store_again_if_lost();
        let records = self.changed_positions();
        let stored = map_chunks::store(self.parts.map_topic.clone(), self.unstored_chunks()).await;
        self.on_chunks_stored(stored);
        if !records.is_empty()
            && let Err(error) = self.parts.state.write(records).await
        {
            warn!(flow = %self.parts.flow.id(), %error, "last positions are not written, the next start reads more of the source");
        }
    }

    fn changed_positions(&mut self) -> Vec<(Key, Value)> {
        let mut changed = Vec::new();
        for index in 0..self.slots.len() {
            let Some(slot) = self.slots[index].as_mut() else { continue };
            if let Some((position, chunks)) = slot.lane.take_changed_position() {
                slot.rewriter.left_out().forget_below(position.source_offset);
                changed.push((slot.assignment.name.clone(), position));
                self.keep_chunks(index, chunks);
            }
        }
        changed.iter().map(|(name, position)| self.position_record(name, position)).collect()
    }

    /// A position as the state topic keeps it.
    pub(super) fn position_record(&self, name: &PartitionName, position: &Position) -> (Key, Value) {
        let key = Key::Position {
            flow: self.parts.flow.id(),
            source_cluster_id: self.parts.source_cluster_id.clone(),
            topic: name.topic.clone(),
            partition: name.partition,
        };
        (key, Value::Position(stored(position, &self.parts.origins, self.parts.generation)))
    }

    pub(super) fn show_status(&mut self) {
        let now_ms = self.now_ms();
        let records_per_second = self.totals.records_rate.update(self.totals.records, now_ms);
        let bytes_per_second = self.totals.bytes_rate.update(self.totals.bytes, now_ms);
        let partitions: Vec<PartitionStatus> =
            self.slots.iter().flatten().map(|slot| slot.status(now_ms)).collect();
        let state = self.flow_state(&partitions);
        let repeated =
            self.slots.iter().flatten().map(|slot| slot.lane.repeated()).sum::<u64>() + self.totals.repeated;
        self.parts.status.update_part(&self.parts.part, |part| {
            part.state = state;
            part.records_total = self.totals.records;
            part.bytes_total = self.totals.bytes;
            part.repeated_records_total = repeated;
            part.records_per_second = records_per_second;
            part.bytes_per_second = bytes_per_second;
            part.partitions = partitions;
            part.last_error = self.last_failure.text().map(str::to_owned);
        });
    }

    /// The state of the worst partition: the first that does not run, or `running`.
    fn flow_state(&self, partitions: &[PartitionStatus]) -> StateName {
        let is_limited = self.parts.flow.rate_limit_bytes > 0 && self.allowance < 0.0;
        let is_throttled = is_limited || self.sources.is_throttled() || self.targets.is_throttled();
        let odd = partitions.iter().find(|partition| partition.state != StateName::Running);
        match odd {
            Some(partition) => partition.state,
            None if partitions.is_empty() => StateName::Waiting,
            None if is_throttled => StateName::Throttled,
            None => StateName::Running,
        }
    }

    /// A tick's part of the rate limit; at most a second's is saved up. Each share of the flow has its part of it.
    pub(super) fn refill_allowance(&mut self) {
        let shares = self.parts.part.share.map_or(1, |share| share.of);
        let limit = self.parts.flow.rate_limit_bytes as f64 / f64::from(shares);
        self.allowance = (self.allowance + limit * TICK.as_secs_f64()).min(limit);
    }
}

/// A position with its origins by cluster id.
pub(in crate::flow) fn stored(position: &Position, origins: &[String], generation: i64) -> StoredPosition {
    let sequences = position.sequences.iter().filter_map(|(origin, sequence)| {
        Some((origins.get(usize::from(origin.0))?.clone(), sequence.value()))
    });
    StoredPosition {
        generation,
        source_topic_id: position.source_topic_id,
        leader_epoch: position.leader_epoch,
        source_offset: position.source_offset,
        target_offset: position.target_offset,
        sequences: sequences.collect(),
        map: position.map.clone(),
    }
}
