//! Reading batches: from memory when they are new, else from the file.

use std::sync::Arc;

use bytes::Bytes;
use strait_wire::batch::BatchHeader;

use super::PartitionLog;
use super::file_range::{self, FileRange};
use super::places::Place;
use crate::buffers::ReadBuffers;
use crate::error::{At, LogError};
use crate::scan::{Located, checked};
use crate::segment::Segment;
use crate::store::StoreFile;

/// What a read found.
#[derive(Clone, Debug, Default)]
pub struct LogRead {
    /// Whole batches one after the other; a batch may be made of several slices. The first may begin before the
    /// offset that was asked for.
    pub batches: Vec<Bytes>,
    /// Batches that stay in their file; there are no others then.
    pub file: Option<FileRange>,
    /// Bytes of all batches.
    pub size: usize,
    /// Where the next read begins.
    pub next_offset: i64,
}

/// How much is read, and how.
#[derive(Clone, Copy, Debug)]
pub struct ReadLimits {
    /// About so much.
    pub max_bytes: usize,
    /// The first batch comes even when it is larger.
    pub at_least_one: bool,
    /// Long reads of what was checked before stay in their file.
    pub may_stay: bool,
}

impl ReadLimits {
    /// About `max_bytes`, at least one batch, all of it in memory.
    pub const fn in_memory(max_bytes: usize) -> Self {
        Self { max_bytes, at_least_one: true, may_stay: false }
    }
}

impl PartitionLog {
    /// Whole batches from the one that holds `from_offset`, none of which reaches `upper_bound_offset`. What is read from a
    /// file is checked against its checksum.
    pub fn read(
        &self,
        from_offset: i64,
        upper_bound_offset: i64,
        limits: ReadLimits,
    ) -> Result<LogRead, LogError> {
        let upper_bound = upper_bound_offset.min(self.end_offset);
        let ReadLimits { max_bytes, at_least_one, may_stay } = limits;
        if from_offset < self.start_offset || from_offset > self.end_offset {
            let (start, end) = (self.start_offset, self.end_offset);
            return Err(LogError::OffsetOutOfRange {
                path: self.folder.clone(),
                offset: from_offset,
                start,
                end,
            });
        }
        let nothing = LogRead { next_offset: from_offset, ..LogRead::default() };
        if from_offset >= upper_bound {
            self.tail.note_reader(may_stay);
            return Ok(nothing);
        }
        if let Some(read) = self.tail.read(from_offset, max_bytes, upper_bound, at_least_one) {
            let (size, next_offset) = (read.size, read.next_offset);
            return Ok(LogRead { batches: read.slices, file: None, size, next_offset });
        }
        let Some(begin) = self.locate(from_offset)? else { return Ok(nothing) };
        let wanted = Wanted { from_offset, max_bytes, upper_bound, at_least_one };
        let found = if may_stay { file_range::find(&begin, &wanted)? } else { None };
        let read = match found {
            Some(found) => found,
            None => read_segment(&begin, &wanted, &self.buffers)?,
        };
        if read.next_offset >= upper_bound {
            self.tail.note_reader(may_stay);
        }
        let segment_base = begin.segment.base_offset();
        let position = begin.first.position + read.size as u64;
        self.places.moved(from_offset, Place { offset: read.next_offset, segment_base, position });
        Ok(read)
    }

    /// The first batch that ends at `offset` or later.
    fn locate(&self, offset: i64) -> Result<Option<Begin<'_>>, LogError> {
        let segments = &self.segments[self.segment_of(offset)..];
        let next_segment =
            |index: usize| segments.get(index + 1).map_or(self.end_offset, Segment::base_offset);
        if let (Some(place), Some(segment)) = (self.places.find(offset), segments.first())
            && segment.base_offset() == place.segment_base
        {
            let file = segment.reader()?;
            if let Some(first) = segment.batch_at(file.as_ref(), place.position, offset) {
                return Ok(Some(Begin { segment, file, first, next_segment: next_segment(0) }));
            }
        }
        for (index, segment) in segments.iter().enumerate() {
            if let Some(first) = segment.locate(offset)? {
                let next_segment = next_segment(index);
                return Ok(Some(Begin { segment, file: segment.reader()?, first, next_segment }));
            }
        }
        Ok(None)
    }
}

pub(super) struct Wanted {
    from_offset: i64,
    pub(super) max_bytes: usize,
    pub(super) upper_bound: i64,
    at_least_one: bool,
}

/// Where a read begins.
pub(super) struct Begin<'a> {
    pub(super) segment: &'a Segment,
    /// The segment's.
    pub(super) file: Arc<dyn StoreFile>,
    pub(super) first: Located,
    /// Offset of the next segment, or the end of the log.
    pub(super) next_segment: i64,
}

/// Reads from `begin` on; only one segment is read, as Kafka does.
fn read_segment(begin: &Begin<'_>, wanted: &Wanted, buffers: &Arc<ReadBuffers>) -> Result<LogRead, LogError> {
    let Begin { segment, file, first, .. } = begin;
    let nothing = LogRead { next_offset: wanted.from_offset, ..LogRead::default() };
    if first.size > wanted.max_bytes && !wanted.at_least_one {
        return Ok(nothing);
    }
    let left = usize::try_from(segment.size() - first.position).unwrap_or(usize::MAX);
    let length = wanted.max_bytes.max(first.size).min(left);
    let path = segment.path();
    let bytes = buffers
        .fill(length, |buffer| file.read_at(first.position, buffer).at("read", path, first.position))?;
    let mut read = nothing;
    while let Some(size) = whole_batch(&bytes[read.size..]) {
        let position = first.position + read.size as u64;
        let batch = match checked(bytes.slice(read.size..read.size + size), path, position) {
            // The next read begins at the damage and tells it.
            Err(_) if read.size > 0 => break,
            batch => batch?,
        };
        if batch.header().next_offset() > wanted.upper_bound {
            break;
        }
        read.size += size;
        read.next_offset = batch.header().next_offset();
    }
    segment.checked().note(first.position..first.position + read.size as u64);
    read.batches = vec![bytes.slice(..read.size)];
    Ok(read)
}

/// Size of the batch at the front, when all of it is there.
fn whole_batch(bytes: &[u8]) -> Option<usize> {
    BatchHeader::peek(bytes)?.total_size().filter(|size| *size <= bytes.len())
}
