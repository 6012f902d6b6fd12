//! Offset syncs for MirrorMaker 2's tools: the last record of each partition that moved, some times a second.
//!
//! A reader of them takes the newest sync at or before an offset, and adds one unless it is equal. So a sync names a
//! record that was copied, never a place where none is yet.

use strait_wire::mm2::OffsetSync;
use tracing::warn;

use super::{Event, LaneTask, TICK};
use crate::flow::lane::unix_ms;
use crate::flow::slot::Slot;
use crate::internal_topic::{InternalTopicError, KeyedRecord};
use crate::last_failure::LastFailure;

/// Ticks between syncs of a partition.
const INTERVAL_TICKS: u64 = 2;
/// Syncs in one write; the other partitions follow in the next.
const AT_ONCE: usize = 2_000;
/// Ticks until a topic that was not allowed is tried again.
const REFUSED_TICKS: u64 = 60_000 / (TICK.as_millis() as u64);

/// Syncs on their way.
#[derive(Default)]
pub(super) struct OffsetSyncs {
    is_writing: bool,
    /// Where the next write begins, so that all partitions have their turn.
    next_slot: usize,
    resume_at_tick: u64,
    last_failure: LastFailure,
}

impl LaneTask {
    pub(super) fn publish_offset_syncs(&mut self, ticks: u64) {
        let is_due = ticks.is_multiple_of(INTERVAL_TICKS) && ticks >= self.offset_syncs.resume_at_tick;
        if !is_due || self.offset_syncs.is_writing || !self.owns_flow() {
            return;
        }
        let Some(topic) = self.parts.offset_syncs.clone() else { return };
        let records = self.due_offset_syncs();
        if records.is_empty() {
            return;
        }
        self.offset_syncs.is_writing = true;
        self.events.push(Box::pin(async move {
            Event::OffsetSyncsWritten(topic.write(&records, unix_ms()).await.map(drop))
        }));
    }

    fn due_offset_syncs(&mut self) -> Vec<KeyedRecord> {
        let count = self.slots.len();
        let mut records = Vec::new();
        for step in 0..count {
            let index = (self.offset_syncs.next_slot + step) % count;
            if records.len() == AT_ONCE {
                self.offset_syncs.next_slot = index;
                break;
            }
            if let Some(sync) = self.slots[index].as_mut().and_then(Slot::take_offset_sync) {
                let record = sync.encode();
                records.push((record.key, Some(record.value)));
            }
        }
        records
    }

    pub(super) fn on_offset_syncs_written(&mut self, result: Result<(), InternalTopicError>) {
        self.offset_syncs.is_writing = false;
        let Err(error) = result else {
            self.offset_syncs.last_failure.end();
            return;
        };
        if error.is_unauthorized() {
            self.offset_syncs.resume_at_tick = self.ticks + REFUSED_TICKS;
        }
        if let Some(error) = self.offset_syncs.last_failure.news(&error) {
            warn!(flow = %self.parts.flow.id(), error, "offset syncs can't be written, retrying");
        }
    }
}

impl Slot {
    /// The last copied record, if it is another than the last time.
    fn take_offset_sync(&mut self) -> Option<OffsetSync> {
        let last = self.lane.last_copied()?;
        if self.synced == Some(last) {
            return None;
        }
        self.synced = Some(last);
        let (upstream_offset, downstream_offset) = last;
        let name = &self.assignment.name;
        Some(OffsetSync {
            topic: name.topic.clone(),
            partition: name.partition,
            upstream_offset,
            downstream_offset,
        })
    }
}
