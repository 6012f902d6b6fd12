//! The metadata log on disk: one batch for each change, so that a change is there as a whole or not at all.

use bytes::Bytes;
use strait_broker_core::batch_header::{assign_offset, assigned_header};
use strait_broker_log::{DataFolder, LogConfig, LogError, PartitionLog, ReadLimits};
use strait_wire::batch::{BatchBuilder, BatchError, Compression, DecompressionLimit, Entry, Stamp};
use strait_wire::batch::{closed_batches, open};
use strait_wire::codec::EncodeError;

use super::image::MetadataImage;
use super::record::{MetadataRecord, MetadataRecordError};

pub(crate) const METADATA_TOPIC: &str = "__cluster_metadata";
const READ: ReadLimits = ReadLimits::in_memory(1 << 20);
const OPENED: DecompressionLimit = DecompressionLimit(64 << 20);
/// One controller for ever: its epoch does not change.
pub(crate) const METADATA_LEADER_EPOCH: i32 = 0;

/// The metadata log can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum MetadataError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("the metadata log holds a batch that can't be opened: {0}")]
    Batch(#[from] BatchError),
    #[error("offset {offset} of the metadata log: {source}")]
    Record { offset: i64, source: MetadataRecordError },
    #[error("a metadata record can't be written: {0}")]
    Encode(#[from] EncodeError),
}

/// The log, open for changes.
#[derive(Debug)]
pub(crate) struct MetadataLog {
    log: PartitionLog,
}

impl MetadataLog {
    /// Opens the log, made when missing, and reads all of it.
    pub(crate) fn open(folder: &DataFolder, now_ms: i64) -> Result<(Self, MetadataImage), MetadataError> {
        // It is never emptied by age, and all of it is read at a start.
        // Each change is flushed before the next, so only its last batch can be torn: anything else is damage, and a cut
        // there would forget topics.
        let config =
            LogConfig { retention_ms: -1, tail_bytes: 0, refuses_damage: true, ..LogConfig::default() };
        let log = folder.open_log((METADATA_TOPIC, 0), config, now_ms, &mut |_| {})?;
        let mut image = MetadataImage::default();
        let mut offset = log.start_offset();
        while offset < log.end_offset() {
            let read = log.read(offset, log.end_offset(), READ)?;
            if read.next_offset <= offset {
                break;
            }
            offset = read.next_offset;
            replay(read.batches, &mut image)?;
        }
        Ok((Self { log }, image))
    }

    /// Adds records as one batch and flushes it.
    pub(crate) fn append(&mut self, records: &[MetadataRecord], now_ms: i64) -> Result<(), MetadataError> {
        let mut builder = BatchBuilder::new(Compression::None, now_ms);
        for record in records {
            builder.push(now_ms, None, Some(&record.encode()?), &[]);
        }
        let batch = builder.finish(Stamp::NONE, 0)?;
        let offset = self.log.end_offset();
        let header = assigned_header(&batch, offset, METADATA_LEADER_EPOCH);
        let stamped = assign_offset(&batch, offset, METADATA_LEADER_EPOCH);
        self.log.append(&[stamped.head, stamped.payload], &header, now_ms)?;
        // The change is on disk before anybody hears of it.
        Ok(self.log.flush()?)
    }

    pub(crate) fn close(&mut self) -> Result<(), LogError> {
        self.log.close()
    }

    pub(crate) fn end_offset(&self) -> i64 {
        self.log.end_offset()
    }

    pub(crate) fn recovery_point(&self) -> i64 {
        self.log.recovery_point()
    }
}

fn replay(batches: Vec<Bytes>, image: &mut MetadataImage) -> Result<(), MetadataError> {
    for entry in closed_batches(batches.concat().into()) {
        let Entry::Closed(batch) = entry? else { continue };
        for record in open(&batch, OPENED)? {
            let Some(value) = record.value else { continue };
            let decoded = MetadataRecord::decode(value);
            image.replay(decoded.map_err(|source| MetadataError::Record { offset: record.offset, source })?);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use strait_broker_log::DiskStore;
    use strait_wire::ids::Uuid;

    use super::*;

    #[test]
    fn changes_are_there_after_a_sudden_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let open = || {
            let data = DataFolder::open(Arc::new(DiskStore), folder.path()).expect("a data folder");
            MetadataLog::open(&data, 1).expect("opened")
        };
        let (mut log, image) = open();
        assert_eq!(image, MetadataImage::default());
        let topic = MetadataRecord::Topic { name: "orders".to_owned(), id: Uuid([3; 16]) };
        log.append(&[topic], 2).expect("appended");
        let ids = MetadataRecord::ProducerIds { broker_id: 1, next_producer_id: 1_000 };
        log.append(&[ids], 3).expect("appended");
        drop(log);
        let (_, image) = open();
        assert_eq!(image.topics().map(|(id, _)| id).collect::<Vec<_>>(), [Uuid([3; 16])]);
        assert_eq!(image.next_producer_id(), 1_000);
    }
}
