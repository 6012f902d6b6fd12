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
            self.segments[index].seal()?;
        }
        if !shutdown.is_clean || unsound.contains(&last) {
            return self.recover(from, unsound);
        }
        match self.active().load_end() {
            Ok(end) => self.end_offset = end,
            // The marker of a clean stop may be wrong; the records are not believed for that.
            Err(error) if error.is_damage() => return self.recover(last, unsound),
            Err(error) => return Err(error),
        }
        self.settle()
    }

    fn recover(&mut self, from: usize, unsound: &[usize]) -> Result<(), LogError> {
        // What follows says where its epochs begin; the file may be older than the records, or newer.
        self.epochs.truncate_from_end(self.segments[from].base_offset());
        for index in from..self.segments.len() {
            let was_cut = self.recover_one(index)?;
            // Sound indexes of the active segment stay as they are: they are made again anyway, as long as it is active.
            if was_cut || index + 1 < self.segments.len() || unsound.contains(&index) {
                self.segments[index].seal()?;
            }
            if self.ends_at(index, was_cut) {
                return self.end_after(index);
            }
        }
        self.settle()
    }

    /// Recovers one segment; whether bytes were cut.
    fn recover_one(&mut self, index: usize) -> Result<bool, LogError> {
        let mut open = self.open_transactions_at(self.segments[index].base_offset())?;
        let (interval, flushed_end) = (self.config.index_interval_bytes, self.recovery_point);
        let Self { segments, epochs, .. } = self;
        let replayed = segments[index].recover(interval, flushed_end, &mut |batch, index| {
            note_epoch(epochs, batch.header());
            note_transaction(&mut open, batch, index)
        })?;
        self.end_offset = replayed.end_offset;
        self.damages.extend(replayed.damages);
        let is_cut = replayed.left_bytes > 0;
        if is_cut {
            self.cut(index, replayed.leaves_batches)?;
        }
        Ok(is_cut)
    }

    /// Whether the segments behind one can't follow it: it was cut, and not below what was flushed; the next begins
    /// inside it, as after a truncation that was not flushed; or records between the two went with a power loss. Where
    /// cleaning makes holes the latter can't be told.
    fn ends_at(&self, index: usize, was_cut: bool) -> bool {
        let Some(next) = self.segments.get(index + 1).map(Segment::base_offset) else { return false };
        let is_flushed = next <= self.recovery_point;
        let has_hole = next > self.end_offset && !self.config.cleanup_policy.compact;
        next < self.end_offset || (!is_flushed && (was_cut || has_hole))
    }

    /// Removes the segments after `index`.
    fn end_after(&mut self, index: usize) -> Result<(), LogError> {
        let removed = self.segments.split_off(index + 1);
        removed.iter().try_for_each(|segment| self.put_segment_aside(segment))?;
        self.sync_names()?;
        self.settle()
    }

    /// What holds once the end is known: nothing about offsets beyond it, and no offset of a flushed record is used again.
    fn settle(&mut self) -> Result<(), LogError> {
        self.end_offset = self.end_offset.max(self.segments.last().map_or(0, Segment::base_offset));
        if self.end_offset < self.start_offset {
            self.truncate_fully(self.start_offset)?;
        }
        if self.end_offset < self.recovery_point {
            self.tell_missing()?;
        }
        if self.epochs.is_damaged() {
            self.find_epochs()?;
        }
        // An epoch that begins at the end had a leader that clients know, and no records.
        self.epochs.truncate_from_end(self.end_offset.saturating_add(1));
        self.epochs.truncate_from_start(self.start_offset);
        let end = self.end_offset;
        self.remove_snapshots(|snapshot| snapshot > end)
    }

    /// Reads the leader epochs from all batches.
    fn find_epochs(&mut self) -> Result<(), LogError> {
        self.epochs.clear();
        let mut found: Vec<BatchHeader> = Vec::new();
        self.walk(self.start_offset, i64::MAX, &mut |header, _| {
            let is_new =
                found.last().is_none_or(|last| header.partition_leader_epoch > last.partition_leader_epoch);
            if is_new {
                found.push(*header);
            }
            Ok(())
        })?;
        found.iter().for_each(|header| note_epoch(&mut self.epochs, header));
        Ok(())
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

fn note_epoch(epochs: &mut LeaderEpochs, header: &BatchHeader) {
    if epochs.latest().is_none_or(|latest| header.partition_leader_epoch > latest.epoch) {
        epochs.assign(header.partition_leader_epoch, header.base_offset);
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
    if let Some(aborted) = open.observe(batch.header(), marker) {
        index.push(aborted);
    }
    Ok(())
}
