//! Batches that are sent out of their file, without being read.

use std::os::fd::BorrowedFd;
use std::sync::Arc;

use super::read::{LogRead, Wanted};
use crate::error::LogError;
use crate::scan::Located;
use crate::segment::Segment;
use crate::store::StoreFile;

/// Less is read into memory.
const SHORTEST: u64 = 64 << 10;

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

/// Batches from `first` on, up to an entry of the index. None where they have to be read: what is little, or was not checked
/// yet.
pub(super) fn find(segment: &Segment, first: &Located, wanted: &Wanted) -> Result<Option<LogRead>, LogError> {
    let position = first.position;
    if !segment.checked().covers(position..position + SHORTEST) {
        return Ok(None);
    }
    let Some(end) = segment.indexed_end(position + wanted.max_bytes as u64, wanted.upper_bound)? else {
        return Ok(None);
    };
    let bytes = end.position.saturating_sub(position);
    let Ok(length) = usize::try_from(bytes) else { return Ok(None) };
    if bytes < SHORTEST || !segment.checked().covers(position..end.position) {
        return Ok(None);
    }
    let file = segment.reader()?;
    if file.descriptor().is_none() {
        return Ok(None);
    }
    let range = FileRange { file, position, length };
    Ok(Some(LogRead { batches: Vec::new(), file: Some(range), size: length, next_offset: end.offset }))
}
