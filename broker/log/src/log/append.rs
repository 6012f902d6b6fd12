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
        self.now_ms = now_ms;
        if self.recovery_point == self.end_offset {
            // The first record that waits for a flush.
            self.flushed_ms = now_ms;
        }
        let size = self.check(batch, header)?;
        let rolled_at = self.roll_for(header, size, now_ms)?;
        let epoch = header.partition_leader_epoch;
        if self.epochs.latest().is_none_or(|latest| epoch > latest.epoch) {
            self.epochs.assign(epoch, header.base_offset);
            self.note_new_names();
        }
        self.epochs.persist()?;
        let Self { segments, config, files, .. } = self;
        let active = segments.last_mut().expect("a log has an active segment");
        active.append(batch, header, size, config.index_interval_bytes, files)?;
        self.end_offset = header.next_offset();
        self.tail.push(header, batch, usize::try_from(size).unwrap_or(usize::MAX));
        self.raise_high_watermark();
        let is_flush_due = self.end_offset - self.recovery_point >= self.config.flush_messages;
        let (base_offset, last_offset) = (header.base_offset, header.last_offset());
        Ok(AppendInfo { base_offset, last_offset, rolled_at, is_flush_due })
    }

    /// Closes the active segment, when it has records, and begins one at the end of the log. Gives its base offset.
    pub fn roll(&mut self, now_ms: i64) -> Result<Option<i64>, LogError> {
        self.ensure_online()?;
        if self.active().size() == 0 && self.active().base_offset() == self.end_offset {
            return Ok(None);
        }
        self.begin_segment(self.end_offset, now_ms).map(Some)
    }

    fn check(&self, batch: &[Bytes], header: &BatchHeader) -> Result<u64, LogError> {
        self.ensure_online()?;
        let bytes = batch.iter().map(|slice| slice.len() as u64).sum();
        let (base_offset, said) = (header.base_offset, header.total_size());
        if said.map(|said| said as u64) != Some(bytes) {
            return Err(LogError::WrongLength { base_offset, said, bytes });
        }
        let path = || self.folder.clone();
        if base_offset < self.end_offset || header.last_offset_delta < 0 {
            return Err(LogError::OutOfOrder { path: path(), base_offset, end: self.end_offset });
        }
        let segment_bytes = self.config.segment_bytes;
        if bytes > u64::from(segment_bytes) {
            return Err(LogError::BatchTooLarge { path: path(), bytes, segment_bytes });
        }
        Ok(bytes)
    }

    fn roll_for(&mut self, header: &BatchHeader, bytes: u64, now_ms: i64) -> Result<Option<i64>, LogError> {
        let Self { segments, config, .. } = self;
        let active = segments.last_mut().expect("a log has an active segment");
        if !active.is_full_for(header, bytes, config, now_ms)? {
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
        self.active().release();
        self.segments.push(segment);
        if is_empty {
            let replaced = self.segments.remove(self.segments.len() - 2);
            if replaced.base_offset() != base_offset {
                self.remove_files(&replaced)?;
            }
        }
        Ok(base_offset)
    }

    /// A recovery does not look at a segment that was flushed, so its last index entries are flushed too.
    fn seal_active(&mut self) -> Result<(), LogError> {
        let is_flushed = self.recovery_point >= self.end_offset;
        self.active().seal()?;
        if is_flushed { self.active().sync_indexes() } else { Ok(()) }
    }

    pub(super) fn ensure_online(&self) -> Result<(), LogError> {
        if self.is_offline { Err(LogError::Offline { path: self.folder.clone() }) } else { Ok(()) }
    }
}
