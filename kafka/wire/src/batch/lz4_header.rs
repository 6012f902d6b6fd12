//! LZ4 frames of format 0: clients of that time wrote a wrong checksum into the frame's header (KIP-57).

use bytes::Bytes;

/// The frame's magic, which the right checksum does not cover.
const MAGIC_LENGTH: usize = 4;
/// Flags and block descriptor.
const DESCRIPTOR_LENGTH: usize = 2;
const CONTENT_SIZE_FLAG: u8 = 1 << 3;
const CONTENT_SIZE_LENGTH: usize = 8;
const DICTIONARY_FLAG: u8 = 1;
const DICTIONARY_LENGTH: usize = 4;

/// The frame with the checksum that its header should have. What is no frame is returned as it is.
pub(super) fn with_right_checksum(frame: &Bytes) -> Bytes {
    let Some((at, checksum)) = right_checksum(frame).filter(|(at, checksum)| frame[*at] != *checksum) else {
        return frame.clone();
    };
    let mut right = frame.to_vec();
    right[at] = checksum;
    right.into()
}

/// Where the header's checksum stands, and what it should be.
pub(super) fn right_checksum(frame: &[u8]) -> Option<(usize, u8)> {
    let flags = *frame.get(MAGIC_LENGTH)?;
    let content_size = if flags & CONTENT_SIZE_FLAG != 0 { CONTENT_SIZE_LENGTH } else { 0 };
    let dictionary = if flags & DICTIONARY_FLAG != 0 { DICTIONARY_LENGTH } else { 0 };
    let at = MAGIC_LENGTH + DESCRIPTOR_LENGTH + content_size + dictionary;
    frame.get(at)?;
    Some((at, (xxh32(&frame[MAGIC_LENGTH..at]) >> 8) as u8))
}

const PRIMES: [u32; 5] = [0x9e37_79b1, 0x85eb_ca77, 0xc2b2_ae3d, 0x27d4_eb2f, 0x1656_67b1];

/// XXH32 with seed 0 of fewer than 16 bytes.
fn xxh32(bytes: &[u8]) -> u32 {
    let mut hash = PRIMES[4].wrapping_add(bytes.len() as u32);
    let (words, rest) = bytes.as_chunks::<4>();
    for word in words {
        hash = hash.wrapping_add(u32::from_le_bytes(*word).wrapping_mul(PRIMES[2]));
        hash = hash.rotate_left(17).wrapping_mul(PRIMES[3]);
    }
    for byte in rest {
        hash = hash.wrapping_add(u32::from(*byte).wrapping_mul(PRIMES[4]));
        hash = hash.rotate_left(11).wrapping_mul(PRIMES[0]);
    }
    hash = (hash ^ (hash >> 15)).wrapping_mul(PRIMES[1]);
    hash = (hash ^ (hash >> 13)).wrapping_mul(PRIMES[2]);
    hash ^ (hash >> 16)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use lz4_flex::frame::{FrameEncoder, FrameInfo};

    use super::*;

    #[test]
    fn a_right_checksum_is_kept_and_a_wrong_one_made_right() {
        for content_size in [None, Some(5)] {
            let info = FrameInfo::new().content_size(content_size);
            let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
            encoder.write_all(b"12345").expect("packed");
            let frame = Bytes::from(encoder.finish().expect("packed"));
            assert_eq!(with_right_checksum(&frame).as_ptr(), frame.as_ptr());
            let mut wrong = frame.to_vec();
            wrong[if content_size.is_some() { 14 } else { 6 }] ^= 1;
            assert_eq!(with_right_checksum(&wrong.into()), frame);
        }
    }

    #[test]
    fn what_is_no_frame_is_left_alone() {
        for bytes in [&b""[..], b"1234", b"1234\xff67"] {
            assert_eq!(with_right_checksum(&Bytes::from_static(bytes)), bytes);
        }
    }
}
