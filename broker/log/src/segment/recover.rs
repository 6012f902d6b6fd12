//! Reading a segment whole after an unclean stop: checksums, the cut at the first bad batch, new indexes
//! (`LogSegment.recover`).

use strait_wire::batch::ClosedBatch;

use super::{Lengths, Segment};
use crate::error::{At, LogError};
use crate::index::{OffsetIndex, TimeIndex, TransactionIndex};
use crate::scan::Scanner;
use crate::store::StoreFile;

/// What a recovered segment has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Replayed {
    pub(crate) end_offset: i64,
    /// Bytes behind the last good batch that were cut.
    pub(crate) cut_bytes: u64,
}

impl Segment {
    /// Whether the indexes are there and sorted, as far as their first and last entries tell. An index that Kafka made
    /// longer in advance, and never cut, is not.
    pub(crate) fn has_sound_indexes(&self, lengths: Lengths) -> Result<bool, LogError> {
        let there = lengths.index.is_some() && lengths.time_index.is_some();
        let offsets = self.offset_index.is_sound(self.size)?;
        Ok(there && offsets && self.time_index.is_sound()?)
    }

    /// Keeps the batches up to the first bad one, makes the indexes again, and shows each batch to `observer`,
    /// which may add to the index of aborted transactions.
    pub(crate) fn recover(
        &mut self,
        index_interval_bytes: u32,
        observer: &mut dyn FnMut(&ClosedBatch, &mut TransactionIndex) -> Result<(), LogError>,
    ) -> Result<Replayed, LogError> {
        self.activate()?;
        let file = self.reader()?;
        let length = file.length().at("look at", &self.path, 0)?;
        self.clear(length)?;
        let mut end_offset = self.base_offset;
        let mut scanner = Scanner::whole(file.clone(), &self.path, 0, length);
        while let Some(batch) = next_good(&mut scanner)? {
            if batch.header().base_offset < end_offset {
                break;
            }
            let header = *batch.header();
            self.offset_index.reserve()?;
            self.time_index.reserve()?;
            if self.note(&header, batch.size() as u64, index_interval_bytes).is_err() {
                break;
            }
            observer(&batch, &mut self.transactions)?;
            end_offset = header.next_offset();
        }
        self.cut(file.as_ref(), length)?;
        Ok(Replayed { end_offset, cut_bytes: length - self.size })
    }

    /// Empties indexes and counts.
    fn clear(&mut self, log_length: u64) -> Result<(), LogError> {
        let (store, base) = (self.store.clone(), self.base_offset);
        for path in [self.offset_index.path(), self.time_index.path(), self.transactions.path()] {
            match store.remove(path).at("remove", path, 0) {
                Err(error) if !error.is_missing() => return Err(error),
                _ => {}
            }
        }
        self.offset_index = OffsetIndex::open(store.clone(), self.offset_index.path().to_owned(), base, 0)?;
        self.time_index = TimeIndex::open(store.clone(), self.time_index.path().to_owned(), base, 0)?;
        self.transactions = TransactionIndex::open(store, self.transactions.path().to_owned(), 0)?;
        (self.size, self.bytes_since_index) = (0, 0);
        (self.largest, self.first_timestamp) = (None, None);
        self.has_remains = log_length > 0;
        Ok(())
    }

    fn cut(&mut self, file: &dyn StoreFile, length: u64) -> Result<(), LogError> {
        if length > self.size {
            file.truncate(self.size).at("truncate", &self.path, self.size)?;
            // Else a good batch behind a bad one could come back behind what is appended next.
            file.sync().at("flush", &self.path, self.size)?;
        }
        self.has_remains = false;
        self.seal()
    }
}

/// The next batch; none when it is damaged. Trouble with the disk is an error.
fn next_good(scanner: &mut Scanner) -> Result<Option<ClosedBatch>, LogError> {
    let found = scanner.next().and_then(|found| found.map(|found| scanner.read(&found)).transpose());
    match found {
        Err(error) if error.is_damage() => Ok(None),
        found => found,
    }
}
