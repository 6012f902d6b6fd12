//! Kafka's codecs. What comes out is capped; what goes in is trusted to be our own.

use std::io::{self, Read, Write};

use bytes::Bytes;

use super::error::BatchError;

/// The codec of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compression {
    None,
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

/// Most bytes that opening one batch may give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecompressionLimit(pub usize);

/// First bytes of snappy data in the framing of the Java library xerial.
const XERIAL_MAGIC: &[u8] = b"\x82SNAPPY\x00";
/// Magic, version and lowest compatible version.
const XERIAL_HEADER: usize = 16;
const XERIAL_VERSIONS: [u8; 8] = [0, 0, 0, 1, 0, 0, 0, 1];
const XERIAL_BLOCK: usize = 32 << 10;
const GZIP_LEVEL: u32 = 6;
const ZSTD_LEVEL: i32 = 3;

impl Compression {
    pub(super) fn from_code(code: i16) -> Result<Self, BatchError> {
        match code {
            0 => Ok(Self::None),
            1 => Ok(Self::Gzip),
            2 => Ok(Self::Snappy),
            3 => Ok(Self::Lz4),
            4 => Ok(Self::Zstd),
            codec => Err(BatchError::UnknownCodec { codec }),
        }
    }

    pub(super) fn code(self) -> i16 {
        match self {
            Self::None => 0,
            Self::Gzip => 1,
            Self::Snappy => 2,
            Self::Lz4 => 3,
            Self::Zstd => 4,
        }
    }

    /// Kafka's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Snappy => "snappy",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }

    /// The bytes that `data` was made of, at most `limit`.
    pub fn decompress(self, data: &Bytes, limit: DecompressionLimit) -> Result<Bytes, BatchError> {
        match self {
            Self::None => Ok(data.clone()),
            Self::Gzip => self.read_capped(flate2::read::MultiGzDecoder::new(data.as_ref()), limit),
            Self::Snappy => self.snappy(data, limit),
            Self::Lz4 => self.read_capped(lz4_flex::frame::FrameDecoder::new(data.as_ref()), limit),
            Self::Zstd => {
                let decoder = zstd::stream::read::Decoder::with_buffer(data.as_ref())
                    .map_err(|error| self.unreadable(&error))?;
                self.read_capped(decoder, limit)
            }
        }
    }

    fn read_capped(self, reader: impl Read, limit: DecompressionLimit) -> Result<Bytes, BatchError> {
        let mut opened = Vec::new();
        let capped = limit.0.saturating_add(1);
        reader.take(capped as u64).read_to_end(&mut opened).map_err(|error| self.unreadable(&error))?;
        if opened.len() > limit.0 {
            return Err(self.over(limit));
        }
        Ok(opened.into())
    }

    fn snappy(self, data: &[u8], limit: DecompressionLimit) -> Result<Bytes, BatchError> {
        let mut opened = Vec::new();
        if !data.starts_with(XERIAL_MAGIC) {
            self.snappy_block(data, limit, &mut opened)?;
            return Ok(opened.into());
        }
        let mut rest = data.get(XERIAL_HEADER..).unwrap_or_default();
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            let length = u32::from_be_bytes(*length) as usize;
            let block = after.get(..length).ok_or_else(|| self.malformed("a block is cut"))?;
            self.snappy_block(block, limit, &mut opened)?;
            rest = &after[length..];
        }
        Ok(opened.into())
    }

    fn snappy_block(
        self,
        block: &[u8],
        limit: DecompressionLimit,
        out: &mut Vec<u8>,
    ) -> Result<(), BatchError> {
        let length = snap::raw::decompress_len(block).map_err(|error| self.malformed(&error.to_string()))?;
        let start = out.len();
        if start.saturating_add(length) > limit.0 {
            return Err(self.over(limit));
        }
        // A block can't say more than 64 bytes for each that it has: what it lies about is not allocated.
        if length > block.len().saturating_mul(64) {
            return Err(self.malformed("a block announces more than it can hold"));
        }
        out.resize(start + length, 0);
        let read = snap::raw::Decoder::new().decompress(block, &mut out[start..]);
        read.map_err(|error| self.malformed(&error.to_string()))?;
        Ok(())
    }

    /// `data` in this codec, as Kafka's clients write it.
    pub fn compress(self, data: Vec<u8>) -> Result<Bytes, BatchError> {
        let packed = match self {
            Self::None => Ok(data),
            Self::Gzip => gzip(&data),
            Self::Snappy => xerial(&data),
            Self::Lz4 => lz4(&data),
            Self::Zstd => zstd::bulk::compress(&data, ZSTD_LEVEL),
        };
        packed
            .map(Bytes::from)
            .map_err(|error| BatchError::Compression { codec: self.name(), reason: error.to_string() })
    }

    fn unreadable(self, error: &io::Error) -> BatchError {
        self.malformed(&error.to_string())
    }

    pub(super) fn malformed(self, reason: &str) -> BatchError {
        BatchError::Decompression { codec: self.name(), reason: reason.to_owned() }
    }

    pub(super) fn over(self, limit: DecompressionLimit) -> BatchError {
        BatchError::DecompressionLimit { codec: self.name(), limit: limit.0 }
    }
}

fn gzip(data: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(GZIP_LEVEL));
    encoder.write_all(data)?;
    encoder.finish()
}

fn lz4(data: &[u8]) -> io::Result<Vec<u8>> {
    let info = lz4_flex::frame::FrameInfo::new().block_size(lz4_flex::frame::BlockSize::Max64KB);
    let mut encoder = lz4_flex::frame::FrameEncoder::with_frame_info(info, Vec::new());
    encoder.write_all(data)?;
    encoder.finish().map_err(io::Error::other)
}

fn xerial(data: &[u8]) -> io::Result<Vec<u8>> {
    let mut out = Vec::with_capacity(XERIAL_HEADER + data.len() / 2);
    out.extend_from_slice(XERIAL_MAGIC);
    out.extend_from_slice(&XERIAL_VERSIONS);
    let mut encoder = snap::raw::Encoder::new();
    for block in data.chunks(XERIAL_BLOCK) {
        let packed = encoder.compress_vec(block).map_err(io::Error::other)?;
        out.extend_from_slice(&(packed.len() as u32).to_be_bytes());
        out.extend_from_slice(&packed);
    }
    Ok(out)
}
