//! Adding batches to the active segment, and when the next segment is due.

use std::sync::Arc;

use bytes::Bytes;
use strait_wire::batch::BatchHeader;

use super::Segment;
use crate::budget::Budget;
use crate::config::LogConfig;
use crate::error::{At, LogError};
use crate::index::BatchTime;

/// Positions in an index are 31 bits.
const LARGEST_SEGMENT: u32 = i32::MAX as u32;

impl Segment {
    /// Writes batches, with their headers and sizes, at once behind the last one. After an error the segment ends where
    /// it did.
    pub(crate) fn append(
        &mut self,
        slices: &[Bytes],
        batches: &[(&BatchHeader, u64)],
        index_interval_bytes: u32,
        files: &Arc<Budget>,
    ) -> Result<(), LogError> {
        self.clear_remains()?;
        self.offset_index.reserve()?;
        self.time_index.reserve()?;
        let file = self.writer(files)?;
        self.prepare_room(batches.iter().map(|(_, size)| size).sum());
        if let Err(error) = file.write_at(self.size, slices) {
            self.has_remains = true;
            // When this fails too, the next append tries it again.
            let _ = self.clear_remains();
            return Err(error).at("append to", &self.path, self.size);
        }
        batches.iter().try_for_each(|(header, size)| self.note(header, *size, index_interval_bytes))
    }

    /// Counts a batch that is in the file: timestamps, index entries, size.
    pub(super) fn note(&mut self, header: &BatchHeader, size: u64, interval: u32) -> Result<(), LogError> {
        if self.size == 0 {
            self.first_timestamp = Some(header.max_timestamp);
        }
        if self.largest.is_none_or(|largest| header.max_timestamp > largest.timestamp) {
            self.largest = Some(BatchTime { timestamp: header.max_timestamp, offset: header.last_offset() });
        }
        if self.bytes_since_index > u64::from(interval) {
            self.offset_index.push(header.last_offset(), self.size)?;
            if let Some(largest) = self.largest() {
                self.time_index.push(largest)?;
            }
            self.bytes_since_index = 0;
        }
        self.size += size;
        self.bytes_since_index += size;
        Ok(())
    }

    /// Cuts what a failed append left behind.
    pub(super) fn clear_remains(&mut self) -> Result<(), LogError> {
        if !self.has_remains {
            return Ok(());
        }
        let file = self.store.open_to_write(&self.path).at("open", &self.path, 0)?;
        file.truncate(self.size).at("truncate", &self.path, self.size)?;
        self.has_remains = false;
        Ok(())
    }

    /// Whether a batch behind `before` others, `bytes` with them, has to begin a new segment (`LogSegment.shouldRoll`).
    /// Time counts from the first batch by the records' timestamps, and by the clock where the records have none.
    pub(crate) fn is_full_for(
        &mut self,
        header: &BatchHeader,
        (before, bytes): (u64, u64),
        config: &LogConfig,
        now_ms: i64,
    ) -> Result<bool, LogError> {
        let limit = u64::from(config.segment_bytes.min(LARGEST_SEGMENT));
        let index_limit = config.segment_index_bytes;
        if self.size + bytes > limit
            || self.offset_index.is_full(before, index_limit)
            || self.time_index.is_full(before, index_limit)
            || i32::try_from(header.last_offset() - self.base_offset).is_err()
        {
            return Ok(true);
        }
        let allowed_ms = config.segment_ms.saturating_sub(config.segment_jitter_ms);
        Ok(self.size > 0 && self.waited_ms(header, now_ms)? > allowed_ms)
    }

    fn waited_ms(&mut self, header: &BatchHeader, now_ms: i64) -> Result<i64, LogError> {
        if self.first_timestamp.is_none() {
            self.first_timestamp = self.scanner(0)?.next()?.map(|batch| batch.header.max_timestamp);
        }
        Ok(match self.first_timestamp.filter(|timestamp| *timestamp >= 0) {
            Some(first) => header.max_timestamp.saturating_sub(first),
            None => now_ms.saturating_sub(self.created_ms),
        })
    }
}
