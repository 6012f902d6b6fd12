//! Timestamp to offset: entries of 12 bytes, a timestamp and the offset of the batch that holds it, where the
//! timestamp is the largest so far (`TimeIndex`).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::table::Table;
use crate::error::LogError;
use crate::store::Store;

const WIDTH: usize = 12;

#[derive(Debug)]
pub(crate) struct TimeIndex {
    base_offset: i64,
    table: Table<WIDTH>,
}

/// A timestamp in milliseconds, and the last offset of the batch that brought it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BatchTime {
    pub(crate) timestamp: i64,
    pub(crate) offset: i64,
}

impl TimeIndex {
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

    /// Once `more` entries have come. One is kept for the close of the segment.
    pub(crate) fn is_full(&self, more: u64, limit_bytes: u32) -> bool {
        self.table.length() + more + 1 >= u64::from(limit_bytes) / WIDTH as u64
    }

    /// Whether the last entry is later than the first.
    pub(crate) fn is_sound(&self) -> Result<bool, LogError> {
        let Some(last) = self.last() else { return Ok(true) };
        let first = self.decode(&self.table.get(0)?);
        let is_sorted = self.table.length() == 1 || first.timestamp < last.timestamp;
        Ok(is_sorted && first.offset >= self.base_offset && last.offset >= self.base_offset)
    }

    pub(crate) fn last(&self) -> Option<BatchTime> {
        self.table.last().map(|entry| self.decode(entry))
    }

    /// Adds an entry when the timestamp is above the last one.
    pub(crate) fn push(&mut self, time: BatchTime) -> Result<(), LogError> {
        if self.last().is_some_and(|last| last.timestamp >= time.timestamp) {
            return Ok(());
        }
        let path = self.table.path();
        let relative = i32::try_from(time.offset - self.base_offset)
            .map_err(|_| LogError::corrupt(path, 0, "an offset is too far from the segment's base"))?;
        let mut entry = [0; WIDTH];
        entry[..8].copy_from_slice(&time.timestamp.to_be_bytes());
        entry[8..].copy_from_slice(&relative.to_be_bytes());
        self.table.push(entry);
        Ok(())
    }

    /// Makes room, so that the next entry needs no I/O.
    pub(crate) fn reserve(&mut self) -> Result<(), LogError> {
        self.table.reserve()
    }

    /// The last entry at or before `timestamp`.
    pub(crate) fn lookup(&self, timestamp: i64) -> Result<Option<BatchTime>, LogError> {
        let last = self.table.last_of(|entry| self.decode(entry).timestamp <= timestamp)?;
        Ok(last.map(|entry| self.decode(&entry)))
    }

    /// Forgets entries of `offset` and later.
    pub(crate) fn truncate_to(&mut self, offset: i64) -> Result<(), LogError> {
        let entries = self.table.partition_point(|entry| self.decode(entry).offset < offset)?;
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

    fn decode(&self, entry: &[u8; WIDTH]) -> BatchTime {
        let [a, b, c, d, e, f, g, h, i, j, k, l] = *entry;
        BatchTime {
            timestamp: i64::from_be_bytes([a, b, c, d, e, f, g, h]),
            offset: self.base_offset.saturating_add(i64::from(i32::from_be_bytes([i, j, k, l]))),
        }
    }
}
