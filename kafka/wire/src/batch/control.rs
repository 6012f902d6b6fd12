//! Control batches: one record that ends a transaction (KIP-98).

use super::closed::ClosedBatch;
use super::compress::DecompressionLimit;
use super::error::BatchError;
use super::record::open;

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlKind {
    Abort,
    Commit,
    /// Leader changes and other markers that concern no transaction.
    Other(i16),
}

/// The marker in a control batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlRecord {
    pub kind: ControlKind,
    /// -1 where the marker does not tell it.
    pub coordinator_epoch: i32,
}

/// Markers are small: opening one never needs more.
const LIMIT: DecompressionLimit = DecompressionLimit(64 << 10);

/// Reads the marker of a control batch. The key is version and kind, two bytes each.
pub fn control_record(batch: &ClosedBatch) -> Result<ControlRecord, BatchError> {
    let base_offset = batch.header().base_offset;
    let invalid = |what| BatchError::InvalidRecord { base_offset, index: 0, what };
    let record = open(batch, LIMIT)?.into_iter().next().ok_or_else(|| invalid("marker"))?;
    let key = record.key.ok_or_else(|| invalid("marker key"))?;
    let kind = key.get(2..4).and_then(|kind| kind.first_chunk::<2>()).ok_or_else(|| invalid("marker key"))?;
    let kind = match i16::from_be_bytes(*kind) {
        0 => ControlKind::Abort,
        1 => ControlKind::Commit,
        other => ControlKind::Other(other),
    };
    let epoch = record.value.as_ref().and_then(|value| value.get(2..6)?.first_chunk::<4>().copied());
    Ok(ControlRecord { kind, coordinator_epoch: epoch.map_or(-1, i32::from_be_bytes) })
}
