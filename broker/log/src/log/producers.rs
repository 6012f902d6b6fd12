//! Producer state: its snapshots, and the batches after them. The rules live with the caller.

use strait_wire::batch::{BatchHeader, ControlRecord, control_record};

use super::PartitionLog;
use crate::error::{At, LogError};
use crate::names;
use crate::snapshot::{self, ProducerSnapshotEntry};

/// What producer state is made of, in the order of the log.
#[derive(Debug)]
pub enum Recovered<'a> {
    /// State starts from this snapshot; what was known before is forgotten. At most once, and first.
    Snapshot { offset: i64, entries: &'a [ProducerSnapshotEntry] },
    /// A batch after the snapshot; for a control batch with its marker.
    Batch { header: &'a BatchHeader, marker: Option<ControlRecord> },
}

impl PartitionLog {
    /// Writes what is known of producers before `offset`: when a segment begins there, and before a close.
    pub fn write_producer_snapshot(
        &mut self,
        offset: i64,
        entries: &[ProducerSnapshotEntry],
    ) -> Result<(), LogError> {
        let path = names::offset_file(&self.folder, offset, names::SNAPSHOT);
        snapshot::write(self.store.as_ref(), &path, entries)
    }

    /// The newest snapshot that can be read, and its offset. Those that can't be read are removed.
    pub fn load_producer_snapshot(&mut self) -> Result<Option<(i64, Vec<ProducerSnapshotEntry>)>, LogError> {
        let mut offsets = self.snapshots()?;
        offsets.sort_unstable();
        while let Some(offset) = offsets.pop() {
            let path = names::offset_file(&self.folder, offset, names::SNAPSHOT);
            match snapshot::read(self.store.as_ref(), &path) {
                Ok(entries) => return Ok(Some((offset, entries))),
                Err(LogError::CorruptFile { .. }) => self.store.remove(&path).at("remove", &path, 0)?,
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
            from = from.max(offset);
        }
        for segment in &self.segments[self.segment_of(from)..] {
            let Some(first) = segment.locate(from)? else { continue };
            let mut scanner = segment.scanner(first.position)?;
            while let Some(batch) = scanner.next()? {
                let mut marker = None;
                if batch.header.attributes.is_control() {
                    let batch_at = batch.position;
                    let opened = scanner.read(&batch)?;
                    marker = Some(control_record(&opened).map_err(|source| LogError::CorruptBatch {
                        path: segment.path().to_owned(),
                        position: batch_at,
                        source,
                    })?);
                }
                observer(Recovered::Batch { header: &batch.header, marker });
            }
        }
        Ok(())
    }

    /// Offsets of the snapshots that are there.
    pub(super) fn snapshots(&self) -> Result<Vec<i64>, LogError> {
        let entries = self.store.list(&self.folder).at("list", &self.folder, 0)?;
        let snapshots = entries.iter().filter_map(|entry| match names::parse_offset_file(&entry.name)? {
            (offset, names::SNAPSHOT) => Some(offset),
            _ => None,
        });
        Ok(snapshots.collect())
    }
}
