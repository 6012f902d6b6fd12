//! The file of the segment that is appended to stays open while it is used, as far as the budget of all logs goes.

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
    /// Up to where room was set aside.
    room_to: u64,
}

impl Drop for KeptFile {
    fn drop(&mut self) {
        if self.room_to > 0 {
            self.file.give_back();
        }
        self.budget.give_back(1);
    }
}

impl Segment {
    /// The file, to be appended to.
    pub(super) fn writer(&mut self, files: &Arc<Budget>) -> Result<Arc<dyn StoreFile>, LogError> {
        if let Some(kept) = &mut self.file {
            kept.was_used = true;
            return Ok(kept.file.clone());
        }
        let file = self.store.open_append(&self.path).at("open", &self.path, 0)?;
        if files.take(1) {
            self.file =
                Some(KeptFile { file: file.clone(), budget: files.clone(), was_used: true, room_to: 0 });
        }
        Ok(file)
    }

    /// Sets room aside for a batch of this size, and for more, while the file is kept: blocks that a file system finds one
    /// by one take longer than the bytes in them.
    pub(super) fn set_room_aside(&mut self, size: u64) {
        let (begin, end) = (self.size, self.size + size);
        if let Some(kept) = &mut self.file
            && begin >= LEAST_ROOM
            && end > kept.room_to
        {
            let room = (begin / PART).clamp(LEAST_ROOM, MOST_ROOM);
            kept.file.set_aside(begin, size + room);
            kept.room_to = end + room;
        }
    }

    /// The file, to be read.
    pub(crate) fn reader(&self) -> Result<Arc<dyn StoreFile>, LogError> {
        match &self.file {
            Some(kept) => Ok(kept.file.clone()),
            None => self.store.open(&self.path).at("open", &self.path, 0),
        }
    }

    /// The file goes; it is opened again when it is needed.
    pub(crate) fn release(&mut self) {
        self.file = None;
    }

    /// Closes the file if nothing was appended since the last call.
    pub(crate) fn release_if_idle(&mut self) {
        if let Some(kept) = &mut self.file
            && !std::mem::take(&mut kept.was_used)
        {
            self.file = None;
        }
    }
}
