//! Making records survive a power loss.

use super::PartitionLog;
use crate::error::{At, LogError};

impl PartitionLog {
    /// Flushes all records and moves the recovery point to the end of the log. After an error the log is offline:
    /// what a failed flush left on disk is not known, so the log has to be opened, and recovered, again.
    pub fn flush(&mut self) -> Result<(), LogError> {
        self.ensure_online()?;
        let flushed = self.flush_files();
        match &flushed {
            Ok(()) => self.recovery_point = self.end_offset,
            Err(_) => self.is_offline = true,
        }
        flushed
    }

    fn flush_files(&mut self) -> Result<(), LogError> {
        let first = self.segment_of(self.recovery_point);
        self.segments[first..].iter_mut().try_for_each(|segment| segment.sync())?;
        self.sync_names()
    }

    /// Makes new, renamed and removed files survive a power loss.
    pub(super) fn sync_names(&mut self) -> Result<(), LogError> {
        if self.has_new_names {
            self.store.sync_folder(&self.folder).at("flush", &self.folder, 0)?;
            self.has_new_names = false;
        }
        Ok(())
    }

    /// Flushes, and writes what the indexes of a stopped log have. Then the log may be dropped.
    pub fn close(&mut self) -> Result<(), LogError> {
        self.ensure_online()?;
        self.active().seal()?;
        self.flush()?;
        self.remove_condemned(i64::MAX)
    }
}
