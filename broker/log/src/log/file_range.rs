//! Batches that are sent out of their file, without being read.

use std::os::fd::BorrowedFd;
use std::sync::Arc;

use super::read::{Begin, LogRead, Wanted};
use crate::error::LogError;
use crate::index::OffsetPosition;
use crate::store::StoreFile;

/// Less is read into memory.
pub(crate) const SENT_FROM_FILE: usize = 64 << 10;

/// Whole batches in a file.
#[derive(Clone, Debug)]
pub struct FileRange {
    file: Arc<dyn StoreFile>,
    pub position: u64,
    pub length: usize,
}

impl FileRange {
    /// The file, as long as this is held; none where it is not one of the machine.
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.file.descriptor()
    }
}

/// Batches from `begin` on, up to an entry of the index or the end of the segment. None where they have to be read: what is
/// little, or was not checked yet.
pub(super) fn find(begin: &Begin<'_>, wanted: &Wanted) -> Result<Option<LogRead>, LogError> {
    let Begin { segment, file, first, .. } = begin;
    let position = first.position;
    if file.descriptor().is_none() || !segment.checked().covers(position..position + SENT_FROM_FILE as u64) {
        return Ok(None);
    }
    let last = position + wanted.max_bytes as u64;
    let all = OffsetPosition { offset: begin.next_segment, position: segment.size() };
    let end = match all.position <= last && all.offset <= wanted.upper_bound {
        true => Some(all),
        false => segment.indexed_end(file.as_ref(), last, wanted.upper_bound)?,
    };
    let Some(end) = end else { return Ok(None) };
    let Ok(length) = usize::try_from(end.position.saturating_sub(position)) else { return Ok(None) };
    if length < SENT_FROM_FILE || !segment.checked().covers(position..end.position) {
        return Ok(None);
    }
    let range = FileRange { file: file.clone(), position, length };
    Ok(Some(LogRead { batches: Vec::new(), file: Some(range), size: length, next_offset: end.offset }))
}
