//! Message formats 0 and 1: single messages, or a wrapper whose value holds compressed ones.

use bytes::{Buf, Bytes};

use super::compress::{Compression, DecompressionLimit};
use super::error::{BatchError, CorruptBatchError};
use super::header::{Attributes, LOG_OVERHEAD, MAGIC_AT};
use super::lz4_header::with_right_checksum;
use super::record::Record;

const CRC_AT: usize = 12;
/// Wrappers stand one in another at most this deep; Kafka writes one level.
const DEPTH: usize = 1;

/// One entry of a log in format 0 or 1.
#[derive(Clone, Debug)]
pub struct LegacyMessageSet {
    bytes: Bytes,
}

struct Message {
    offset: i64,
    magic: i8,
    attributes: Attributes,
    timestamp: i64,
    key: Option<Bytes>,
    value: Option<Bytes>,
}

impl LegacyMessageSet {
    /// The caller made sure of offset, length and magic.
    pub(super) fn new(bytes: Bytes) -> Self {
        Self { bytes }
    }

    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// The offset in front: the message's own, or the last one of a wrapper.
    pub fn last_offset(&self) -> i64 {
        self.bytes.as_ref().get_i64()
    }

    pub fn magic(&self) -> i8 {
        self.bytes[MAGIC_AT] as i8
    }

    /// The codec of the entry.
    pub fn compression(&self) -> Result<Compression, BatchError> {
        message(self.bytes.clone())?.attributes.compression()
    }

    /// The records, with wrappers opened. Format 0 has no timestamps: -1.
    pub fn open(&self, limit: DecompressionLimit) -> Result<Vec<Record>, BatchError> {
        let outer = message(self.bytes.clone())?;
        if outer.attributes.compression()? == Compression::None {
            return Ok(vec![record(outer)]);
        }
        unwrap(outer, limit, DEPTH)
    }
}

fn unwrap(outer: Message, limit: DecompressionLimit, depth: usize) -> Result<Vec<Record>, BatchError> {
    let invalid = |what| BatchError::InvalidRecord { base_offset: outer.offset, index: 0, what };
    if depth == 0 {
        return Err(invalid("wrapper in a wrapper"));
    }
    let value = outer.value.as_ref().ok_or_else(|| invalid("wrapper without value"))?;
    let mut rest = match (outer.magic, outer.attributes.compression()?) {
        (0, Compression::Lz4) => Compression::Lz4.decompress(&with_right_checksum(value), limit)?,
        (_, codec) => codec.decompress(value, limit)?,
    };
    let mut records: Vec<Record> = Vec::new();
    while !rest.is_empty() {
        let length = rest.get(8..LOG_OVERHEAD).and_then(|length| length.first_chunk::<4>());
        let length = length.and_then(|length| usize::try_from(i32::from_be_bytes(*length)).ok());
        let total = length.map(|length| length + LOG_OVERHEAD).filter(|total| *total <= rest.len());
        let inner = message(rest.split_to(total.ok_or_else(|| invalid("inner message"))?))?;
        if inner.attributes.compression()? != Compression::None {
            return Err(invalid("wrapper in a wrapper"));
        }
        records.push(record(inner));
    }
    let Some(last) = records.last().map(|last| last.offset) else { return Err(invalid("empty wrapper")) };
    for record in &mut records {
        // Format 1 counts inner offsets from 0; the wrapper has the last one's.
        if outer.magic == 1 {
            let behind = last.checked_sub(record.offset);
            let offset = behind.and_then(|behind| outer.offset.checked_sub(behind));
            record.offset = offset.ok_or_else(|| invalid("inner offset"))?;
        }
        if outer.attributes.is_log_append_time() {
            record.timestamp = outer.timestamp;
        }
    }
    Ok(records)
}

fn record(message: Message) -> Record {
    Record {
        offset: message.offset,
        timestamp: message.timestamp,
        key: message.key,
        value: message.value,
        headers: Vec::new(),
    }
}

fn message(mut bytes: Bytes) -> Result<Message, BatchError> {
    let whole = bytes.clone();
    let cut = |base_offset| BatchError::InvalidRecord { base_offset, index: 0, what: "message" };
    if bytes.len() < MAGIC_AT + 2 {
        return Err(cut(-1));
    }
    let offset = bytes.get_i64();
    bytes.advance(4);
    let stored = bytes.get_u32();
    let computed = crc32(&whole[CRC_AT + 4..]);
    if stored != computed {
        return Err(CorruptBatchError { base_offset: offset, stored, computed }.into());
    }
    let magic = bytes.get_i8();
    let attributes = Attributes(i16::from(bytes.get_i8()));
    let timestamp = match magic {
        0 => -1,
        1 if bytes.len() >= 8 => bytes.get_i64(),
        _ => return Err(BatchError::UnknownMagic { base_offset: offset, magic }),
    };
    let key = nullable(&mut bytes).ok_or_else(|| cut(offset))?;
    let value = nullable(&mut bytes).ok_or_else(|| cut(offset))?;
    Ok(Message { offset, magic, attributes, timestamp, key, value })
}

fn nullable(bytes: &mut Bytes) -> Option<Option<Bytes>> {
    if bytes.len() < 4 {
        return None;
    }
    match bytes.get_i32() {
        -1 => Some(None),
        length => {
            let length = usize::try_from(length).ok().filter(|length| *length <= bytes.len())?;
            Some(Some(bytes.split_to(length)))
        }
    }
}

/// The older formats use the checksum of Ethernet.
fn crc32(bytes: &[u8]) -> u32 {
    crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32IsoHdlc, bytes) as u32
}
