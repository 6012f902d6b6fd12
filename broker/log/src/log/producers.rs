//! Producer state: its snapshots, and the batches after them. The rules live with the caller.

use strait_wire::batch::{BatchHeader, ControlRecord, control_record};

use super::PartitionLog;
use crate::error::{At, LogError};
use crate::names;
use crate::scan::{Located, Scanner};
use crate::snapshot::{self, ProducerSnapshotEntry};

/// What producer state is made of, in the order of the log.
#[derive(Debug)]
pub enum Recovered<'a> {
    /// State starts from this snapshot; what was known before is forgotten. At most once, and first.
    Snapshot { offset: i64, entries: &'a [ProducerSnapshotEntry] },
    /// A data batch before the snapshot, which has only the newest of each producer: its producer may send it again.
    Earlier { header: &'a BatchHeader },
    /// A batch after the snapshot; for a control batch with its marker.
    Batch { header: &'a BatchHeader, marker: Option<ControlRecord> },
}

/// Bytes before a snapshot that are looked at again: five batches of the longest kind, and what others had between them.
const IN_FLIGHT: u64 = 8 << 20;

/// Takes a header and, for a control batch, its marker.
type Visitor<'a> = dyn FnMut(&BatchHeader, Option<ControlRecord>) -> Result<(), LogError> + 'a;

impl PartitionLog {
    /// Writes what is known of producers before `offset`: when a segment begins there, and before a close.
    pub fn write_producer_snapshot(
        &mut self,
        offset: i64,
        entries: &[ProducerSnapshotEntry],
    ) -> Result<(), LogError> {
        let path = names::offset_file(&self.folder, offset, names::SNAPSHOT);
        snapshot::write(self.store.as_ref(), &path, entries)?;
        self.snapshots.insert(offset);
        Ok(())
    }

    /// Nothing was written since the newest snapshot, or ever.
    pub fn has_snapshot_at_end(&self) -> bool {
        self.snapshots.last().copied().unwrap_or(self.segments[0].base_offset()) >= self.end_offset
    }

    /// The newest snapshot that can be read, and its offset. Those that can't be read are removed.
    pub fn load_producer_snapshot(&mut self) -> Result<Option<(i64, Vec<ProducerSnapshotEntry>)>, LogError> {
        self.snapshot_before(i64::MAX)
    }

    /// The newest snapshot at or before `limit` that can be read.
    pub(super) fn snapshot_before(
        &mut self,
        limit: i64,
    ) -> Result<Option<(i64, Vec<ProducerSnapshotEntry>)>, LogError> {
        while let Some(offset) = self.snapshots.range(..=limit).last().copied() {
            let path = names::offset_file(&self.folder, offset, names::SNAPSHOT);
            match snapshot::read(self.store.as_ref(), &path) {
                Ok(entries) => return Ok(Some((offset, entries))),
                Err(LogError::CorruptFile { .. }) => {
                    self.store.remove(&path).at("remove", &path, 0)?;
                    self.snapshots.remove(&offset);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Shows the newest snapshot and every batch after it: what producer state is made of after a truncation.
    pub fn replay(&mut self, observer: &mut dyn FnMut(Recovered<'_>)) -> Result<(), LogError> {
        let mut from = self.start_offset;
        if let Some((offset, entries)) = self.load_producer_snapshot()? {
            observer(Recovered::Snapshot { offset, entries: &entries });
            if !entries.is_empty() {
                self.show_earlier(offset, observer)?;
            }
            from = from.max(offset);
        }
        self.walk(from, i64::MAX, &mut |header, marker| {
            observer(Recovered::Batch { header, marker });
            Ok(())
        })
    }

    /// Shows the data batches before `offset` that producers may have had in flight.
    fn show_earlier(&self, offset: i64, observer: &mut dyn FnMut(Recovered<'_>)) -> Result<(), LogError> {
        let shown = self.in_flight_from(offset).and_then(|from| {
            self.walk(from.max(self.start_offset), offset, &mut |header, _| {
                if !header.attributes.is_control() {
                    observer(Recovered::Earlier { header });
                }
                Ok(())
            })
        });
        match shown {
            // Then producers are known as well as the snapshot knows them.
            Err(error) if error.is_damage() => Ok(()),
            shown => shown,
        }
    }

    /// Where [`IN_FLIGHT`] bytes before `offset` begin; not before the segment that ends there, or holds it.
    fn in_flight_from(&self, offset: i64) -> Result<i64, LogError> {
        let segment = &self.segments[self.segment_of(offset - 1)];
        let end = segment.locate(offset)?.map_or(segment.size(), |batch| batch.position);
        let position = end.saturating_sub(IN_FLIGHT);
        let begin = segment.indexed_end(segment.reader()?.as_ref(), position, offset)?;
        Ok(begin.map_or(segment.base_offset(), |begin| begin.offset))
    }

    /// Shows the headers of batches that reach `from` and begin before `to`; markers for control batches.
    pub(super) fn walk(&self, from: i64, to: i64, visitor: &mut Visitor<'_>) -> Result<(), LogError> {
        let segments = self.segments[self.segment_of(from)..].iter();
        for segment in segments.take_while(|segment| segment.base_offset() < to) {
            let Some(first) = segment.locate(from)? else { continue };
            let mut scanner = segment.scanner(first.position)?;
            while let Some(batch) = readable(&mut scanner)?.filter(|batch| batch.header.base_offset < to) {
                let is_control = batch.header.attributes.is_control();
                let marker = match if is_control { Some(marker(&scanner, &batch)) } else { None }.transpose()
                {
                    Err(error) if error.is_damage() => continue,
                    marker => marker?,
                };
                visitor(&batch.header, marker)?;
            }
        }
        Ok(())
    }
}

/// The next header; none at the end, which may be damage that was told when the log was opened.
fn readable(scanner: &mut Scanner) -> Result<Option<Located>, LogError> {
    match scanner.next_readable() {
        Err(error) if error.is_damage() => Ok(None),
        found => found,
    }
}

fn marker(scanner: &Scanner, batch: &Located) -> Result<ControlRecord, LogError> {
    let position = batch.position;
    control_record(&scanner.read(batch)?)
        .map_err(|source| LogError::damaged(scanner.path(), position, source))
}
