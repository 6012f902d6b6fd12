//! Opened records become gap-free batches within the target's size, with the codec they had.

use bytes::{BufMut, Bytes, BytesMut};
use strait_wire::batch::{
    BatchBuilder, BatchError, ClosedBatch, Compression, HEADER_LENGTH, LegacyMessageSet, Record, Stamp,
};

use super::{LeftOut, Poison, Prepared, RewriteRules, SkipReason};

const BASE_OFFSET_LENGTH: usize = 8;
const LEADER_EPOCH_AT: usize = 12;
const LEADER_EPOCH_LENGTH: usize = 4;

/// How records are encoded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Encoding<'a> {
    pub(crate) codec: Compression,
    /// The source's leader epoch, kept for the position.
    pub(crate) leader_epoch: i32,
    pub(crate) max_message_bytes: usize,
    pub(crate) left_out: &'a LeftOut,
}

impl Encoding<'_> {
    /// Encodes those of a batch's records that are not below `position`.
    pub(super) fn encode_range(
        &self,
        mut records: Vec<Record>,
        base_offset: i64,
        position: i64,
        next: i64,
        out: &mut Vec<Prepared>,
    ) -> Result<(), Poison> {
        check_order(&records, base_offset, next)?;
        records.retain(|record| record.offset >= position && !self.left_out.contains(record.offset));
        if records.is_empty() {
            let base = base_offset.max(position);
            out.push(Prepared::skipped(base, next, self.leader_epoch, SkipReason::BelowPosition));
            return Ok(());
        }
        self.encode_split(&records, next, out)
    }

    /// Encodes records into one batch, or into as many as the target's limit asks for.
    fn encode_split(&self, records: &[Record], next: i64, out: &mut Vec<Prepared>) -> Result<(), Poison> {
        let batch = self.encode(records)?;
        if batch.size() <= self.max_message_bytes {
            let offsets = records.iter().map(|record| record.offset).collect();
            out.push(Prepared::encoded(batch, offsets, next, self.leader_epoch));
            return Ok(());
        }
        let (size, limit) = (batch.size(), self.max_message_bytes);
        drop(batch);
        if records.len() == 1 {
            return Err(Poison::RecordTooLarge { offset: offset_of_first(records), size, limit });
        }
        let pieces = size.div_ceil(limit.max(1)).clamp(2, records.len());
        let mut chunks = records.chunks(records.len().div_ceil(pieces)).peekable();
        while let Some(chunk) = chunks.next() {
            let chunk_next = chunks.peek().map_or(next, |following| offset_of_first(following));
            self.encode_split(chunk, chunk_next, out)?;
        }
        Ok(())
    }

    /// One batch of all records, whatever its size.
    pub(crate) fn encode(&self, records: &[Record]) -> Result<ClosedBatch, Poison> {
        let base_offset = offset_of_first(records);
        let failure = |source| Poison::Encoding { offset: base_offset, source };
        let base_timestamp = records.first().map_or(-1, |record| record.timestamp);
        let mut builder = BatchBuilder::new(self.codec, base_timestamp);
        for record in records {
            builder.push(record.timestamp, record.key.as_ref(), record.value.as_ref(), &record.headers);
        }
        let built = builder.finish(Stamp::NONE, base_offset).map_err(failure)?;
        let bytes = built.bytes().clone();
        drop(built);
        with_place(bytes, base_offset, self.leader_epoch).map_err(failure)
    }
}

/// The same batch with its LogAppendTime bit cleared: its records show the producers' times.
pub(super) fn without_append_time(batch: &ClosedBatch) -> Result<ClosedBatch, Poison> {
    let header = batch.header();
    let stamped = batch.restamp(Stamp::NONE);
    let mut bytes = BytesMut::with_capacity(stamped.head.len() + stamped.payload.len());
    bytes.put_slice(&stamped.head);
    bytes.put_slice(&stamped.payload);
    with_place(bytes.freeze(), header.base_offset, header.partition_leader_epoch).map_err(|source| {
        Poison::UnreadableBatch { base_offset: header.base_offset, last_offset: header.last_offset(), source }
    })
}

/// Messages of format 0 or 1, checked and encoded anew.
pub(super) fn legacy(
    set: &LegacyMessageSet,
    rules: &RewriteRules,
    left_out: &LeftOut,
    position: i64,
    out: &mut Vec<Prepared>,
) -> Result<(), Poison> {
    let last_offset = set.last_offset();
    let next = last_offset.saturating_add(1);
    if next <= position {
        out.push(Prepared::skipped(position, position, -1, SkipReason::BelowPosition));
        return Ok(());
    }
    let unreadable = |source| match source {
        BatchError::Corrupt(source) => Poison::CorruptBatch { base_offset: last_offset, last_offset, source },
        source => Poison::UnreadableBatch { base_offset: last_offset, last_offset, source },
    };
    let records = set.open(rules.decompression_limit).map_err(unreadable)?;
    let codec = set.compression().map_err(unreadable)?;
    let base_offset = records.first().map_or(last_offset, |record| record.offset);
    let max_message_bytes = rules.target_max_message_bytes;
    let encoding = Encoding { codec, leader_epoch: -1, max_message_bytes, left_out };
    encoding.encode_range(records, base_offset, position, next, out)
}

/// The batch with base offset and leader epoch set, neither of which the checksum covers.
fn with_place(bytes: Bytes, base_offset: i64, leader_epoch: i32) -> Result<ClosedBatch, BatchError> {
    assert!(bytes.len() >= HEADER_LENGTH, "a closed batch has its header");
    let mut bytes = bytes.try_into_mut().unwrap_or_else(|shared| BytesMut::from(shared.as_ref()));
    bytes[..BASE_OFFSET_LENGTH].copy_from_slice(&base_offset.to_be_bytes());
    bytes[LEADER_EPOCH_AT..LEADER_EPOCH_AT + LEADER_EPOCH_LENGTH]
        .copy_from_slice(&leader_epoch.to_be_bytes());
    ClosedBatch::new(bytes.freeze())
}

fn check_order(records: &[Record], base_offset: i64, next: i64) -> Result<(), Poison> {
    let mut expected = base_offset;
    for record in records {
        if record.offset < expected || record.offset >= next {
            return Err(Poison::MisplacedRecord {
                base_offset,
                last_offset: next - 1,
                offset: record.offset,
            });
        }
        expected = record.offset + 1;
    }
    Ok(())
}

fn offset_of_first(records: &[Record]) -> i64 {
    records.first().map_or(-1, |record| record.offset)
}
