//! Batches with anything in them: every field as a test wants it, under a right checksum unless said.

use strait_wire::batch::{Attributes, crc32c};

/// 2023-11-14: old, which no broker minds by default.
pub(super) const TIME: i64 = 1_700_000_000_000;

/// Bytes before the length counts, and where the checksum's cover begins.
const LOG_OVERHEAD: usize = 12;
const CRC_AT: usize = 17;
const CRC_START: usize = 21;

/// A batch of format 2.
#[derive(Clone, Debug)]
pub(super) struct Forged {
    pub(super) base_offset: i64,
    pub(super) leader_epoch: i32,
    pub(super) magic: i8,
    /// 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd.
    pub(super) codec: i16,
    /// All other bits.
    pub(super) attributes: i16,
    /// One less than there are records, unless said.
    pub(super) last_offset_delta: Option<i32>,
    pub(super) base_timestamp: i64,
    pub(super) max_timestamp: i64,
    pub(super) producer_id: i64,
    pub(super) epoch: i16,
    pub(super) sequence: i32,
    /// As many as there are records, unless said.
    pub(super) count: Option<i32>,
    /// Each with its length in front.
    pub(super) records: Vec<Vec<u8>>,
}

impl Forged {
    /// Three records with keys, one header and one null value, from no producer with an id.
    pub(super) fn plain(codec: i16) -> Self {
        let records = vec![
            Part { headers: vec![("h", Some("1"))], ..Part::at(0) }.bytes(),
            Part { value: None, ..Part::at(1) }.bytes(),
            Part::at(2).bytes(),
        ];
        Self::of(codec, records)
    }

    pub(super) fn of(codec: i16, records: Vec<Vec<u8>>) -> Self {
        Self {
            base_offset: 0,
            leader_epoch: -1,
            magic: 2,
            codec,
            attributes: 0,
            last_offset_delta: None,
            base_timestamp: TIME,
            max_timestamp: TIME + 2,
            producer_id: -1,
            epoch: -1,
            sequence: -1,
            count: None,
            records,
        }
    }

    /// `count` records of an idempotent producer.
    pub(super) fn from_producer(producer_id: i64, epoch: i16, sequence: i32, count: i32) -> Self {
        let records = (0..count).map(|index| Part { timestamp_delta: 0, ..Part::at(index.into()) }.bytes());
        let batch = Self::of(0, records.collect());
        Self { producer_id, epoch, sequence, max_timestamp: TIME, ..batch }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let records = self.records.concat();
        let payload = match Attributes(self.codec).compression() {
            Ok(codec) => codec.compress(records).expect("compressed"),
            Err(_) => records.into(),
        };
        self.with_payload(&payload)
    }

    /// The batch with these bytes in the place of its records.
    pub(super) fn with_payload(&self, payload: &[u8]) -> Vec<u8> {
        let count = i32::try_from(self.records.len()).expect("few records");
        let mut bytes = Vec::new();
        bytes.extend(self.base_offset.to_be_bytes());
        bytes.extend([0; 4]);
        bytes.extend(self.leader_epoch.to_be_bytes());
        bytes.extend(self.magic.to_be_bytes());
        bytes.extend([0; 4]);
        bytes.extend((self.attributes | self.codec).to_be_bytes());
        bytes.extend(self.last_offset_delta.unwrap_or(count - 1).to_be_bytes());
        bytes.extend(self.base_timestamp.to_be_bytes());
        bytes.extend(self.max_timestamp.to_be_bytes());
        bytes.extend(self.producer_id.to_be_bytes());
        bytes.extend(self.epoch.to_be_bytes());
        bytes.extend(self.sequence.to_be_bytes());
        bytes.extend(self.count.unwrap_or(count).to_be_bytes());
        bytes.extend(payload);
        let length = i32::try_from(bytes.len() - LOG_OVERHEAD).expect("short");
        bytes[LOG_OVERHEAD - 4..LOG_OVERHEAD].copy_from_slice(&length.to_be_bytes());
        seal(&mut bytes);
        bytes
    }
}

/// Puts the right checksum in.
pub(super) fn seal(bytes: &mut [u8]) {
    let crc = crc32c(&bytes[CRC_START..]);
    bytes[CRC_AT..CRC_START].copy_from_slice(&crc.to_be_bytes());
}

/// The fields of a record.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) attributes: u8,
    pub(super) timestamp_delta: i64,
    pub(super) offset_delta: i64,
    pub(super) key: Option<&'static str>,
    pub(super) value: Option<&'static str>,
    pub(super) headers: Vec<(&'static str, Option<&'static str>)>,
    /// In the place of the length that the key has.
    pub(super) key_length: Option<i64>,
    /// In the place of the number of headers.
    pub(super) header_count: Option<i64>,
    /// Behind the headers, inside the record.
    pub(super) tail: &'static [u8],
    /// Added to the record's length.
    pub(super) length_off_by: i64,
}

impl Part {
    pub(super) fn at(offset_delta: i64) -> Self {
        Self {
            attributes: 0,
            timestamp_delta: offset_delta,
            offset_delta,
            key: Some("k"),
            value: Some("value"),
            headers: Vec::new(),
            key_length: None,
            header_count: None,
            tail: &[],
            length_off_by: 0,
        }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut body = vec![self.attributes];
        write_varint(self.timestamp_delta, &mut body);
        write_varint(self.offset_delta, &mut body);
        let length = |text: &str| i64::try_from(text.len()).expect("short");
        write_varint(self.key_length.unwrap_or(self.key.map_or(-1, length)), &mut body);
        body.extend(self.key.unwrap_or_default().bytes());
        write_varint(self.value.map_or(-1, length), &mut body);
        body.extend(self.value.unwrap_or_default().bytes());
        let count = i64::try_from(self.headers.len()).expect("few headers");
        write_varint(self.header_count.unwrap_or(count), &mut body);
        for (key, value) in &self.headers {
            write_varint(length(key), &mut body);
            body.extend(key.bytes());
            write_varint(value.map_or(-1, length), &mut body);
            body.extend(value.unwrap_or_default().bytes());
        }
        body.extend(self.tail);
        let mut bytes = Vec::new();
        write_varint(i64::try_from(body.len()).expect("short") + self.length_off_by, &mut bytes);
        bytes.extend(body);
        bytes
    }
}

/// Zigzag, seven bits at a time.
fn write_varint(value: i64, out: &mut Vec<u8>) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest > 0x7f {
        out.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// A message of format 0 or 1 with key `k` and value `value`, under a right checksum.
pub(super) fn legacy(magic: i8) -> Vec<u8> {
    let mut message = vec![magic as u8, 0];
    if magic == 1 {
        message.extend(TIME.to_be_bytes());
    }
    for part in ["k", "value"] {
        message.extend(i32::try_from(part.len()).expect("short").to_be_bytes());
        message.extend(part.bytes());
    }
    let mut bytes = 0_i64.to_be_bytes().to_vec();
    bytes.extend(i32::try_from(message.len() + 4).expect("short").to_be_bytes());
    bytes.extend(ethernet_crc(&message).to_be_bytes());
    bytes.extend(message);
    bytes
}

/// The checksum of Ethernet, bit by bit.
fn ethernet_crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    let byte = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc));
    !bytes.iter().fold(!0, byte)
}
