//! Making records survive a power loss. Appends never wait for the disk: a plan says what to flush, any thread runs it,
//! and the log takes the outcome. So one flush serves all batches that came before it (group commit).

use std::path::PathBuf;
use std::sync::Arc;

use super::PartitionLog;
use crate::error::{At, LogError};
use crate::segment::Segment;
use crate::store::Store;

/// Files of a log to be flushed, on any thread.
#[derive(Debug)]
pub struct FlushPlan {
    store: Arc<dyn Store>,
    folder: PathBuf,
    files: Vec<PathBuf>,
    has_new_names: bool,
    flushed: Flushed,
}

/// Up to where a plan flushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flushed {
    offset: i64,
    /// Where the active segment began: what is before it was flushed with its indexes.
    active_base: i64,
    truncations: u64,
    name_changes: u64,
}

impl FlushPlan {
    /// Flushes the files; one that retention took meanwhile does not matter.
    pub fn run(self) -> Result<Flushed, LogError> {
        for path in &self.files {
            match self.store.open(path).and_then(|file| file.sync()).at("flush", path, 0) {
                Err(error) if error.is_missing() => {}
                result => result?,
            }
        }
        if self.has_new_names {
            self.store.sync_folder(&self.folder).at("flush", &self.folder, 0)?;
        }
        Ok(self.flushed)
    }
}

impl PartitionLog {
    /// What to flush so that all records survive a power loss. None when they do. Indexes of the active segment are left
    /// out: a recovery makes them again.
    pub fn plan_flush(&self) -> Result<Option<FlushPlan>, LogError> {
        self.ensure_online()?;
        let closed = self.segments.len() - 1;
        let mut files = self.unflushed_files_before(closed);
        if self.recovery_point < self.end_offset {
            files.push(self.segments[closed].path().to_owned());
        }
        Ok(self.plan(files, self.end_offset))
    }

    /// What to flush after a roll: the closed segments from the recovery point on. None when they are flushed.
    pub fn plan_flush_of_closed(&self) -> Result<Option<FlushPlan>, LogError> {
        self.ensure_online()?;
        let closed = self.segments.len() - 1;
        let base = self.segments[closed].base_offset();
        if self.recovery_point >= base {
            return Ok(None);
        }
        Ok(self.plan(self.unflushed_files_before(closed), base))
    }

    /// Files of the segments from the recovery point on, without those from index `end` on.
    fn unflushed_files_before(&self, end: usize) -> Vec<PathBuf> {
        let first = self.segment_of(self.recovery_point).min(end);
        self.segments[first..end].iter().flat_map(Segment::files).collect()
    }

    fn plan(&self, mut files: Vec<PathBuf>, offset: i64) -> Option<FlushPlan> {
        let has_new_names = self.has_new_names();
        if has_new_names {
            files.push(self.epochs.path().to_owned());
        }
        let active_base = self.segments.last().map_or(offset, Segment::base_offset);
        let (truncations, name_changes) = (self.truncations, self.name_changes);
        let flushed = Flushed { offset, active_base, truncations, name_changes };
        let (store, folder) = (self.store.clone(), self.folder.clone());
        (!files.is_empty()).then_some(FlushPlan { store, folder, files, has_new_names, flushed })
    }

    /// Takes the outcome of a plan, moves the recovery point and, where readers wait for it, the high watermark. After
    /// a failure the log is offline: what a failed flush left on disk is not known, so the log has to be opened, and
    /// recovered, again.
    pub fn finish_flush(&mut self, outcome: Result<Flushed, LogError>) -> Result<(), LogError> {
        let flushed = outcome.inspect_err(|_| self.is_offline = true)?;
        self.flushed_names = self.flushed_names.max(flushed.name_changes);
        self.flushed_ms = self.now_ms;
        // What was flushed before a truncation says nothing about what came after it.
        if flushed.truncations == self.truncations {
            // A segment that was closed meanwhile has indexes that were not flushed.
            let is_active = self.active().base_offset() == flushed.active_base;
            let offset = if is_active { flushed.offset } else { flushed.offset.min(flushed.active_base) };
            self.recovery_point = self.recovery_point.max(offset.min(self.end_offset));
        }
        self.raise_high_watermark();
        Ok(())
    }

    /// Records wait longer than `flush.ms` for a flush.
    pub fn is_flush_late(&self, now_ms: i64) -> bool {
        self.recovery_point < self.end_offset
            && now_ms.saturating_sub(self.flushed_ms) >= self.config.flush_ms
    }

    /// Plans and runs at once.
    pub fn flush(&mut self) -> Result<(), LogError> {
        let Some(plan) = self.plan_flush()? else { return Ok(()) };
        self.finish_flush(plan.run())
    }

    /// Makes new, renamed and removed files survive a power loss.
    pub(super) fn sync_names(&mut self) -> Result<(), LogError> {
        if self.has_new_names() {
            self.store.sync_folder(&self.folder).at("flush", &self.folder, 0)?;
            // The file of leader epochs may still have to be flushed, which a plan does.
        }
        Ok(())
    }

    /// Flushes, and leaves files as those of a stopped log. Then the log may be dropped.
    pub fn close(&mut self) -> Result<(), LogError> {
        self.ensure_online()?;
        self.epochs.persist()?;
        if self.end_offset == 0 {
            // What was never written to needs no file.
            return Ok(());
        }
        if self.active().has_unwritten_entries() {
            self.note_new_names();
        }
        // Whoever holds the closed log on must not touch the file: it may be another's by then.
        self.active().release();
        self.active().seal()?;
        self.active().sync_indexes()?;
        self.flush()?;
        self.remove_condemned(i64::MAX)
    }

    /// Readers see all records, but with `flush.messages` of 1 only those that were flushed: else a group could commit
    /// an offset that is lost with the power, and skip the next record that gets it.
    pub(super) fn raise_high_watermark(&mut self) {
        let visible = if self.shows_flushed_only() { self.recovery_point } else { self.end_offset };
        self.high_watermark = self.high_watermark.max(visible);
    }

    pub(super) fn shows_flushed_only(&self) -> bool {
        self.config.flush_messages <= 1
    }

    pub(super) fn note_new_names(&mut self) {
        self.name_changes += 1;
    }

    fn has_new_names(&self) -> bool {
        self.name_changes > self.flushed_names
    }
}
