//! Prepared batches in pieces: without records that the target holds, or cut so that one record stands alone.

use std::collections::BTreeSet;

use strait_wire::batch::{self, BatchBuilder, BatchError, DecompressionLimit, Record, Stamp};

use crate::rewrite::{Prepared, PreparedKind, SourceOffsets};

/// The batch without its first `records`, rebuilt with the codec it had.
pub(super) fn without_first(
    prepared: &Prepared,
    records: usize,
    limit: DecompressionLimit,
) -> Result<Prepared, BatchError> {
    let mut pieces = split(prepared, &[records], limit)?;
    Ok(pieces.pop().unwrap_or_else(|| prepared.clone()))
}

/// The batch in pieces that end before each of `cuts`, which are source offsets.
pub(super) fn cut(
    prepared: Prepared,
    cuts: &BTreeSet<i64>,
    limit: DecompressionLimit,
) -> Result<Vec<Prepared>, BatchError> {
    if cuts.is_empty() || prepared.records() < 2 {
        return Ok(vec![prepared]);
    }
    let inside = cuts.range(prepared.source_base + 1..prepared.source_next);
    let mut places: Vec<usize> = inside.map(|cut| place_of(&prepared, *cut)).collect();
    places.dedup();
    let records = usize::try_from(prepared.records()).unwrap_or(0);
    places.retain(|place| (1..records).contains(place));
    if places.is_empty() { Ok(vec![prepared]) } else { split(&prepared, &places, limit) }
}

/// How many records of the batch lie below a source offset.
fn place_of(prepared: &Prepared, offset: i64) -> usize {
    match &prepared.kind {
        PreparedKind::Data { offsets: SourceOffsets::Listed(listed), .. } => {
            listed.partition_point(|listed| *listed < offset)
        }
        PreparedKind::Data { .. } | PreparedKind::Skipped(_) => {
            usize::try_from(offset - prepared.source_base).unwrap_or(0)
        }
    }
}

/// The batch in pieces that begin at the records at `places`.
fn split(
    prepared: &Prepared,
    places: &[usize],
    limit: DecompressionLimit,
) -> Result<Vec<Prepared>, BatchError> {
    let PreparedKind::Data { batch, offsets, .. } = &prepared.kind else {
        return Ok(vec![prepared.clone()]);
    };
    let records = batch::open(batch, limit)?;
    let codec = batch.header().attributes.compression()?;
    let offset_at = |place: usize| match offsets {
        SourceOffsets::Contiguous => prepared.source_base + place as i64,
        SourceOffsets::Listed(listed) => listed.get(place).copied().unwrap_or(prepared.source_next),
    };
    let mut bounds = vec![0];
    bounds.extend(places.iter().map(|place| (*place).min(records.len())));
    bounds.push(records.len());
    let mut pieces = Vec::with_capacity(bounds.len() - 1);
    for pair in bounds.windows(2) {
        let (begin, end) = (pair[0], pair[1]);
        let source_base = offset_at(begin);
        let source_next = if end == records.len() { prepared.source_next } else { offset_at(end) };
        let batch = build(&records[begin..end], codec, source_base)?;
        let offsets = match offsets {
            SourceOffsets::Contiguous => SourceOffsets::Contiguous,
            SourceOffsets::Listed(listed) => SourceOffsets::Listed(listed[begin..end].to_vec()),
        };
        let kind = PreparedKind::Data { batch, offsets, opened: true };
        pieces.push(Prepared { source_base, source_next, kind, ..prepared.clone() });
    }
    Ok(pieces)
}

fn build(
    records: &[Record],
    codec: batch::Compression,
    source_base: i64,
) -> Result<batch::ClosedBatch, BatchError> {
    let base_timestamp = records.first().map_or(-1, |record| record.timestamp);
    let mut builder = BatchBuilder::new(codec, base_timestamp);
    for record in records {
        builder.push(record.timestamp, record.key.as_ref(), record.value.as_ref(), &record.headers);
    }
    builder.finish(Stamp::NONE, source_base)
}
