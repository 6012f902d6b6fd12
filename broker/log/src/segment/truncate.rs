//! Cutting the end of a segment.

use super::Segment;
use crate::error::{At, LogError};

impl Segment {
    /// Removes the batches that end at `offset` or later, and flushes: they must not come back behind others.
    pub(crate) fn truncate_to(&mut self, offset: i64) -> Result<(), LogError> {
        let Some(batch) = self.locate(offset)? else { return Ok(()) };
        // Indexes first: an entry for bytes that are gone would be worse than a missing entry.
        self.offset_index.truncate_to(batch.position)?;
        self.time_index.truncate_to(batch.header.base_offset)?;
        self.transactions.truncate_to(offset)?;
        self.release();
        let file = self.store.open_to_write(&self.path).at("open", &self.path, 0)?;
        file.truncate(batch.position).at("truncate", &self.path, batch.position)?;
        file.sync().at("flush", &self.path, batch.position)?;
        self.size = batch.position;
        self.first_timestamp = None;
        self.largest = self.time_index.last();
        self.load_end()?;
        Ok(())
    }
}
