//! Finding batches in a segment.

use strait_wire::batch::ClosedBatch;

use super::Segment;
use crate::error::LogError;
use crate::scan::{Located, Scanner};

impl Segment {
    pub(crate) fn scanner(&self, position: u64) -> Result<Scanner, LogError> {
        Ok(Scanner::new(self.reader()?, &self.path, position, self.size))
    }

    /// The first batch that ends at `offset` or later.
    pub(crate) fn locate(&self, offset: i64) -> Result<Option<Located>, LogError> {
        let start = self.offset_index.lookup(offset)?;
        let mut scanner = self.scanner(start.position)?;
        let mut before: Option<Located> = None;
        while let Some(batch) = scanner.next()? {
            if batch.header.last_offset() >= offset {
                // At a hole the batch before may end too early only because it is damaged.
                if let Some(before) = before.filter(|_| batch.header.base_offset > offset) {
                    scanner.read(&before)?;
                }
                return Ok(Some(batch));
            }
            before = Some(batch);
        }
        Ok(None)
    }

    /// The batch at `position`, if it holds `offset`.
    pub(crate) fn batch_at(&self, position: u64, offset: i64) -> Option<Located> {
        // Whoever asks has another way, which tells what is wrong.
        let found = self.scanner(position).ok()?.next().ok().flatten();
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
        while let Some(batch) = scanner.next()? {
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
