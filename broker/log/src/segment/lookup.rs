//! Finding batches in a segment.

use strait_wire::batch::ClosedBatch;

use super::Segment;
use crate::error::LogError;
use crate::index::OffsetPosition;
use crate::scan::{Located, Scanner, batch_at};
use crate::store::StoreFile;

const WRONG_OFFSET: &str = "the offset of a batch is wrong";

impl Segment {
    pub(crate) fn scanner(&self, position: u64) -> Result<Scanner, LogError> {
        Ok(Scanner::new(self.reader()?, &self.path, position, self.size))
    }

    /// The first batch that ends at `offset` or later.
    pub(crate) fn locate(&self, offset: i64) -> Result<Option<Located>, LogError> {
        let start = self.offset_index.lookup(offset)?;
        let mut scanner = self.scanner(start.position)?;
        let (mut before, mut reached): (Option<Located>, i64) = (None, self.base_offset);
        while let Some(batch) = scanner.next_readable()? {
            if batch.header.last_offset() >= offset {
                let is_hole = batch.header.base_offset > offset;
                if is_hole && self.has_wrong_offset(&scanner, &batch, offset)? {
                    continue;
                }
                if is_hole {
                    let before = before.as_ref();
                    if before.is_some_and(|before| before.header.base_offset < reached) {
                        return Err(LogError::corrupt(&self.path, batch.position, WRONG_OFFSET));
                    }
                    self.check_hole(&scanner, start.position, before, &batch)?;
                }
                return Ok(Some(batch));
            }
            reached = before.map_or(reached, |before| before.header.next_offset());
            before = Some(batch);
        }
        Ok(None)
    }

    /// Whether the offset of a batch is damaged and `offset` lies behind it; an error when it may lie in it.
    fn has_wrong_offset(&self, scanner: &Scanner, batch: &Located, offset: i64) -> Result<bool, LogError> {
        match scanner.contradicts(batch, self.base_offset)? {
            None => Ok(false),
            Some(next) if next.header.base_offset <= offset => Ok(true),
            Some(_) => Err(LogError::corrupt(&self.path, batch.position, WRONG_OFFSET)),
        }
    }

    /// Whether there is a hole before `batch` because of damage: between it and the batch before, or in that batch,
    /// which then may end too early.
    fn check_hole(
        &self,
        scanner: &Scanner,
        start: u64,
        before: Option<&Located>,
        batch: &Located,
    ) -> Result<(), LogError> {
        let expected = before.map_or(start, |before| before.position + before.size as u64);
        if batch.position > expected {
            return Err(LogError::corrupt(&self.path, expected, "no batch begins here"));
        }
        before.map_or(Ok(()), |before| scanner.read(before).map(drop))
    }

    /// The last batch in `file`, this segment's, that the index knows, begins at `position` at most and ends before `bound`:
    /// where it begins, with its first offset.
    pub(crate) fn indexed_end(
        &self,
        file: &dyn StoreFile,
        position: u64,
        bound: i64,
    ) -> Result<Option<OffsetPosition>, LogError> {
        let Some(entry) = self.offset_index.last_before(position, bound)? else { return Ok(None) };
        let batch = batch_at(file, &self.path, entry.position, self.size)?;
        Ok(Some(OffsetPosition { offset: batch.header.base_offset, position: entry.position }))
    }

    /// The batch at `position`, if it holds `offset`.
    pub(crate) fn batch_at(&self, file: &dyn StoreFile, position: u64, offset: i64) -> Option<Located> {
        // Whoever asks has another way, which tells what is wrong.
        let found = batch_at(file, &self.path, position, self.size).ok();
        found.filter(|batch| (batch.header.base_offset..=batch.header.last_offset()).contains(&offset))
    }

    /// The first batch at or after `offset` with a timestamp of at least `timestamp`, checked.
    pub(crate) fn first_batch_since(
        &self,
        timestamp: i64,
        offset: i64,
    ) -> Result<Option<ClosedBatch>, LogError> {
        // The entry is the largest timestamp up to its offset: all before it are older.
        let from_time = self.time_index.lookup(timestamp.saturating_sub(1))?;
        let from = from_time.map_or(offset, |entry| entry.offset.max(offset));
        let mut scanner = self.scanner(self.offset_index.lookup(from)?.position)?;
        while let Some(batch) = scanner.next_readable()? {
            if batch.header.max_timestamp >= timestamp && batch.header.last_offset() >= offset {
                return scanner.read(&batch).map(Some);
            }
        }
        Ok(None)
    }

    /// The offset after the last batch; also finds the largest timestamp of what no index covers.
    pub(crate) fn load_end(&mut self) -> Result<i64, LogError> {
        let indexed = self.offset_index.last();
        let mut end = self.base_offset;
        let mut largest = self.largest;
        let start = indexed.map_or(0, |entry| entry.position);
        let mut scanner = self.scanner(start)?;
        while let Some(batch) = scanner.next()? {
            let header = batch.header;
            if largest.is_none_or(|largest| header.max_timestamp > largest.timestamp) {
                let (timestamp, offset) = (header.max_timestamp, header.last_offset());
                largest = Some(crate::index::BatchTime { timestamp, offset });
            }
            end = header.next_offset();
        }
        self.largest = largest;
        self.bytes_since_index = self.size - start;
        Ok(end)
    }
}
