//! Reads all groups of a partition from its log.

use bytes::Bytes;
use strait_broker_core::group::{GroupSettings, Groups};
use strait_broker_core::internal_record::{GroupRecord, RecordDecodeError};
use strait_wire::batch::{
    BatchError, ClosedBatch, ControlKind, DecompressionLimit, Entry, closed_batches, control_record, open,
};

use crate::partition::{Isolation, Partition, ReadError, ReadLimits};

/// Groups can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ShardLoadError {
    #[error("partition {partition}: {reason}")]
    Read { partition: i32, reason: String },
    #[error("a batch can't be opened: {0}")]
    Batch(#[from] BatchError),
    #[error("offset {offset}: {source}")]
    Record { offset: i64, source: RecordDecodeError },
}

const READ: ReadLimits = ReadLimits { max_bytes: 4 << 20, at_least_one: true };
const OPENED: DecompressionLimit = DecompressionLimit(256 << 20);

pub(super) fn groups(partition: &Partition, settings: GroupSettings) -> Result<Groups, ShardLoadError> {
    let mut groups = Groups::new(settings);
    let failed =
        |error: ReadError| ShardLoadError::Read { partition: partition.index, reason: error.to_string() };
    let mut offset = partition.offsets().ok_or_else(|| failed(ReadError::Deleted))?.log_start;
    loop {
        let read = partition.read(offset, Isolation::Uncommitted, READ).map_err(failed)?;
        if read.size == 0 {
            return Ok(groups);
        }
        let bytes: Bytes = read.batches.concat().into();
        for entry in closed_batches(bytes) {
            let Entry::Closed(batch) = entry? else { continue };
            offset = offset.max(batch.header().next_offset());
            replay(&batch, &mut groups)?;
        }
    }
}

fn replay(batch: &ClosedBatch, groups: &mut Groups) -> Result<(), ShardLoadError> {
    let header = batch.header();
    if header.attributes.is_control() {
        if header.records_count > 0 {
            match control_record(batch)?.kind {
                ControlKind::Commit => groups.end_transaction(header.producer_id, true),
                ControlKind::Abort => groups.end_transaction(header.producer_id, false),
                ControlKind::Other(_) => {}
            }
        }
        return Ok(());
    }
    let producer_id = header.attributes.is_transactional().then_some(header.producer_id);
    for record in open(batch, OPENED)? {
        let Some(key) = &record.key else { continue };
        let decoded = GroupRecord::decode(key, record.value.as_ref());
        let decoded = decoded.map_err(|source| ShardLoadError::Record { offset: record.offset, source })?;
        // Records of kinds that are not known here stay in the log untouched.
        if let Some(decoded) = decoded {
            groups.replay(decoded, producer_id);
        }
    }
    Ok(())
}
