//! Numbers of seven bits a byte, the lowest first (LEB128).

use bytes::{BufMut, BytesMut};

use super::ChunkError;

/// Bytes of the longest number of 63 bits.
const LONGEST: usize = 9;

pub(super) fn put(out: &mut BytesMut, value: i64) {
    debug_assert!(value >= 0, "only counts and distances are written");
    let mut rest = value.unsigned_abs();
    while rest >= 0x80 {
        out.put_u8((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    out.put_u8(rest as u8);
}

/// Reads a number at `at`, and moves it.
pub(super) fn get(bytes: &[u8], at: &mut usize) -> Result<i64, ChunkError> {
    let mut value = 0_i64;
    for index in 0..LONGEST {
        let byte = *bytes.get(*at).ok_or(ChunkError::Truncated { at: *at })?;
        *at += 1;
        value |= i64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(ChunkError::Inconsistent { at: *at })
}
