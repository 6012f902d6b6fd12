//! Offset to position: entries of 8 bytes, the last offset of a batch less the segment's base offset, and where
//! the batch begins (`OffsetIndex`).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::table::Table;
use crate::error::LogError;
use crate::store::Store;

const WIDTH: usize = 8;

#[derive(Debug)]
pub(crate) struct OffsetIndex {
    base_offset: i64,
    table: Table<WIDTH>,
}

/// Where the batch that ends with an offset begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OffsetPosition {
    pub(crate) offset: i64,
    pub(crate) position: u64,
}

impl OffsetIndex {
    pub(crate) fn open(
        store: Arc<dyn Store>,
        path: PathBuf,
        base_offset: i64,
        length: u64,
    ) -> Result<Self, LogError> {
        Ok(Self { base_offset, table: Table::open(store, path, length)? })
    }

    pub(crate) fn length_bytes(&self) -> u64 {
        self.table.length() * WIDTH as u64
    }

    pub(crate) fn path(&self) -> &Path {
        self.table.path()
    }

    /// Once `more` entries have come.
    pub(crate) fn is_full(&self, more: u64, limit_bytes: u32) -> bool {
        self.table.length() + more >= u64::from(limit_bytes) / WIDTH as u64
    }

    /// Whether the last entry lies behind the first and within `log_size`.
    pub(crate) fn is_sound(&self, log_size: u64) -> Result<bool, LogError> {
        let Some(last) = self.last() else { return Ok(true) };
        let first = self.decode(&self.table.get(0)?);
        let is_sorted =
            self.table.length() == 1 || (first.offset < last.offset && first.position < last.position);
        Ok(is_sorted && first.offset >= self.base_offset && last.position < log_size)
    }

    pub(crate) fn last(&self) -> Option<OffsetPosition> {
        self.table.last().map(|entry| self.decode(entry))
    }

    pub(crate) fn push(&mut self, offset: i64, position: u64) -> Result<(), LogError> {
        let path = self.table.path();
        let relative = i32::try_from(offset - self.base_offset)
            .map_err(|_| LogError::corrupt(path, 0, "an offset is too far from the segment's base"))?;
        let place =
            i32::try_from(position).map_err(|_| LogError::corrupt(path, 0, "a position is above 2 GiB"))?;
        let mut entry = [0; WIDTH];
        entry[..4].copy_from_slice(&relative.to_be_bytes());
        entry[4..].copy_from_slice(&place.to_be_bytes());
        self.table.push(entry);
        Ok(())
    }

    /// Makes room, so that the next entry needs no I/O.
    pub(crate) fn reserve(&mut self) -> Result<(), LogError> {
        self.table.reserve()
    }

    /// A position at or before the batch that holds `offset`.
    pub(crate) fn lookup(&self, offset: i64) -> Result<OffsetPosition, LogError> {
        let last = self.table.last_of(|entry| self.decode(entry).offset <= offset)?;
        let begin = OffsetPosition { offset: self.base_offset, position: 0 };
        Ok(last.map_or(begin, |entry| self.decode(&entry)))
    }

    /// The last entry of a batch that begins at `position` at most and ends before `bound`.
    pub(crate) fn last_before(&self, position: u64, bound: i64) -> Result<Option<OffsetPosition>, LogError> {
        let last = self.table.last_of(|entry| {
            let entry = self.decode(entry);
            entry.position <= position && entry.offset < bound
        })?;
        Ok(last.map(|entry| self.decode(&entry)))
    }

    /// Forgets entries of batches at or after `position`.
    pub(crate) fn truncate_to(&mut self, position: u64) -> Result<(), LogError> {
        let entries = self.table.partition_point(|entry| self.decode(entry).position < position)?;
        self.table.truncate(entries)
    }

    pub(crate) fn persist(&mut self) -> Result<(), LogError> {
        self.table.persist()
    }

    /// Forgets entries of the file that are in memory.
    pub(crate) fn release(&self) {
        self.table.release();
    }

    pub(crate) fn has_unwritten(&self) -> bool {
        self.table.has_unwritten()
    }

    pub(crate) fn sync(&mut self) -> Result<(), LogError> {
        self.table.sync()
    }

    fn decode(&self, entry: &[u8; WIDTH]) -> OffsetPosition {
        let [a, b, c, d, e, f, g, h] = *entry;
        OffsetPosition {
            offset: self.base_offset.saturating_add(i64::from(i32::from_be_bytes([a, b, c, d]))),
            position: u64::from(u32::from_be_bytes([e, f, g, h])),
        }
    }
}
