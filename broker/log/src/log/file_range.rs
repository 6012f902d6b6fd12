//! Batches that are sent out of their file, without being read.

use std::os::fd::BorrowedFd;
use std::sync::Arc;

use super::PartitionLog;
use super::places::Place;
use crate::error::LogError;
use crate::store::StoreFile;

/// Less is read into memory.
const SHORTEST: u64 = 64 << 10;

/// Whole batches in a file.
#[derive(Clone, Debug)]
pub struct FileRange {
    file: Arc<dyn StoreFile>,
    pub position: u64,
    pub length: usize,
    /// Where the next read begins.
    pub next_offset: i64,
}

impl FileRange {
    /// The file, as long as this is held; none where it is not one of the machine.
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.file.descriptor()
    }
}

impl PartitionLog {
    /// Where batches lie that [`read`](Self::read) would give, up to an entry of the index. None where that has to be
    /// asked: for what is in memory, for little, for what was not checked yet, and for offsets that are not there.
    pub fn find_in_file(
        &self,
        from_offset: i64,
        max_bytes: usize,
        upper_bound_offset: i64,
    ) -> Result<Option<FileRange>, LogError> {
        let upper_bound = upper_bound_offset.min(self.end_offset);
        let is_in_memory = self.tail.start().is_some_and(|start| start <= from_offset);
        if is_in_memory || from_offset < self.start_offset || from_offset >= upper_bound {
            return Ok(None);
        }
        let Some((segment, first)) = self.locate(from_offset)? else { return Ok(None) };
        let Some(end) = segment.indexed_end(first.position + max_bytes as u64, upper_bound)? else {
            return Ok(None);
        };
        let range = first.position..end.position;
        if range.end.saturating_sub(range.start) < SHORTEST || !segment.checked().covers(range.clone()) {
            return Ok(None);
        }
        let file = segment.reader()?;
        let Ok(length) = usize::try_from(range.end - range.start) else { return Ok(None) };
        let (segment_base, position) = (segment.base_offset(), range.end);
        self.places.moved(from_offset, Place { offset: end.offset, segment_base, position });
        let found = FileRange { file, position: range.start, length, next_offset: end.offset };
        Ok(found.descriptor().is_some().then_some(found))
    }
}
