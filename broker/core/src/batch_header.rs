//! Headers of batches as bytes: what the broker writes into a batch before it appends it.

use bytes::Bytes;
use strait_wire::batch::{BatchError, BatchHeader, ClosedBatch, HEADER_LENGTH, StampedBatch, crc32c};

/// Where the bytes under the checksum begin.
const CRC_START: usize = 21;
const CRC_AT: usize = 17;

/// The header as it stands in front of the records.
pub fn header_bytes(header: &BatchHeader) -> [u8; HEADER_LENGTH] {
    let mut bytes = [0; HEADER_LENGTH];
    bytes[0..8].copy_from_slice(&header.base_offset.to_be_bytes());
    bytes[8..12].copy_from_slice(&header.batch_length.to_be_bytes());
    bytes[12..16].copy_from_slice(&header.partition_leader_epoch.to_be_bytes());
    bytes[16] = header.magic as u8;
    bytes[CRC_AT..CRC_START].copy_from_slice(&header.crc.to_be_bytes());
    bytes[21..23].copy_from_slice(&header.attributes.0.to_be_bytes());
    bytes[23..27].copy_from_slice(&header.last_offset_delta.to_be_bytes());
    bytes[27..35].copy_from_slice(&header.base_timestamp.to_be_bytes());
    bytes[35..43].copy_from_slice(&header.max_timestamp.to_be_bytes());
    bytes[43..51].copy_from_slice(&header.producer_id.to_be_bytes());
    bytes[51..53].copy_from_slice(&header.producer_epoch.to_be_bytes());
    bytes[53..57].copy_from_slice(&header.base_sequence.to_be_bytes());
    bytes[57..61].copy_from_slice(&header.records_count.to_be_bytes());
    bytes
}

/// The header that a batch gets at the end of a log.
pub fn assigned_header(batch: &ClosedBatch, base_offset: i64, leader_epoch: i32) -> BatchHeader {
    BatchHeader { base_offset, partition_leader_epoch: leader_epoch, ..*batch.header() }
}

/// The batch at its place in the log. Offset and leader epoch are outside the checksum: nothing is read or copied.
pub fn assign_offset(batch: &ClosedBatch, base_offset: i64, leader_epoch: i32) -> StampedBatch {
    let header = assigned_header(batch, base_offset, leader_epoch);
    StampedBatch { head: Bytes::copy_from_slice(&header_bytes(&header)), payload: batch.payload() }
}

/// The batch under another header, with the checksum that belongs to it. Length and magic stay.
pub(crate) fn with_header(batch: &ClosedBatch, header: BatchHeader) -> Result<ClosedBatch, BatchError> {
    let kept = batch.header();
    let header = BatchHeader { batch_length: kept.batch_length, magic: kept.magic, ..header };
    let mut bytes = Vec::with_capacity(batch.size());
    bytes.extend_from_slice(&header_bytes(&header));
    bytes.extend_from_slice(&batch.payload());
    let crc = crc32c(&bytes[CRC_START..]);
    bytes[CRC_AT..CRC_START].copy_from_slice(&crc.to_be_bytes());
    ClosedBatch::new(bytes.into())
}

/// Whether the bytes of a batch fit the checksum in its header; false where even the header is cut.
pub(crate) fn is_intact(bytes: &[u8]) -> bool {
    let stored = bytes.get(CRC_AT..CRC_START).and_then(|crc| crc.first_chunk::<4>());
    stored.is_some_and(|stored| {
        bytes.len() >= HEADER_LENGTH && u32::from_be_bytes(*stored) == crc32c(&bytes[CRC_START..])
    })
}
