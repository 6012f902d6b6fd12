//! A closed batch: checked from outside, moved as it is.

use bytes::Bytes;

use super::crc::{self, crc32c};
use super::error::{BatchError, CorruptBatchError};
use super::header::{
    Attributes, BatchHeader, CRC_START, HEADER_LENGTH, LOG_OVERHEAD, MAGIC_AT, TRANSACTIONAL,
};
use super::legacy::LegacyMessageSet;
use super::stamp::{Stamp, StampedBatch};

/// The magic of today's format.
const MAGIC: i8 = 2;

/// A batch of format 2 whose header was read and whose records were not.
#[derive(Clone, Debug)]
pub struct ClosedBatch {
    header: BatchHeader,
    bytes: Bytes,
}

impl ClosedBatch {
    /// Takes `bytes` as exactly one batch. The checksum is not looked at.
    pub fn new(bytes: Bytes) -> Result<Self, BatchError> {
        let base_offset = offset_of(&bytes);
        let Some(head) = bytes.first_chunk::<HEADER_LENGTH>() else {
            let length = i32::try_from(bytes.len()).unwrap_or(i32::MAX);
            return Err(BatchError::InvalidLength { base_offset, length });
        };
        let header = BatchHeader::read(head);
        if header.magic != MAGIC {
            return Err(BatchError::UnknownMagic { base_offset, magic: header.magic });
        }
        if usize::try_from(header.batch_length).ok() != Some(bytes.len() - LOG_OVERHEAD) {
            return Err(BatchError::InvalidLength { base_offset, length: header.batch_length });
        }
        if header.records_count < 0
            || header.last_offset_delta < 0
            || i64::from(header.records_count) > i64::from(header.last_offset_delta) + 1
            || base_offset.checked_add(i64::from(header.last_offset_delta) + 1).is_none()
        {
            let (count, last_offset_delta) = (header.records_count, header.last_offset_delta);
            return Err(BatchError::InvalidCount { base_offset, count, last_offset_delta });
        }
        Ok(Self { header, bytes })
    }

    pub fn header(&self) -> &BatchHeader {
        &self.header
    }

    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Bytes on the wire and in the log.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// The records, compressed as they came.
    pub fn payload(&self) -> Bytes {
        self.bytes.slice(HEADER_LENGTH..)
    }

    /// One record at each offset from the first to the last.
    pub fn is_gap_free(&self) -> bool {
        self.header.records_count > 0 && self.header.records_count - 1 == self.header.last_offset_delta
    }

    pub fn verify_crc(&self) -> Result<(), CorruptBatchError> {
        let computed = crc32c(&self.bytes[CRC_START..]);
        if computed == self.header.crc {
            return Ok(());
        }
        Err(CorruptBatchError { base_offset: self.header.base_offset, stored: self.header.crc, computed })
    }

    /// The batch under another producer, ready to be produced. The payload is neither read nor copied.
    pub fn restamp(&self, stamp: Stamp) -> StampedBatch {
        let transactional = if stamp.transactional { TRANSACTIONAL } else { 0 };
        let mut header = BatchHeader {
            base_offset: 0,
            partition_leader_epoch: -1,
            attributes: Attributes(self.header.attributes.codec_bits() | transactional),
            producer_id: stamp.producer_id,
            producer_epoch: stamp.producer_epoch,
            base_sequence: stamp.base_sequence,
            ..self.header
        };
        let before = &self.bytes[CRC_START..HEADER_LENGTH];
        let payload = self.payload();
        header.crc = crc::patch(self.header.crc, before, &header.write()[CRC_START..], payload.len());
        StampedBatch { head: Bytes::copy_from_slice(&header.write()), payload }
    }
}

fn offset_of(bytes: &[u8]) -> i64 {
    bytes.first_chunk::<8>().map_or(-1, |bytes| i64::from_be_bytes(*bytes))
}

/// One entry of a fetched log.
#[derive(Clone, Debug)]
pub enum Entry {
    Closed(ClosedBatch),
    /// A message of format 0 or 1, alone or a compressed wrapper.
    Legacy(LegacyMessageSet),
}

/// Walks the entries of a fetched log. A cut last entry ends the walk: it comes again with the next fetch.
#[derive(Debug)]
pub struct BatchIter {
    bytes: Bytes,
}

/// The entries in the record bytes of one fetched partition.
pub fn closed_batches(bytes: Bytes) -> BatchIter {
    BatchIter { bytes }
}

impl BatchIter {
    /// Bytes of the cut entry, once the walk has ended.
    pub fn truncated_bytes(&self) -> usize {
        self.bytes.len()
    }

    fn next_entry(&mut self, total: usize) -> Result<Entry, BatchError> {
        let bytes = self.bytes.split_to(total);
        match bytes[MAGIC_AT] as i8 {
            0 | 1 => Ok(Entry::Legacy(LegacyMessageSet::new(bytes))),
            _ => ClosedBatch::new(bytes).map(Entry::Closed),
        }
    }
}

impl Iterator for BatchIter {
    type Item = Result<Entry, BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        let head = self.bytes.get(8..MAGIC_AT + 1)?;
        let length = i32::from_be_bytes(*head.first_chunk()?);
        let Some(total) = usize::try_from(length).ok().filter(|length| *length > MAGIC_AT - LOG_OVERHEAD)
        else {
            let base_offset = offset_of(&self.bytes);
            self.bytes.clear();
            return Some(Err(BatchError::InvalidLength { base_offset, length }));
        };
        let total = total + LOG_OVERHEAD;
        if total > self.bytes.len() {
            return None;
        }
        let entry = self.next_entry(total);
        if entry.is_err() {
            self.bytes.clear();
        }
        Some(entry)
    }
}
