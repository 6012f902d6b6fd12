//! Recovery: the segments after the recovery point are read whole, the log ends at the first damage
//! (`LogLoader.recoverLog`).

use strait_wire::batch::{BatchHeader, ClosedBatch, control_record};

use super::PartitionLog;
use super::open::LastShutdown;
use super::open_transactions::OpenTransactions;
use crate::epochs::LeaderEpochs;
use crate::error::LogError;
use crate::index::TransactionIndex;
use crate::segment::Segment;

impl PartitionLog {
    /// Finds the log's end. Segments in `unsound` get new indexes.
    pub(super) fn load(&mut self, shutdown: LastShutdown, unsound: &[usize]) -> Result<(), LogError> {
        let last = self.segments.len() - 1;
        let from = if shutdown.is_clean { last } else { self.segment_of(self.recovery_point) };
        for index in unsound.iter().copied().filter(|index| *index < from) {
            // What follows was flushed and stays, even if this segment turns out to be damaged.
            self.recover_one(index)?;
        }
        if !shutdown.is_clean || unsound.contains(&last) {
            return self.recover(from);
        }
        match self.active().load_end() {
            Ok(end) => self.end_offset = end,
            // The marker of a clean stop may be wrong; the records are not believed for that.
            Err(error) if error.is_damage() => return self.recover(last),
            Err(error) => return Err(error),
        }
        self.settle()
    }

    fn recover(&mut self, from: usize) -> Result<(), LogError> {
        for index in from..self.segments.len() {
            if self.recover_one(index)? || self.is_cut_after(index) {
                return self.end_after(index);
            }
        }
        self.settle()
    }

    /// Recovers one segment; whether bytes were cut.
    fn recover_one(&mut self, index: usize) -> Result<bool, LogError> {
        let mut open = self.open_transactions_at(self.segments[index].base_offset())?;
        let interval = self.config.index_interval_bytes;
        let Self { segments, epochs, .. } = self;
        let segment = &mut segments[index];
        let replayed = segment.recover(interval, &mut |batch, index| {
            note_epoch(epochs, batch.header())?;
            note_transaction(&mut open, batch, index)
        })?;
        self.end_offset = replayed.end_offset;
        if index + 1 < self.segments.len() {
            self.segments[index].release();
        }
        Ok(replayed.cut_bytes > 0)
    }

    /// Whether the next segment can't follow: it begins inside this one, as after a truncation that was not flushed;
    /// or records between the two went with a power loss. Where cleaning makes holes the latter can't be told.
    fn is_cut_after(&self, index: usize) -> bool {
        let Some(next) = self.segments.get(index + 1).map(Segment::base_offset) else { return false };
        let may_have_holes = self.config.cleanup_policy.compact || next <= self.recovery_point;
        next < self.end_offset || (next > self.end_offset && !may_have_holes)
    }

    /// Removes the segments after `index`.
    fn end_after(&mut self, index: usize) -> Result<(), LogError> {
        let removed = self.segments.split_off(index + 1);
        removed.iter().try_for_each(|segment| self.remove_files(segment))?;
        self.sync_names()?;
        self.settle()
    }

    /// What holds once the end is known: an active segment that is open, and nothing about offsets beyond the end.
    fn settle(&mut self) -> Result<(), LogError> {
        self.active().activate()?;
        if self.end_offset < self.start_offset {
            self.truncate_fully(self.start_offset)?;
        }
        self.recovery_point = self.recovery_point.min(self.end_offset);
        self.epochs.truncate_from_end(self.end_offset)?;
        self.epochs.truncate_from_start(self.start_offset)?;
        let end = self.end_offset;
        self.remove_snapshots(|snapshot| snapshot > end)
    }

    fn open_transactions_at(&mut self, offset: i64) -> Result<OpenTransactions, LogError> {
        let snapshot = self.snapshot_before(offset)?;
        let from = snapshot.as_ref().map_or(self.segments[0].base_offset(), |(offset, _)| *offset);
        let mut open = snapshot
            .map_or_else(OpenTransactions::default, |(_, entries)| OpenTransactions::from_snapshot(&entries));
        if from >= offset {
            return Ok(open);
        }
        self.walk(from, offset, &mut |header, marker| {
            open.observe(header, marker);
            Ok(())
        })?;
        Ok(open)
    }
}

fn note_epoch(epochs: &mut LeaderEpochs, header: &BatchHeader) -> Result<(), LogError> {
    match epochs.latest() {
        Some(latest) if header.partition_leader_epoch <= latest.epoch => Ok(()),
        _ => epochs.assign(header.partition_leader_epoch, header.base_offset),
    }
}

fn note_transaction(
    open: &mut OpenTransactions,
    batch: &ClosedBatch,
    index: &mut TransactionIndex,
) -> Result<(), LogError> {
    let is_control = batch.header().attributes.is_control();
    let marker = if is_control { Some(control_record(batch)) } else { None }.transpose();
    let marker = marker.map_err(|source| LogError::damaged(index.path(), 0, source))?;
    open.observe(batch.header(), marker).map_or(Ok(()), |aborted| index.push(aborted))
}
