//! What a fetch brought: queued, or dropped where the target holds it already.

use super::{PartitionLane, Phase, Position, data_of, records_of};
use crate::lane::pieces;
use crate::lane::state::PartitionState;
use crate::rewrite::{Prepared, SourceRun};

impl PartitionLane {
    /// Where to fetch next; `None` while nothing shall be fetched.
    pub fn fetch_offset(&self) -> Option<i64> {
        let wants = matches!(self.phase, Phase::Running) && self.queued_bytes < self.settings.queue_bytes;
        wants.then_some(self.fetch_offset)
    }

    /// Leader epoch of the batch before the fetch offset, for the source to compare; -1 when it is not known.
    pub fn fetched_epoch(&self) -> i32 {
        self.fetched_epoch
    }

    /// Takes in what a fetch of this generation brought, in order; `fetch_offset` is where the next one begins.
    pub fn on_fetched(&mut self, prepared: Vec<Prepared>, fetch_offset: i64) {
        assert!(fetch_offset >= self.fetch_offset, "a fetch goes forward");
        self.fetch_offset = fetch_offset;
        for item in prepared {
            self.fetched_epoch = item.leader_epoch;
            match pieces::cut(item, &self.cuts, self.settings.decompression_limit) {
                Ok(pieces) => pieces.into_iter().for_each(|piece| self.enqueue(piece)),
                Err(error) => {
                    self.stop(PartitionState::Poisoned { detail: error.to_string() });
                    return;
                }
            }
        }
    }

    fn enqueue(&mut self, item: Prepared) {
        let Some(batch) = data_of(&item) else {
            self.enqueue_skipped(item);
            return;
        };
        let (records, size) = (records_of(batch), batch.size());
        let written = self.track(item.origin).already_written.min(records);
        if written == records {
            self.record_written(&item, records);
        } else if written > 0 {
            self.enqueue_rest(&item, written);
        } else {
            self.queued_bytes += size;
            self.queued_data += 1;
            self.queue.push_back(item);
        }
    }

    /// A range without data moves the position at once when nothing before it waits.
    fn enqueue_skipped(&mut self, item: Prepared) {
        if self.is_idle() {
            self.pass(&item);
        } else {
            self.queue.push_back(item);
        }
    }

    /// Moves the position over a range without data.
    pub(super) fn pass(&mut self, item: &Prepared) {
        self.position.source_offset = item.source_next;
        self.position.leader_epoch = item.leader_epoch;
        self.on_moved();
    }

    /// A batch of which the target holds the first `written` records: the rest is rebuilt.
    fn enqueue_rest(&mut self, item: &Prepared, written: i64) {
        let first = usize::try_from(written).unwrap_or(usize::MAX);
        match pieces::without_first(item, first, self.settings.decompression_limit) {
            Ok(rest) => {
                self.count_written(item, written);
                self.position.source_offset = rest.source_base;
                self.on_moved();
                self.enqueue(rest);
            }
            Err(error) => self.stop(PartitionState::Poisoned { detail: error.to_string() }),
        }
    }

    /// A batch that the target held before it was fetched again.
    fn record_written(&mut self, item: &Prepared, records: i64) {
        self.count_written(item, records);
        self.position.source_offset = item.source_next;
        self.position.leader_epoch = item.leader_epoch;
        self.on_moved();
    }

    /// The target holds the first `records` of a batch.
    fn count_written(&mut self, item: &Prepared, records: i64) {
        self.map_written(item.origin, &first_of(item.runs(), records));
        let track = self.track(item.origin);
        track.already_written -= records;
        track.next_sequence = track.next_sequence.advance(records);
        let Position { sequences, target_offset, .. } = &mut self.position;
        sequences.set(item.origin, sequences.get(item.origin).advance(records));
        *target_offset = (*target_offset + records).max(self.map.end().target);
    }
}

/// The runs of the first `records` records.
fn first_of(mut runs: Vec<SourceRun>, records: i64) -> Vec<SourceRun> {
    runs.retain_mut(|run| {
        run.count = run.count.min(records - run.index);
        run.count > 0
    });
    runs
}
