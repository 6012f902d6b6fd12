//! The broker's own topics: their batches read one after the other, their records written as one batch.

use bytes::Bytes;
use strait_broker_core::internal_record::{EncodedRecord, RecordDecodeError};
use strait_broker_core::producer_state::Append;
use strait_broker_log::ReadLimits;
use strait_wire::batch::{
    BatchBuilder, BatchError, ClosedBatch, Compression, DecompressionLimit, Entry, Record, Stamp,
    closed_batches,
};
use strait_wire::codec::EncodeError;

use crate::clock::now_ms;
use crate::partition::{AppendError, Isolation, Partition, ReadError};

/// A topic of the broker's own can't be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InternalReadError {
    #[error("partition {partition}: {reason}")]
    Read { partition: i32, reason: String },
    #[error("a batch can't be opened: {0}")]
    Batch(#[from] BatchError),
    #[error("offset {offset}: {source}")]
    Record { offset: i64, source: RecordDecodeError },
}

/// Records were not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InternalWriteError {
    #[error(transparent)]
    Append(#[from] AppendError),
    #[error(transparent)]
    Encode(#[from] EncodeError),
    #[error(transparent)]
    Batch(#[from] BatchError),
}

const READ: ReadLimits = ReadLimits::in_memory(4 << 20);
const OPENED: DecompressionLimit = DecompressionLimit(256 << 20);

/// Shows every batch from the start of the log to its end.
pub(crate) fn each_batch(
    partition: &Partition,
    mut visit: impl FnMut(&ClosedBatch) -> Result<(), InternalReadError>,
) -> Result<(), InternalReadError> {
    let failed = |error: ReadError| {
        let (partition, reason) = (partition.index, error.to_string());
        InternalReadError::Read { partition, reason }
    };
    let mut offset = partition.offsets().map_err(|absent| failed(absent.into()))?.log_start;
    loop {
        let read = partition.read(offset, Isolation::Uncommitted, READ).map_err(failed)?;
        if read.size == 0 {
            return Ok(());
        }
        let bytes: Bytes = read.batches.concat().into();
        for entry in closed_batches(bytes) {
            let Entry::Closed(batch) = entry? else { continue };
            offset = offset.max(batch.header().next_offset());
            visit(&batch)?;
        }
    }
}

/// The records of a batch.
pub(crate) fn open(batch: &ClosedBatch) -> Result<Vec<Record>, InternalReadError> {
    Ok(strait_wire::batch::open(batch, OPENED)?)
}

/// Writes records as one batch; none are no batch.
pub(crate) fn write(
    partition: &Partition,
    records: impl Iterator<Item = Result<EncodedRecord, EncodeError>>,
    stamp: Stamp,
) -> Result<(), InternalWriteError> {
    let now_ms = now_ms();
    let mut builder = BatchBuilder::new(Compression::None, now_ms);
    for record in records {
        let EncodedRecord { key, value } = record?;
        builder.push(now_ms, Some(&key), value.as_ref(), &[]);
    }
    if !builder.is_empty() {
        partition.append_flushed(&builder.finish(stamp, 0)?, Append::COORDINATOR, now_ms)?;
    }
    Ok(())
}
