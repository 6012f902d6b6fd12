//! Adding batches, and closing segments.

use bytes::Bytes;
use strait_wire::batch::BatchHeader;

use super::PartitionLog;
use crate::error::LogError;
use crate::segment::Segment;

/// What an append did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AppendInfo {
    pub base_offset: i64,
    pub last_offset: i64,
    /// The batch began a segment at this offset. The caller writes a producer snapshot with what it knew before
    /// this batch.
    pub rolled_at: Option<i64>,
    /// `flush.messages` records are not flushed: they are to be flushed before this batch is acknowledged
    /// ([`PartitionLog::plan_flush`]).
    pub is_flush_due: bool,
}

/// A batch that has its base offset and leader epoch.
#[derive(Clone, Copy, Debug)]
pub struct PlacedBatch<'a> {
    pub header: &'a BatchHeader,
    /// Its bytes.
    pub slices: &'a [Bytes],
}

impl PartitionLog {
    /// Adds one batch that has its base offset and leader epoch. `batch` is its bytes in slices. The batch may begin
    /// above the end of the log, since cleaning leaves holes.
    ///
    /// After an error the log ends where it did.
    pub fn append(
        &mut self,
        batch: &[Bytes],
        header: &BatchHeader,
        now_ms: i64,
    ) -> Result<AppendInfo, LogError> {
        let appended = self.append_run(&[PlacedBatch { header, slices: batch }], now_ms)?;
        Ok(appended.into_iter().next().expect("the first of a run is added"))
    }

    /// Adds the first of these batches, and with the same write as many of those behind it as belong into its segment:
    /// for the file system a long write costs less than its parts. Gives what was added.
    ///
    /// After an error the log ends where it did.
    pub fn append_run(
        &mut self,
        batches: &[PlacedBatch<'_>],
        now_ms: i64,
    ) -> Result<Vec<AppendInfo>, LogError> {
        let Some(first) = batches.first() else { return Ok(Vec::new()) };
        let size = self.begin(*first, now_ms)?;
        let rolled_at = self.roll_for(first.header, size, now_ms)?;
        let mut run = vec![(first.header, size)];
        self.extend_run(&mut run, batches, now_ms)?;
        let slices = batches[..run.len()].iter().flat_map(|batch| batch.slices.iter().cloned());
        self.write(&slices.collect::<Vec<_>>(), &run)?;
        let wrote =
            batches.iter().zip(&run).enumerate().map(|(place, (batch, (_, size)))| {
                self.wrote(*batch, *size, rolled_at.filter(|_| place == 0))
            });
        Ok(wrote.collect())
    }

    /// Adds what belongs behind the first batch of a run. Behind the first of a segment nothing does: only once that is
    /// written it is known when the segment is to end.
    fn extend_run<'a>(
        &mut self,
        run: &mut Vec<(&'a BatchHeader, u64)>,
        batches: &[PlacedBatch<'a>],
        now_ms: i64,
    ) -> Result<(), LogError> {
        let mut bytes = run.iter().map(|(_, size)| size).sum();
        for [before, batch] in batches.array_windows() {
            let (before, header) = (before.header, batch.header);
            let follows = header.base_offset == before.next_offset() && header.last_offset_delta >= 0;
            let is_same_epoch = header.partition_leader_epoch == before.partition_leader_epoch;
            // What can't be written is told when it is the first of a run.
            let Ok(size) = self.size_of(*batch) else { break };
            bytes += size;
            let Self { segments, config, .. } = self;
            let active = segments.last_mut().expect("a log has an active segment");
            let place = (run.len() as u64, bytes);
            let may_follow = follows && is_same_epoch && active.size() > 0;
            if !may_follow || active.is_full_for(header, place, config, now_ms)? {
                break;
            }
            run.push((header, size));
        }
        Ok(())
    }

    /// What comes before each write. Gives the size of the first batch.
    fn begin(&mut self, batch: PlacedBatch<'_>, now_ms: i64) -> Result<u64, LogError> {
        self.now_ms = now_ms;
        if self.recovery_point == self.end_offset {
            // The first record that waits for a flush.
            self.flushed_ms = now_ms;
        }
        self.ensure_online()?;
        let size = self.size_of(batch)?;
        let BatchHeader { base_offset, last_offset_delta, .. } = *batch.header;
        if base_offset < self.end_offset || last_offset_delta < 0 {
            let (path, end) = (self.folder.clone(), self.end_offset);
            return Err(LogError::OutOfOrder { path, base_offset, end });
        }
        Ok(size)
    }

    fn write(&mut self, slices: &[Bytes], batches: &[(&BatchHeader, u64)]) -> Result<(), LogError> {
        let Some((first, _)) = batches.first() else { return Ok(()) };
        let epoch = first.partition_leader_epoch;
        if self.epochs.latest().is_none_or(|latest| epoch > latest.epoch) {
            self.epochs.assign(epoch, first.base_offset);
            self.note_new_names();
        }
        self.epochs.persist()?;
        let Self { segments, config, files, .. } = self;
        let active = segments.last_mut().expect("a log has an active segment");
        active.append(slices, batches, config.index_interval_bytes, files)
    }

    /// Counts a batch that is in the segment.
    fn wrote(&mut self, batch: PlacedBatch<'_>, size: u64, rolled_at: Option<i64>) -> AppendInfo {
        let PlacedBatch { header, slices } = batch;
        self.end_offset = header.next_offset();
        self.tail.push(header, slices, usize::try_from(size).unwrap_or(usize::MAX));
        self.raise_high_watermark();
        let is_flush_due = self.end_offset - self.recovery_point >= self.config.flush_messages;
        let (base_offset, last_offset) = (header.base_offset, header.last_offset());
        AppendInfo { base_offset, last_offset, rolled_at, is_flush_due }
    }

    /// Closes the active segment, when it has records, and begins one at the end of the log. Gives its base offset.
    pub fn roll(&mut self, now_ms: i64) -> Result<Option<i64>, LogError> {
        self.ensure_online()?;
        if self.active().size() == 0 && self.active().base_offset() == self.end_offset {
            return Ok(None);
        }
        self.begin_segment(self.end_offset, now_ms).map(Some)
    }

    /// Where the header says the same and a segment can hold it.
    fn size_of(&self, batch: PlacedBatch<'_>) -> Result<u64, LogError> {
        let bytes = batch.slices.iter().map(|slice| slice.len() as u64).sum();
        let (base_offset, said) = (batch.header.base_offset, batch.header.total_size());
        if said.map(|said| said as u64) != Some(bytes) {
            return Err(LogError::WrongLength { base_offset, said, bytes });
        }
        let segment_bytes = self.config.segment_bytes;
        if bytes > u64::from(segment_bytes) {
            return Err(LogError::BatchTooLarge { path: self.folder.clone(), bytes, segment_bytes });
        }
        Ok(bytes)
    }

    fn roll_for(&mut self, header: &BatchHeader, bytes: u64, now_ms: i64) -> Result<Option<i64>, LogError> {
        let Self { segments, config, .. } = self;
        let active = segments.last_mut().expect("a log has an active segment");
        if !active.is_full_for(header, (0, bytes), config, now_ms)? {
            return Ok(None);
        }
        self.begin_segment(header.base_offset, now_ms).map(Some)
    }

    /// An active segment without records is replaced.
    fn begin_segment(&mut self, base_offset: i64, now_ms: i64) -> Result<i64, LogError> {
        let is_empty = self.active().size() == 0;
        if !is_empty {
            self.seal_active()?;
        }
        let segment = Segment::create(self.store.clone(), &self.folder, base_offset, now_ms)?;
        self.note_new_names();
        self.segments.push(segment);
        if is_empty {
            let replaced = self.segments.remove(self.segments.len() - 2);
            if replaced.base_offset() != base_offset {
                self.remove_files(&replaced)?;
            }
        }
        Ok(base_offset)
    }

    /// A recovery does not look at a segment that was flushed, so its end and its last index entries are flushed too.
    fn seal_active(&mut self) -> Result<(), LogError> {
        let is_flushed = self.recovery_point >= self.end_offset;
        self.active().release();
        self.active().seal()?;
        if is_flushed { self.active().sync() } else { Ok(()) }
    }

    pub(super) fn ensure_online(&self) -> Result<(), LogError> {
        if self.is_offline { Err(LogError::Offline { path: self.folder.clone() }) } else { Ok(()) }
    }
}
