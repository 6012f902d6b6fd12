//! What is removed from the front of a log: by age, by size, by DeleteRecords (`UnifiedLog.deleteOldSegments`).

use std::path::PathBuf;

use super::PartitionLog;
use crate::error::{At, LogError};
use crate::names::DELETED;
use crate::segment::Segment;

impl PartitionLog {
    /// DeleteRecords: nothing below `offset` may be read any more. Whole segments below it go with the next
    /// retention. An offset above the end is out of range; one below the start changes nothing.
    pub fn delete_until(&mut self, offset: i64) -> Result<(), LogError> {
        self.ensure_online()?;
        if offset > self.end_offset {
            let (start, end) = (self.start_offset, self.end_offset);
            return Err(LogError::OffsetOutOfRange { path: self.folder.clone(), offset, start, end });
        }
        if offset > self.start_offset {
            self.start_offset = offset;
            self.note_new_names();
            self.epochs.truncate_from_start(offset);
            self.epochs.persist()?;
        }
        Ok(())
    }

    /// Removes old segments by `retention.ms`, `retention.bytes` and the log's start. Only segments wholly below the
    /// high watermark go; where all go, the log begins an empty one. Gives the base offsets of what went.
    pub fn apply_retention(&mut self, now_ms: i64, high_watermark: i64) -> Result<Vec<i64>, LogError> {
        self.ensure_online()?;
        self.now_ms = now_ms;
        self.remove_condemned(now_ms)?;
        let mut count = self.below_start(high_watermark);
        if self.config.cleanup_policy.delete {
            count = count.max(self.expired(now_ms, high_watermark)?);
            count = self.oversize(count, high_watermark);
        }
        self.delete_first(count, now_ms)
    }

    /// Offset behind a segment.
    pub(super) fn segment_end(&self, index: usize) -> i64 {
        self.segments.get(index + 1).map_or(self.end_offset, Segment::base_offset)
    }

    /// Whether a segment is wholly below the high watermark, and more than an empty active one.
    fn may_go(&self, index: usize, high_watermark: i64) -> bool {
        let is_last = index + 1 == self.segments.len();
        high_watermark >= self.segment_end(index) && !(is_last && self.segments[index].size() == 0)
    }

    fn below_start(&self, high_watermark: i64) -> usize {
        let closed = 0..self.segments.len() - 1;
        let below = |index: &usize| {
            self.segment_end(*index) <= self.start_offset && self.may_go(*index, high_watermark)
        };
        closed.take_while(below).count()
    }

    fn expired(&self, now_ms: i64, high_watermark: i64) -> Result<usize, LogError> {
        if self.config.retention_ms < 0 {
            return Ok(0);
        }
        for (index, segment) in self.segments.iter().enumerate() {
            let age_ms = now_ms.saturating_sub(segment.retention_timestamp()?);
            if age_ms <= self.config.retention_ms || !self.may_go(index, high_watermark) {
                return Ok(index);
            }
        }
        Ok(self.segments.len())
    }

    /// Counts on from `first` segments that go anyway.
    fn oversize(&self, first: usize, high_watermark: i64) -> usize {
        let Ok(allowed) = u64::try_from(self.config.retention_bytes) else { return first };
        let mut left: u64 = self.segments[first..].iter().map(Segment::size).sum();
        let mut count = first;
        while let Some(segment) = self.segments.get(count) {
            if left < allowed.saturating_add(segment.size()) || !self.may_go(count, high_watermark) {
                break;
            }
            left -= segment.size();
            count += 1;
        }
        count
    }

    fn delete_first(&mut self, count: usize, now_ms: i64) -> Result<Vec<i64>, LogError> {
        if count == 0 {
            return Ok(Vec::new());
        }
        if count == self.segments.len() {
            self.roll(now_ms)?;
        }
        let removed: Vec<Segment> = self.segments.drain(..count).collect();
        let first = self.segments[0].base_offset();
        self.start_offset = self.start_offset.max(first);
        // The log's start is told before the files go: what a reader may still ask for is there.
        self.epochs.truncate_from_start(self.start_offset);
        self.epochs.persist()?;
        for segment in &removed {
            self.condemn(segment, now_ms)?;
        }
        let bases: Vec<i64> = removed.iter().map(Segment::base_offset).collect();
        self.remove_snapshots_at(&bases)?;
        Ok(bases)
    }

    /// Renames the files of a segment to `*.deleted`; they go after `file.delete.delay.ms`.
    pub(super) fn condemn(&mut self, segment: &Segment, now_ms: i64) -> Result<(), LogError> {
        let due_ms = now_ms.saturating_add(self.config.file_delete_delay_ms);
        for file in segment.files() {
            let mut renamed = file.clone().into_os_string();
            renamed.push(DELETED);
            let renamed = PathBuf::from(renamed);
            match self.store.rename(&file, &renamed).at("rename", &file, 0) {
                Err(error) if error.is_missing() => continue,
                result => result?,
            }
            self.condemned.push((due_ms, renamed));
        }
        self.note_new_names();
        Ok(())
    }

    /// Removes files whose delay has passed.
    pub(super) fn remove_condemned(&mut self, now_ms: i64) -> Result<(), LogError> {
        while let Some(index) = self.condemned.iter().position(|(due_ms, _)| *due_ms <= now_ms) {
            let (_, path) = self.condemned.swap_remove(index);
            // A segment that was cleaned twice is there once.
            self.discard(&[path])?;
        }
        Ok(())
    }
}
