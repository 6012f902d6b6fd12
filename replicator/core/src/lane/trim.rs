//! Removing records that the target already holds from the front of a prepared batch.

use strait_wire::batch::{self, BatchBuilder, BatchError, DecompressionLimit, Stamp};

use crate::rewrite::{Prepared, PreparedKind, SourceOffsets};

/// The batch without its first `records`, rebuilt with the codec it had.
pub(super) fn without_first(
    prepared: &Prepared,
    records: usize,
    limit: DecompressionLimit,
) -> Result<Prepared, BatchError> {
    let PreparedKind::Data { batch, offsets, .. } = &prepared.kind else {
        return Ok(prepared.clone());
    };
    let opened = batch::open(batch, limit)?;
    let offsets = match offsets {
        SourceOffsets::Contiguous => SourceOffsets::Contiguous,
        SourceOffsets::Listed(listed) => {
            SourceOffsets::Listed(listed.iter().skip(records).copied().collect())
        }
    };
    let source_base = match &offsets {
        SourceOffsets::Contiguous => prepared.source_base + records as i64,
        SourceOffsets::Listed(listed) => listed.first().copied().unwrap_or(prepared.source_next),
    };
    let rest = &opened[records.min(opened.len())..];
    let base_timestamp = rest.first().map_or(-1, |record| record.timestamp);
    let mut builder = BatchBuilder::new(batch.header().attributes.compression()?, base_timestamp);
    for record in rest {
        builder.push(record.timestamp, record.key.as_ref(), record.value.as_ref(), &record.headers);
    }
    let rebuilt = builder.finish(Stamp::NONE, source_base)?;
    let kind = PreparedKind::Data { batch: rebuilt, offsets, opened: true };
    Ok(Prepared { source_base, source_next: prepared.source_next, kind })
}
