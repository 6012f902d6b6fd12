//! Flushing closed segments on another thread, so that a roll does not hold up appends (`UnifiedLog.roll`).

use std::path::PathBuf;
use std::sync::Arc;

use super::PartitionLog;
use crate::error::{At, LogError};
use crate::segment::Segment;
use crate::store::Store;

/// Files of closed segments to be flushed, on any thread.
#[derive(Debug)]
pub struct FlushPlan {
    store: Arc<dyn Store>,
    folder: PathBuf,
    files: Vec<PathBuf>,
    flushed: Flushed,
}

/// Up to where a plan flushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flushed {
    offset: i64,
    truncations: u64,
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
        self.store.sync_folder(&self.folder).at("flush", &self.folder, 0)?;
        Ok(self.flushed)
    }
}

impl PartitionLog {
    /// What to flush after a roll: the closed segments from the recovery point on. None when they are flushed.
    pub fn plan_flush(&self) -> Result<Option<FlushPlan>, LogError> {
        self.ensure_online()?;
        let closed = self.segments.len() - 1;
        let offset = self.segments[closed].base_offset();
        if self.recovery_point >= offset {
            return Ok(None);
        }
        let first = self.segment_of(self.recovery_point);
        let files = self.segments[first..closed].iter().flat_map(Segment::files).collect();
        let flushed = Flushed { offset, truncations: self.truncations };
        Ok(Some(FlushPlan { store: self.store.clone(), folder: self.folder.clone(), files, flushed }))
    }

    /// Takes the outcome of a plan and moves the recovery point. A failure takes the log offline, as with
    /// [`PartitionLog::flush`].
    pub fn finish_flush(&mut self, outcome: Result<Flushed, LogError>) -> Result<(), LogError> {
        let flushed = outcome.inspect_err(|_| self.is_offline = true)?;
        // What was flushed before a truncation says nothing about what came after it.
        if flushed.truncations == self.truncations {
            self.recovery_point = self.recovery_point.max(flushed.offset.min(self.end_offset));
        }
        Ok(())
    }
}
