//! The file of the segment that is appended to stays open while it is used, as far as the budget of all logs goes.

use std::io;
use std::sync::Arc;

use super::Segment;
use crate::budget::Budget;
use crate::error::{At, LogError};
use crate::store::StoreFile;

/// Set aside at a time: a part of what the segment has, since many short ones shall not take a disk's room.
const LEAST_ROOM: u64 = 1 << 20;
const MOST_ROOM: u64 = 8 << 20;
const PART: u64 = 4;

/// An open file that counts against a budget.
#[derive(Debug)]
pub(super) struct KeptFile {
    file: Arc<dyn StoreFile>,
    budget: Arc<Budget>,
    /// Since the last look for idle files.
    was_used: bool,
    /// From here on it was written without a pause.
    busy_from: u64,
    /// What the segment had at the last look for pauses.
    looked_at: u64,
    /// Up to where room was set aside.
    room_to: u64,
    /// Up to where zeros were written, or tried to.
    filled_to: u64,
}

impl Drop for KeptFile {
    fn drop(&mut self) {
        self.budget.give_back(1);
    }
}

impl KeptFile {
    /// Sets room aside: blocks that a file system finds one by one take longer than the bytes in them.
    fn set_aside(&mut self, begin: u64, size: u64) {
        let end = begin + size;
        if begin >= LEAST_ROOM && end > self.room_to {
            let room = (begin / PART).clamp(LEAST_ROOM, MOST_ROOM);
            self.file.set_aside(begin, size + room);
            self.room_to = end + room;
        }
    }

    /// Fills what a short write, and those behind it, will come to, once there were many. Zeros that were not written over are
    /// cut in the first pause, or by a recovery.
    fn fill(&mut self, begin: u64, size: u64) {
        let Some(part) = self.file.filled_by() else { return };
        let end = begin + size;
        let is_busy = begin.saturating_sub(self.busy_from) >= PART * part;
        if is_busy && size < part / 2 && end > self.filled_to {
            let range = begin.max(self.filled_to)..(end / part + 1) * part;
            self.filled_to = range.end;
            // Trouble is told by the write of batches.
            let _ = self.file.fill(range);
        }
    }

    fn give_back(&mut self, end: u64) -> io::Result<()> {
        let is_prepared = self.room_to > 0 || self.filled_to > 0;
        (self.room_to, self.filled_to) = (0, 0);
        if is_prepared { self.file.give_back(end) } else { Ok(()) }
    }
}

impl Segment {
    /// The file, to be appended to.
    pub(super) fn writer(&mut self, files: &Arc<Budget>) -> Result<Arc<dyn StoreFile>, LogError> {
        if let Some(kept) = &mut self.file {
            kept.was_used = true;
            return Ok(kept.file.clone());
        }
        let file = self.store.open_to_write(&self.path).at("open", &self.path, 0)?;
        if files.take(1) {
            self.file = Some(KeptFile {
                file: file.clone(),
                budget: files.clone(),
                was_used: true,
                busy_from: self.size,
                looked_at: self.size,
                room_to: 0,
                filled_to: 0,
            });
        }
        Ok(file)
    }

    /// Prepares the file for a write of this size, and for more, while it is kept.
    pub(super) fn prepare_room(&mut self, size: u64) {
        if let Some(kept) = &mut self.file {
            kept.set_aside(self.size, size);
            kept.fill(self.size, size);
        }
    }

    /// The file, to be read.
    pub(crate) fn reader(&self) -> Result<Arc<dyn StoreFile>, LogError> {
        match &self.file {
            Some(kept) => Ok(kept.file.clone()),
            None => self.store.open(&self.path).at("open", &self.path, 0),
        }
    }

    /// The file goes, without what lies behind its last batch; it is opened again when it is needed.
    pub(crate) fn release(&mut self) {
        if let Some(mut kept) = self.file.take() {
            self.has_remains |= kept.give_back(self.size).is_err();
        }
    }

    /// Cuts zeros behind the last batch if nothing was appended since the last call.
    pub(crate) fn cut_in_pause(&mut self) {
        let Some(kept) = &mut self.file else { return };
        if kept.looked_at == self.size {
            kept.busy_from = self.size;
            if kept.filled_to > self.size {
                self.has_remains |= kept.give_back(self.size).is_err();
            }
        }
        kept.looked_at = self.size;
    }

    /// Closes the file if nothing was appended since the last call.
    pub(crate) fn release_if_idle(&mut self) {
        if let Some(kept) = &mut self.file
            && !std::mem::take(&mut kept.was_used)
        {
            self.release();
        }
    }
}
