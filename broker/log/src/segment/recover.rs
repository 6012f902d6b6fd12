//! Reading a segment whole after an unclean stop: checksums, damage, new indexes (`LogSegment.recover`).

use strait_wire::batch::ClosedBatch;

use super::{Lengths, Segment};
use crate::damage::Damage;
use crate::error::{At, LogError};
use crate::index::{OffsetIndex, TimeIndex, TransactionIndex};
use crate::scan::Scanner;

/// What a recovered segment has.
#[derive(Debug)]
pub(crate) struct Replayed {
    pub(crate) end_offset: i64,
    /// Bytes behind the last batch that stays.
    pub(crate) left_bytes: u64,
    /// Whole batches are among them.
    pub(crate) leaves_batches: bool,
    /// Damage with batches behind it that stay.
    pub(crate) damages: Vec<Damage>,
}

impl Segment {
    /// Whether the indexes are there and sorted, as far as their first and last entries tell. An index that Kafka made
    /// longer in advance, and never cut, is not.
    pub(crate) fn has_sound_indexes(&self, lengths: Lengths) -> Result<bool, LogError> {
        let there = lengths.index.is_some() && lengths.time_index.is_some();
        let offsets = self.offset_index.is_sound(self.size)?;
        Ok(there && offsets && self.time_index.is_sound()?)
    }

    /// Keeps the batches up to the first bad one, makes the indexes again, and shows each batch to `observer`, which may
    /// add to the index of aborted transactions. Damage below `flushed_end` is no torn write, so what follows it stays.
    /// Nothing is cut yet ([`Segment::cut`]).
    pub(crate) fn recover(
        &mut self,
        index_interval_bytes: u32,
        flushed_end: i64,
        observer: &mut dyn FnMut(&ClosedBatch, &mut TransactionIndex) -> Result<(), LogError>,
    ) -> Result<Replayed, LogError> {
        let file = self.reader()?;
        let length = file.length().at("look at", &self.path, 0)?;
        self.clear()?;
        let mut replayed = Replayed {
            end_offset: self.base_offset,
            left_bytes: 0,
            leaves_batches: false,
            damages: Vec::new(),
        };
        let mut scanner = Scanner::whole(file, &self.path, 0, length);
        while self.size < length {
            match next_good(&mut scanner, replayed.end_offset)? {
                Some(batch) => {
                    self.offset_index.reserve()?;
                    self.time_index.reserve()?;
                    if self.note(batch.header(), batch.size() as u64, index_interval_bytes).is_err() {
                        replayed.leaves_batches = true;
                        break;
                    }
                    observer(&batch, &mut self.transactions)?;
                    replayed.end_offset = batch.header().next_offset();
                }
                None if self.skip_damage(&mut scanner, flushed_end, &mut replayed)? => {}
                None => break,
            }
        }
        replayed.left_bytes = length - self.size;
        Ok(replayed)
    }

    /// Goes on behind damage of flushed records. False where the segment ends at the damage.
    fn skip_damage(
        &mut self,
        scanner: &mut Scanner,
        flushed_end: i64,
        replayed: &mut Replayed,
    ) -> Result<bool, LogError> {
        let Some(next) = scanner.resume_after(self.size, replayed.end_offset)? else { return Ok(false) };
        let to = next.header.base_offset;
        if to > flushed_end {
            replayed.leaves_batches = true;
            return Ok(false);
        }
        let (path, position, from) = (self.path.clone(), self.size, replayed.end_offset);
        replayed.damages.push(Damage::Unreadable { path, position, from, to });
        self.bytes_since_index += next.position - self.size;
        self.size = next.position;
        replayed.end_offset = to;
        Ok(true)
    }

    /// Empties indexes and counts. The files of the two that every segment has are emptied by the first write.
    fn clear(&mut self) -> Result<(), LogError> {
        let (store, base) = (self.store.clone(), self.base_offset);
        if !self.transactions.is_empty() {
            let path = self.transactions.path();
            store.remove(path).at("remove", path, 0)?;
        }
        self.offset_index = OffsetIndex::open(store.clone(), self.offset_index.path().to_owned(), base, 0)?;
        self.time_index = TimeIndex::open(store.clone(), self.time_index.path().to_owned(), base, 0)?;
        self.transactions = TransactionIndex::open(store, self.transactions.path().to_owned(), 0)?;
        (self.size, self.bytes_since_index) = (0, 0);
        (self.largest, self.first_timestamp) = (None, None);
        Ok(())
    }

    /// Removes what lies behind the last batch.
    pub(crate) fn cut(&mut self) -> Result<(), LogError> {
        let file = self.store.open_to_write(&self.path).at("open", &self.path, 0)?;
        file.truncate(self.size).at("truncate", &self.path, self.size)?;
        // Else a good batch behind a bad one could come back behind what is appended next.
        file.sync().at("flush", &self.path, self.size)
    }
}

/// The next batch; none when there is only damage. Trouble with the disk is an error.
fn next_good(scanner: &mut Scanner, end_offset: i64) -> Result<Option<ClosedBatch>, LogError> {
    let located = match scanner.next() {
        Err(error) if error.is_damage() => return Ok(None),
        located => located?.filter(|batch| batch.header.base_offset >= end_offset),
    };
    let Some(located) = located else { return Ok(None) };
    let is_jump = located.header.base_offset > end_offset;
    if is_jump && scanner.contradicts(&located, end_offset)?.is_some() {
        return Ok(None);
    }
    match scanner.read(&located) {
        Err(error) if error.is_damage() => Ok(None),
        batch => batch.map(Some),
    }
}
