//! What of a log is due for compaction (`LogCleanerManager`), and taking the result.

use std::path::PathBuf;

use super::PartitionLog;
use crate::cleaner::{Cleaned, CleaningPlan, Request, swap};
use crate::error::LogError;
use crate::names::{self, CLEANED};
use crate::segment::Segment;
use crate::snapshot::ProducerSnapshotEntry;

/// What could be cleaned, and whether it should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cleanable {
    /// Where the last cleaning ended.
    pub first_dirty: i64,
    /// Bytes of segments that were cleaned.
    pub clean_bytes: u64,
    /// Bytes of closed segments that were not.
    pub dirty_bytes: u64,
    /// By `min.cleanable.dirty.ratio` or `max.compaction.lag.ms`.
    pub is_due: bool,
    /// Segments from the first on that may be cleaned.
    count: usize,
}

impl Cleanable {
    /// Dirty bytes as a part of all; the largest is cleaned first.
    pub fn dirty_ratio(&self) -> f64 {
        let all = self.clean_bytes + self.dirty_bytes;
        if all == 0 { 0.0 } else { self.dirty_bytes as f64 / all as f64 }
    }
}

impl PartitionLog {
    /// What could be cleaned: closed segments that end at or below the last stable offset and hold nothing younger than
    /// `min.compaction.lag.ms`. `first_dirty` is what the last [`PartitionLog::adopt`] gave, 0 at first.
    pub fn cleanable(
        &self,
        first_dirty: i64,
        last_stable_offset: i64,
        now_ms: i64,
    ) -> Result<Cleanable, LogError> {
        let is_known = (self.start_offset..=self.end_offset).contains(&first_dirty);
        let first_dirty = if is_known { first_dirty } else { self.start_offset };
        let closed = self.segments.len() - 1;
        let lag_ms = self.config.min_compaction_lag_ms;
        let is_young = |segment: &Segment| {
            let newest = segment.largest().map_or(i64::MIN, |largest| largest.timestamp);
            lag_ms > 0 && newest > now_ms.saturating_sub(lag_ms)
        };
        let may = |index: &usize| {
            let is_old = self.segment_end(*index) <= first_dirty || !is_young(&self.segments[*index]);
            self.segment_end(*index) <= last_stable_offset && is_old
        };
        let count = (0..closed).take_while(may).count();
        let dirty = self.segment_of(first_dirty).min(count);
        let bytes = |segments: &[Segment]| segments.iter().map(Segment::size).sum();
        let (clean_bytes, dirty_bytes) =
            (bytes(&self.segments[..dirty]), bytes(&self.segments[dirty..count]));
        let mut found = Cleanable { first_dirty, clean_bytes, dirty_bytes, is_due: false, count };
        let is_late = self.is_late(dirty, now_ms)?;
        found.is_due =
            dirty_bytes > 0 && (is_late || found.dirty_ratio() > self.config.min_cleanable_dirty_ratio);
        Ok(found)
    }

    /// Whether the first dirty segment is older than `max.compaction.lag.ms`.
    fn is_late(&self, dirty: usize, now_ms: i64) -> Result<bool, LogError> {
        let limit_ms = self.config.max_compaction_lag_ms;
        if limit_ms == i64::MAX {
            return Ok(false);
        }
        let first = self.segments[dirty].scanner(0)?.next()?;
        let timestamp = first.map_or(-1, |batch| batch.header.max_timestamp);
        Ok(timestamp >= 0 && now_ms.saturating_sub(timestamp) > limit_ms)
    }

    /// Plans to clean what is cleanable; none when nothing is. `producers` are the producers that are known now: what
    /// they wrote last stays, at least as an empty batch. Keys in memory take about `key_bytes`.
    pub fn plan_cleaning(
        &self,
        cleanable: &Cleanable,
        producers: &[ProducerSnapshotEntry],
        key_bytes: usize,
        now_ms: i64,
    ) -> Result<Option<CleaningPlan>, LogError> {
        self.ensure_online()?;
        let count = cleanable.count.min(self.segments.len() - 1);
        if count == 0 || cleanable.dirty_bytes == 0 {
            return Ok(None);
        }
        let segments: Result<Vec<Segment>, LogError> =
            self.segments[..count].iter().map(Segment::view).collect();
        let end_offset = self.segment_end(count - 1);
        Ok(Some(CleaningPlan(Request {
            store: self.store.clone(),
            folder: self.folder.clone(),
            config: self.config.clone(),
            segments: segments?,
            end_offset,
            first_dirty: cleanable.first_dirty,
            aborted: self.aborted_transactions(self.segments[0].base_offset(), end_offset)?,
            producers: producers.iter().map(|producer| (producer.producer_id, *producer)).collect(),
            key_bytes,
            now_ms,
        })))
    }

    /// Puts cleaned segments in place of the old ones. Gives where the next cleaning begins; none when the log changed
    /// meanwhile, by retention or truncation: then the work is thrown away.
    pub fn adopt(&mut self, cleaned: Cleaned, now_ms: i64) -> Result<Option<i64>, LogError> {
        self.ensure_online()?;
        if !self.still_has(&cleaned) {
            let bases = cleaned.groups.iter().map(|group| group.base_offset);
            let files: Vec<PathBuf> = bases.flat_map(|base| self.cleaned_files(base)).collect();
            self.discard(&files)?;
            return Ok(None);
        }
        self.tail.clear();
        self.places.clear();
        for (index, group) in cleaned.groups.iter().enumerate() {
            let old: Vec<Segment> = self.segments.splice(index..index + group.replaced.len(), []).collect();
            let (store, folder) = (self.store.clone(), self.folder.clone());
            let swapped = swap(store.as_ref(), &folder, group.base_offset, || {
                old.iter().try_for_each(|segment| self.condemn(segment, now_ms))
            });
            if let Err(error) = swapped {
                // The files are between two states that only an opening sorts out.
                self.is_offline = true;
                self.segments.splice(index..index, old);
                return Err(error);
            }
            let segment = Segment::open(store, &folder, group.base_offset, group.lengths)?;
            self.segments.insert(index, segment);
            let gone: Vec<i64> = group.replaced.iter().skip(1).map(|(base, _)| *base).collect();
            self.remove_snapshots_at(&gone)?;
        }
        // The new segments are flushed, and nothing older is left.
        let flushed = self.segments[cleaned.groups.len()].base_offset();
        self.recovery_point = self.recovery_point.max(flushed);
        Ok(Some(cleaned.next_dirty))
    }

    /// Whether the closed segments at the front are those that were cleaned.
    fn still_has(&self, cleaned: &Cleaned) -> bool {
        let mut closed = self.segments[..self.segments.len() - 1].iter();
        let replaced = cleaned.groups.iter().flat_map(|group| &group.replaced);
        replaced.into_iter().all(|(base_offset, size)| {
            let now = closed.next();
            now.is_some_and(|now| (now.base_offset(), now.size()) == (*base_offset, *size))
        })
    }

    fn cleaned_files(&self, base_offset: i64) -> Vec<PathBuf> {
        let extensions = [names::INDEX, names::TIME_INDEX, names::TXN_INDEX, names::LOG];
        let path =
            |extension| names::offset_file(&self.folder, base_offset, &format!("{extension}{CLEANED}"));
        extensions.into_iter().map(path).collect()
    }
}
