//! Records of an opened batch. Headers keep their order and may repeat; keys of headers are bytes.

use bytes::Bytes;

use super::closed::ClosedBatch;
use super::compress::DecompressionLimit;
use super::error::BatchError;
use super::varint;

/// A header of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub key: Bytes,
    pub value: Option<Bytes>,
}

/// A record with its own offset and timestamp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub offset: i64,
    /// Milliseconds since 1970; -1 when there is none.
    pub timestamp: i64,
    pub key: Option<Bytes>,
    pub value: Option<Bytes>,
    pub headers: Vec<Header>,
}

/// Fewest bytes of a record: its length, attributes, both deltas, key, value and header count.
const SHORTEST_RECORD: usize = 7;
/// Fewest bytes of a header: the lengths of key and value.
const SHORTEST_HEADER: usize = 2;

/// All records of a batch. With log append time every record has the batch's timestamp.
pub fn open(batch: &ClosedBatch, limit: DecompressionLimit) -> Result<Vec<Record>, BatchError> {
    let header = batch.header();
    let opened = header.attributes.compression()?.decompress(&batch.payload(), limit)?;
    let mut reader = Reader { bytes: opened, base_offset: header.base_offset, index: 0 };
    let mut records =
        Vec::with_capacity(reader.count(header.records_count.into(), SHORTEST_RECORD, "record count")?);
    for index in 0..header.records_count {
        reader.index = index;
        let mut record = reader.record(header.base_timestamp)?;
        if header.attributes.is_log_append_time() {
            record.timestamp = header.max_timestamp;
        }
        let in_order = records.last().is_none_or(|last: &Record| last.offset < record.offset);
        if !in_order || record.offset < header.base_offset || record.offset > header.last_offset() {
            return Err(reader.invalid("offset"));
        }
        records.push(record);
    }
    if !reader.bytes.is_empty() {
        return Err(reader.invalid("bytes after the last record"));
    }
    Ok(records)
}

struct Reader {
    bytes: Bytes,
    base_offset: i64,
    index: i32,
}

impl Reader {
    fn invalid(&self, what: &'static str) -> BatchError {
        BatchError::InvalidRecord { base_offset: self.base_offset, index: self.index, what }
    }

    /// A number of things that the bytes present can hold.
    fn count(&self, announced: i64, shortest: usize, what: &'static str) -> Result<usize, BatchError> {
        let count = usize::try_from(announced).ok();
        let count = count.filter(|count| count.saturating_mul(shortest) <= self.bytes.len());
        count.ok_or_else(|| self.invalid(what))
    }

    fn varint(&mut self, what: &'static str) -> Result<i64, BatchError> {
        let (value, rest) = varint::read(&self.bytes).ok_or_else(|| self.invalid(what))?;
        let read = self.bytes.len() - rest.len();
        let _ = self.bytes.split_to(read);
        Ok(value)
    }

    fn take(&mut self, length: i64, what: &'static str) -> Result<Bytes, BatchError> {
        let length = usize::try_from(length).ok().filter(|length| *length <= self.bytes.len());
        length.map(|length| self.bytes.split_to(length)).ok_or_else(|| self.invalid(what))
    }

    /// Bytes behind their length; -1 is null.
    fn nullable(&mut self, what: &'static str) -> Result<Option<Bytes>, BatchError> {
        match self.varint(what)? {
            -1 => Ok(None),
            length => self.take(length, what).map(Some),
        }
    }

    fn record(&mut self, base_timestamp: i64) -> Result<Record, BatchError> {
        let length = self.varint("length")?;
        let body = self.take(length, "body")?;
        let mut inner = Self { bytes: body, base_offset: self.base_offset, index: self.index };
        let record = inner.fields(base_timestamp)?;
        if inner.bytes.is_empty() { Ok(record) } else { Err(self.invalid("bytes after the headers")) }
    }

    fn fields(&mut self, base_timestamp: i64) -> Result<Record, BatchError> {
        self.take(1, "attributes")?;
        let timestamp = base_timestamp.wrapping_add(self.varint("timestamp delta")?);
        let delta = self.varint("offset delta")?;
        let offset = self.base_offset.checked_add(delta).ok_or_else(|| self.invalid("offset delta"))?;
        let key = self.nullable("key")?;
        let value = self.nullable("value")?;
        Ok(Record { offset, timestamp, key, value, headers: self.headers()? })
    }

    fn headers(&mut self) -> Result<Vec<Header>, BatchError> {
        let announced = self.varint("header count")?;
        let count = self.count(announced, SHORTEST_HEADER, "header count")?;
        let mut headers = Vec::with_capacity(count);
        for _ in 0..count {
            let length = self.varint("header key")?;
            let key = self.take(length, "header key")?;
            headers.push(Header { key, value: self.nullable("header value")? });
        }
        Ok(headers)
    }
}
