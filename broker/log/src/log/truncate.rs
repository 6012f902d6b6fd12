//! Cutting the end, as a follower does (KIP-101), and starting over.

use std::path::PathBuf;

use super::PartitionLog;
use crate::error::{At, LogError};
use crate::names;
use crate::segment::Segment;

impl PartitionLog {
    /// Removes all records from `offset` on; the log then ends there. Producer state has to be made again
    /// ([`PartitionLog::replay`]).
    pub fn truncate_to(&mut self, offset: i64) -> Result<(), LogError> {
        self.ensure_online()?;
        if offset >= self.end_offset {
            return Ok(());
        }
        if offset < self.start_offset {
            return self.truncate_fully(offset);
        }
        self.tail.clear();
        self.places.clear();
        self.truncations += 1;
        while self.segments.len() > 1 && self.active().base_offset() > offset {
            if let Some(segment) = self.segments.pop() {
                self.remove_files(&segment)?;
            }
        }
        // What is removed must not come back behind other records after a power loss.
        self.sync_names()?;
        self.active().truncate_to(offset)?;
        self.end_offset = offset;
        self.recovery_point = self.recovery_point.min(offset);
        self.high_watermark = self.high_watermark.min(offset);
        self.epochs.truncate_from_end(offset);
        self.epochs.persist()?;
        self.remove_snapshots(|snapshot| snapshot > offset)
    }

    /// Removes everything; the log is then empty and begins at `start_offset`.
    pub fn truncate_fully(&mut self, start_offset: i64) -> Result<(), LogError> {
        self.ensure_online()?;
        self.tail.clear();
        self.places.clear();
        self.truncations += 1;
        let segment = Segment::create(self.store.clone(), &self.folder, start_offset, self.now_ms)?;
        let removed = std::mem::replace(&mut self.segments, vec![segment]);
        self.note_new_names();
        (self.start_offset, self.end_offset) = (start_offset, start_offset);
        self.recovery_point = self.recovery_point.min(start_offset);
        self.high_watermark = start_offset;
        for segment in removed.iter().filter(|segment| segment.base_offset() != start_offset) {
            self.remove_files(segment)?;
        }
        self.sync_names()?;
        self.epochs.clear();
        self.epochs.persist()?;
        self.remove_snapshots(|_| true)
    }

    pub(super) fn remove_files(&mut self, segment: &Segment) -> Result<(), LogError> {
        self.discard(&segment.files())
    }

    /// Removes files, as far as they are there.
    pub(super) fn discard(&mut self, files: &[PathBuf]) -> Result<(), LogError> {
        self.note_new_names();
        for file in files {
            match self.store.remove(file).at("remove", file, 0) {
                Err(error) if !error.is_missing() => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    pub(super) fn remove_snapshots(&mut self, is_removed: impl Fn(i64) -> bool) -> Result<(), LogError> {
        let removed: Vec<i64> = self.snapshots.iter().copied().filter(|offset| is_removed(*offset)).collect();
        for offset in removed {
            let path = names::offset_file(&self.folder, offset, names::SNAPSHOT);
            self.store.remove(&path).at("remove", &path, 0)?;
            self.snapshots.remove(&offset);
            self.note_new_names();
        }
        Ok(())
    }

    /// Removes the snapshots at the bases of segments that are gone. The newest stays: producers that wrote nothing
    /// since are known from it alone.
    pub(super) fn remove_snapshots_at(&mut self, bases: &[i64]) -> Result<(), LogError> {
        let newest = self.snapshots.last().copied();
        self.remove_snapshots(|snapshot| bases.contains(&snapshot) && Some(snapshot) != newest)
    }
}
