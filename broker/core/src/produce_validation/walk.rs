//! Records read where they stand in an opened batch, without taking memory for them (`DefaultRecord`).

use bytes::Bytes;
use strait_wire::batch::Header;

use super::error::ProduceError;

/// A record between others.
pub(super) struct RecordView<'a> {
    pub(super) timestamp_delta: i64,
    pub(super) offset_delta: i64,
    pub(super) key: Option<&'a [u8]>,
    pub(super) value: Option<&'a [u8]>,
    header_count: usize,
    headers: &'a [u8],
}

/// Walks the records of a batch; ends with an error when the bytes are not exactly `count` records.
pub(super) struct Walk<'a> {
    rest: &'a [u8],
    index: i32,
    count: i32,
}

impl<'a> Walk<'a> {
    pub(super) fn new(records: &'a [u8], count: i32) -> Self {
        Self { rest: records, index: 0, count }
    }

    pub(super) fn next_record(&mut self) -> Result<Option<RecordView<'a>>, ProduceError> {
        if self.index == self.count {
            return match self.rest {
                [] => Ok(None),
                _ => Err(ProduceError::MalformedRecord {
                    index: self.index,
                    what: "bytes after the last record",
                }),
            };
        }
        let mut reader = Reader { rest: self.rest, index: self.index };
        let length = reader.varint("length")?;
        let body = reader.take(length, "body")?;
        self.rest = reader.rest;
        let record = Reader { rest: body, index: self.index }.record()?;
        self.index += 1;
        Ok(Some(record))
    }
}

impl RecordView<'_> {
    /// The headers, as slices of `records`, in which the record stands.
    pub(super) fn headers(&self, records: &Bytes) -> Result<Vec<Header>, ProduceError> {
        let mut reader = Reader { rest: self.headers, index: 0 };
        let mut headers = Vec::with_capacity(self.header_count);
        for _ in 0..self.header_count {
            let (key, value) = reader.header()?;
            headers.push(Header {
                key: records.slice_ref(key),
                value: value.map(|value| records.slice_ref(value)),
            });
        }
        Ok(headers)
    }
}

fn zigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

struct Reader<'a> {
    rest: &'a [u8],
    index: i32,
}

/// Longest varint of 64 bits.
const LONGEST_VARINT: usize = 10;
/// Fewest bytes of a header: the lengths of key and value.
const SHORTEST_HEADER: usize = 2;

impl<'a> Reader<'a> {
    fn malformed(&self, what: &'static str) -> ProduceError {
        ProduceError::MalformedRecord { index: self.index, what }
    }

    #[inline]
    fn varint(&mut self, what: &'static str) -> Result<i64, ProduceError> {
        // Nearly all are of one byte.
        if let [byte @ 0..=0x7f, rest @ ..] = self.rest {
            self.rest = rest;
            return Ok(zigzag(u64::from(*byte)));
        }
        self.long_varint(what)
    }

    fn long_varint(&mut self, what: &'static str) -> Result<i64, ProduceError> {
        let mut value = 0_u64;
        for (at, byte) in self.rest.iter().take(LONGEST_VARINT).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * at);
            if byte & 0x80 == 0 {
                self.rest = &self.rest[at + 1..];
                return Ok(zigzag(value));
            }
        }
        Err(self.malformed(what))
    }

    fn take(&mut self, length: i64, what: &'static str) -> Result<&'a [u8], ProduceError> {
        let split = usize::try_from(length).ok().and_then(|length| self.rest.split_at_checked(length));
        let (taken, rest) = split.ok_or_else(|| self.malformed(what))?;
        self.rest = rest;
        Ok(taken)
    }

    /// Bytes behind their length; -1 is null. Kafka takes any negative length for null, no client writes one.
    fn nullable(&mut self, what: &'static str) -> Result<Option<&'a [u8]>, ProduceError> {
        match self.varint(what)? {
            -1 => Ok(None),
            length => self.take(length, what).map(Some),
        }
    }

    fn header(&mut self) -> Result<(&'a [u8], Option<&'a [u8]>), ProduceError> {
        let length = self.varint("header key")?;
        Ok((self.take(length, "header key")?, self.nullable("header value")?))
    }

    fn record(mut self) -> Result<RecordView<'a>, ProduceError> {
        self.take(1, "attributes")?;
        let timestamp_delta = self.varint("timestamp delta")?;
        let offset_delta = self.varint("offset delta")?;
        let (key, value) = (self.nullable("key")?, self.nullable("value")?);
        let announced = usize::try_from(self.varint("header count")?).ok();
        let possible = announced.filter(|count| count.saturating_mul(SHORTEST_HEADER) <= self.rest.len());
        let header_count = possible.ok_or_else(|| self.malformed("header count"))?;
        let headers = self.rest;
        for _ in 0..header_count {
            self.header()?;
        }
        if !self.rest.is_empty() {
            return Err(self.malformed("bytes after the headers"));
        }
        Ok(RecordView { timestamp_delta, offset_delta, key, value, header_count, headers })
    }
}
