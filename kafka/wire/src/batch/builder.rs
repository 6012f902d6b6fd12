//! New batches from records: offsets without gaps, create time, the codec that was asked for.

use bytes::Bytes;

use super::closed::ClosedBatch;
use super::compress::Compression;
use super::crc::crc32c;
use super::error::{BatchError, RecordTooLargeError};
use super::header::{Attributes, BatchHeader, CRC_START, HEADER_LENGTH, LOG_OVERHEAD, TRANSACTIONAL};
use super::record::{Header, Record};
use super::stamp::Stamp;
use super::varint;

/// Collects records into one batch.
#[derive(Debug)]
pub struct BatchBuilder {
    compression: Compression,
    base_timestamp: i64,
    max_timestamp: i64,
    count: usize,
    records: Vec<u8>,
    body: Vec<u8>,
}

impl BatchBuilder {
    /// Timestamps are kept as distances from `base_timestamp`, in milliseconds.
    pub fn new(compression: Compression, base_timestamp: i64) -> Self {
        Self {
            compression,
            base_timestamp,
            max_timestamp: -1,
            count: 0,
            records: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Adds the record behind the last one.
    pub fn push(&mut self, timestamp: i64, key: Option<&Bytes>, value: Option<&Bytes>, headers: &[Header]) {
        let body = &mut self.body;
        body.clear();
        body.push(0);
        varint::write(timestamp.wrapping_sub(self.base_timestamp), body);
        varint::write(self.count as i64, body);
        write_nullable(key, body);
        write_nullable(value, body);
        varint::write(headers.len() as i64, body);
        for header in headers {
            write_nullable(Some(&header.key), body);
            write_nullable(header.value.as_ref(), body);
        }
        varint::write(body.len() as i64, &mut self.records);
        self.records.extend_from_slice(body);
        self.max_timestamp = self.max_timestamp.max(timestamp);
        self.count += 1;
    }

    pub fn len(&self) -> usize {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Bytes of the batch before compression.
    pub fn size_estimate(&self) -> usize {
        HEADER_LENGTH + self.records.len()
    }

    /// The batch, with its first record at `base_offset`.
    pub fn finish(self, stamp: Stamp, base_offset: i64) -> Result<ClosedBatch, BatchError> {
        let too_many = BatchError::TooManyRecords { count: self.count };
        let count = i32::try_from(self.count).map_err(|_| too_many)?;
        if count == 0 {
            return Err(BatchError::Empty);
        }
        let payload = self.compression.compress(self.records)?;
        let size = HEADER_LENGTH + payload.len();
        let batch_length = i32::try_from(size - LOG_OVERHEAD).map_err(|_| RecordTooLargeError {
            offset: base_offset,
            size,
            limit: i32::MAX as usize,
        })?;
        let transactional = if stamp.transactional { TRANSACTIONAL } else { 0 };
        let header = BatchHeader {
            base_offset,
            batch_length,
            partition_leader_epoch: -1,
            magic: 2,
            crc: 0,
            attributes: Attributes(self.compression.code() | transactional),
            last_offset_delta: count - 1,
            base_timestamp: self.base_timestamp,
            max_timestamp: self.max_timestamp,
            producer_id: stamp.producer_id,
            producer_epoch: stamp.producer_epoch,
            base_sequence: stamp.base_sequence,
            records_count: count,
        };
        let mut bytes = Vec::with_capacity(size);
        bytes.extend_from_slice(&header.write());
        bytes.extend_from_slice(&payload);
        let crc = crc32c(&bytes[CRC_START..]);
        bytes[17..CRC_START].copy_from_slice(&crc.to_be_bytes());
        ClosedBatch::new(bytes.into())
    }
}

pub(super) fn write_nullable(bytes: Option<&Bytes>, out: &mut Vec<u8>) {
    match bytes {
        Some(bytes) => {
            varint::write(bytes.len() as i64, out);
            out.extend_from_slice(bytes);
        }
        None => varint::write(-1, out),
    }
}

/// Records as one batch, or as several in order where one would be above `max_batch_bytes`.
/// Each batch's base offset is the source offset of its first record.
pub fn reencode(
    records: &[Record],
    compression: Compression,
    max_batch_bytes: usize,
) -> Result<Vec<ClosedBatch>, BatchError> {
    let Some(first) = records.first() else { return Ok(Vec::new()) };
    let mut builder = BatchBuilder::new(compression, first.timestamp);
    for record in records {
        builder.push(record.timestamp, record.key.as_ref(), record.value.as_ref(), &record.headers);
    }
    let batch = builder.finish(Stamp::NONE, first.offset)?;
    if batch.size() <= max_batch_bytes {
        return Ok(vec![batch]);
    }
    if records.len() == 1 {
        let (offset, size, limit) = (first.offset, batch.size(), max_batch_bytes);
        return Err(RecordTooLargeError { offset, size, limit }.into());
    }
    let (left, right) = records.split_at(records.len() / 2);
    let mut batches = reencode(left, compression, max_batch_bytes)?;
    batches.extend(reencode(right, compression, max_batch_bytes)?);
    Ok(batches)
}
