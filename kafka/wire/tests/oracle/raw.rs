//! Batches and old messages written by hand, field by field, with checksums computed bit by bit.

use strait_wire::batch::Compression;

pub(crate) type RawHeader = (Vec<u8>, Option<Vec<u8>>);

#[derive(Clone, Debug, Default)]
pub(crate) struct RawRecord {
    pub(crate) timestamp_delta: i64,
    pub(crate) offset_delta: i32,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) headers: Vec<RawHeader>,
}

/// A batch of format 2.
#[derive(Clone, Debug, Default)]
pub(crate) struct RawBatch {
    pub(crate) base_offset: i64,
    /// Bits above the codec.
    pub(crate) attributes: i16,
    pub(crate) last_offset_delta: i32,
    pub(crate) base_timestamp: i64,
    pub(crate) max_timestamp: i64,
    pub(crate) producer_id: i64,
    pub(crate) records: Vec<RawRecord>,
}

pub(crate) const CODECS: [Compression; 5] =
    [Compression::None, Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd];

pub(crate) fn code(codec: Compression) -> i16 {
    CODECS.iter().position(|known| *known == codec).expect("a codec") as i16
}

fn reflected_crc(polynomial: u32, bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ polynomial } else { crc >> 1 };
        }
    }
    !crc
}

pub(crate) fn crc32c(bytes: &[u8]) -> u32 {
    reflected_crc(0x82f6_3b78, bytes)
}

fn varint(value: i64, out: &mut Vec<u8>) {
    let mut zigzag = ((value << 1) ^ (value >> 63)) as u64;
    while zigzag >= 0x80 {
        out.push(zigzag as u8 | 0x80);
        zigzag >>= 7;
    }
    out.push(zigzag as u8);
}

fn nullable(bytes: Option<&[u8]>, out: &mut Vec<u8>) {
    varint(bytes.map_or(-1, |bytes| bytes.len() as i64), out);
    out.extend_from_slice(bytes.unwrap_or_default());
}

impl RawRecord {
    fn write(&self, out: &mut Vec<u8>) {
        let mut body = vec![0];
        varint(self.timestamp_delta, &mut body);
        varint(i64::from(self.offset_delta), &mut body);
        nullable(self.key.as_deref(), &mut body);
        nullable(self.value.as_deref(), &mut body);
        varint(self.headers.len() as i64, &mut body);
        for (key, value) in &self.headers {
            nullable(Some(key), &mut body);
            nullable(value.as_deref(), &mut body);
        }
        varint(body.len() as i64, out);
        out.extend(body);
    }
}

impl RawBatch {
    /// The records as they are before compression.
    pub(crate) fn payload(&self) -> Vec<u8> {
        let mut payload = Vec::new();
        self.records.iter().for_each(|record| record.write(&mut payload));
        payload
    }

    pub(crate) fn bytes(&self, codec: Compression) -> Vec<u8> {
        self.with_payload(codec, &codec.compress(self.payload()).expect("compressed"))
    }

    /// The batch around a payload that was compressed elsewhere.
    pub(crate) fn with_payload(&self, codec: Compression, payload: &[u8]) -> Vec<u8> {
        let mut covered = Vec::new();
        covered.extend((self.attributes | code(codec)).to_be_bytes());
        covered.extend(self.last_offset_delta.to_be_bytes());
        covered.extend(self.base_timestamp.to_be_bytes());
        covered.extend(self.max_timestamp.to_be_bytes());
        covered.extend(self.producer_id.to_be_bytes());
        covered.extend(3_i16.to_be_bytes());
        covered.extend(40_i32.to_be_bytes());
        covered.extend((self.records.len() as i32).to_be_bytes());
        covered.extend(payload);
        let mut batch = Vec::new();
        batch.extend(self.base_offset.to_be_bytes());
        batch.extend((covered.len() as i32 + 9).to_be_bytes());
        batch.extend(7_i32.to_be_bytes());
        batch.push(2);
        batch.extend(crc32c(&covered).to_be_bytes());
        batch.extend(covered);
        batch
    }
}

/// A message of format 0 or 1.
#[derive(Clone, Debug, Default)]
pub(crate) struct RawMessage {
    pub(crate) offset: i64,
    pub(crate) magic: i8,
    pub(crate) attributes: i8,
    pub(crate) timestamp: i64,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) value: Option<Vec<u8>>,
}

fn field(bytes: Option<&[u8]>, out: &mut Vec<u8>) {
    out.extend(bytes.map_or(-1, |bytes| bytes.len() as i32).to_be_bytes());
    out.extend_from_slice(bytes.unwrap_or_default());
}

impl RawMessage {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut covered = vec![self.magic as u8, self.attributes as u8];
        if self.magic == 1 {
            covered.extend(self.timestamp.to_be_bytes());
        }
        field(self.key.as_deref(), &mut covered);
        field(self.value.as_deref(), &mut covered);
        let mut message = Vec::new();
        message.extend(self.offset.to_be_bytes());
        message.extend((covered.len() as i32 + 4).to_be_bytes());
        message.extend(reflected_crc(0xedb8_8320, &covered).to_be_bytes());
        message.extend(covered);
        message
    }
}
