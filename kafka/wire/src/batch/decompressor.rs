//! Opens one payload after the other into the same memory, so that a broker that looks into every batch takes none for
//! each.

use bytes::Bytes;
use zstd::zstd_safe::zstd_sys::ZSTD_ErrorCode;
use zstd::zstd_safe::{DCtx, get_error_name, get_frame_content_size};

use super::compress::{Compression, DecompressionLimit};
use super::error::BatchError;
use super::lz4_frame::{self, Block};

/// The memory to begin with.
const FIRST_BYTES: usize = 64 << 10;
/// Memory above this is given back by [`Decompressor::shrink`].
const KEPT_BYTES: usize = 1 << 20;
/// How the memory grows, where the payload does not say how much it needs.
const GROWTH: usize = 4;
/// Larger windows are refused, by zstd's default and in Kafka.
const ZSTD_WINDOW_LOG: u8 = 27;

/// Memory and contexts of codecs. One for each thread is enough.
#[derive(Default)]
pub struct Decompressor {
    /// All of it was written once, so that codecs may be given slices of it.
    memory: Vec<u8>,
    zstd: Option<DCtx<'static>>,
    /// What a codec gave that has memory of its own.
    other: Bytes,
}

impl std::fmt::Debug for Decompressor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Decompressor").field("memory", &self.memory.len()).finish_non_exhaustive()
    }
}

impl Decompressor {
    /// The bytes that `data` was made of, at most `limit`. [`Compression::decompress`] gives the same, and in
    /// a few cases takes frames of zstd that give less than they say, which are refused here.
    ///
    /// # Errors
    /// Data that the codec can't read, or more than `limit`.
    pub fn open<'a>(
        &'a mut self,
        codec: Compression,
        data: &'a Bytes,
        limit: DecompressionLimit,
    ) -> Result<&'a [u8], BatchError> {
        let opened = match codec {
            Compression::None => return Ok(data),
            // A context opens no frame at all to nothing.
            Compression::Zstd if data.is_empty() => return Err(codec.malformed("no frame")),
            Compression::Lz4 => self.lz4(data, limit)?,
            Compression::Zstd if !has_large_window(data) => Some(self.zstd(data, limit)?),
            Compression::Zstd | Compression::Gzip | Compression::Snappy => None,
        };
        if let Some(length) = opened {
            return Ok(&self.memory[..length]);
        }
        self.other = codec.decompress(data, limit)?;
        Ok(&self.other)
    }

    /// Gives back what a single large batch took: to be called after the use of what was opened.
    pub fn shrink(&mut self) {
        self.other = Bytes::new();
        if self.memory.len() > KEPT_BYTES {
            self.memory = Vec::new();
        }
    }

    /// Makes the memory at least as long as this, and at least a quarter longer than it was.
    fn grow(&mut self, length: usize) {
        let held = self.memory.len();
        if held < length {
            let length = length.max(held + held / 4);
            self.memory.reserve_exact(length - held);
            self.memory.resize(length, 0);
        }
    }

    fn zstd(&mut self, data: &[u8], limit: DecompressionLimit) -> Result<usize, BatchError> {
        let codec = Compression::Zstd;
        // What a frame says of itself is believed in moderation.
        let said = get_frame_content_size(data).ok().flatten();
        let said = said.and_then(|size| usize::try_from(size).ok()).unwrap_or(0);
        self.grow(said.min(limit.0).clamp(FIRST_BYTES, KEPT_BYTES));
        loop {
            let end = self.memory.len().min(limit.0);
            let context = self.zstd.get_or_insert_with(DCtx::create);
            match context.decompress(&mut self.memory[..end], data) {
                Ok(length) => return Ok(length),
                Err(code) if !is_too_small(code) => return Err(codec.malformed(get_error_name(code))),
                Err(_) if end == limit.0 => return Err(codec.over(limit)),
                Err(_) => self.grow(end.saturating_mul(GROWTH).min(limit.0)),
            }
        }
    }

    /// None where the frame has what only the full decoder knows.
    fn lz4(&mut self, data: &[u8], limit: DecompressionLimit) -> Result<Option<usize>, BatchError> {
        let codec = Compression::Lz4;
        let Some(mut frame) = lz4_frame::plain(data) else { return Ok(None) };
        let mut length = 0;
        while let Some(block) = frame.next_block().map_err(|what| codec.malformed(what))? {
            self.grow((length + frame.block_bytes).max(FIRST_BYTES));
            let room = &mut self.memory[length..length + frame.block_bytes];
            let opened = match block {
                Block::Stored(bytes) => {
                    room[..bytes.len()].copy_from_slice(bytes);
                    bytes.len()
                }
                Block::Packed(bytes) => lz4_flex::block::decompress_into(bytes, room)
                    .map_err(|error| codec.malformed(&error.to_string()))?,
            };
            // The full decoder ends at a block of nothing.
            if opened == 0 {
                return Ok(None);
            }
            length += opened;
            if length > limit.0 {
                return Err(codec.over(limit));
            }
        }
        if frame.content_bytes.is_some_and(|said| said != length as u64) {
            return Err(codec.malformed("the frame has another length than it says"));
        }
        Ok(Some(length))
    }
}

fn is_too_small(code: usize) -> bool {
    // zstd's functions give the negative of the number.
    code.wrapping_neg() == ZSTD_ErrorCode::ZSTD_error_dstSize_tooSmall as usize
}

/// Whether the first frame may look back further than readers allow.
fn has_large_window(data: &[u8]) -> bool {
    const SINGLE_SEGMENT: u8 = 1 << 5;
    // Magic, descriptor, window where the frame is not one segment: exponent above mantissa.
    let Some([_, _, _, _, descriptor, window]) = data.first_chunk::<6>() else { return false };
    descriptor & SINGLE_SEGMENT == 0 && (window >> 3) + 10 > ZSTD_WINDOW_LOG - u8::from(window & 7 > 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMIT: DecompressionLimit = DecompressionLimit(4 << 20);
    const CODECS: [Compression; 5] =
        [Compression::None, Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd];

    fn text(length: usize) -> Vec<u8> {
        (0..length).map(|at| (at / 7 % 251) as u8 ^ (at * at % 13) as u8).collect()
    }

    #[test]
    fn one_after_the_other_is_opened() {
        let mut decompressor = Decompressor::default();
        for length in [0, 1, 100, 70_000, 10, 1_500_000, 16_384] {
            for codec in CODECS {
                let packed = codec.compress(text(length)).expect("packed");
                let opened = decompressor.open(codec, &packed, LIMIT).expect("opened");
                assert!(opened == text(length), "{codec:?} {length}");
            }
        }
        assert!(decompressor.memory.len() <= KEPT_BYTES);
    }

    #[test]
    fn a_frame_that_does_not_say_its_length_is_opened() {
        let raw = text(3_000_000);
        let packed = Bytes::from(zstd::stream::encode_all(raw.as_slice(), 3).expect("packed"));
        assert_eq!(get_frame_content_size(&packed).ok().flatten(), None);
        let mut decompressor = Decompressor::default();
        assert!(decompressor.open(Compression::Zstd, &packed, LIMIT).expect("opened") == raw);
    }

    #[test]
    fn more_than_allowed_is_refused() {
        let mut decompressor = Decompressor::default();
        for codec in CODECS.into_iter().skip(1) {
            let packed = codec.compress(vec![7; 200_000]).expect("packed");
            for limit in [0, 1, 65_536, 199_999] {
                let limit = DecompressionLimit(limit);
                let refused = decompressor.open(codec, &packed, limit).expect_err("refused");
                assert_eq!(refused, codec.over(limit));
            }
            let exact = DecompressionLimit(200_000);
            assert_eq!(decompressor.open(codec, &packed, exact).expect("opened").len(), 200_000);
        }
    }

    #[test]
    fn windows_that_no_reader_takes_are_refused() {
        let frame = |window: u8| Bytes::from(vec![0x28, 0xb5, 0x2f, 0xfd, 0, window, 1, 0, 0]);
        for (window, is_fine) in [(0, true), (17 << 3, true), (17 << 3 | 1, false), (18 << 3, false)] {
            let mut decompressor = Decompressor::default();
            let opened = decompressor.open(Compression::Zstd, &frame(window), LIMIT).map(<[u8]>::len);
            let full = Compression::Zstd.decompress(&frame(window), LIMIT).map(|opened| opened.len());
            assert_eq!((opened.is_ok(), full.is_ok()), (is_fine, is_fine), "{window}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn damaged_data_is_refused_or_opened_as_by_the_full_decoders(
            codec in prop::sample::select(CODECS.to_vec()),
            length in 0_usize..300,
            cut in any::<prop::sample::Index>(),
            change in any::<prop::sample::Index>(),
            byte in any::<u8>(),
            is_cut in any::<bool>(),
        ) {
            let mut packed = codec.compress(text(length)).expect("packed").to_vec();
            if is_cut {
                packed.truncate(cut.index(packed.len() + 1));
            }
            if !packed.is_empty() {
                let at = change.index(packed.len());
                packed[at] = byte;
            }
            let packed = Bytes::from(packed);
            let mut decompressor = Decompressor::default();
            let opened = decompressor.open(codec, &packed, LIMIT).map(<[u8]>::to_vec);
            let full = codec.decompress(&packed, LIMIT).ok();
            if let Ok(opened) = opened {
                prop_assert_eq!(Some(Bytes::from(opened)), full);
            }
        }
    }
}
