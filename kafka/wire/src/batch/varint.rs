//! Signed varints of records: zigzag, seven bits a byte.

/// Longest varint of 64 bits.
const LONGEST: usize = 10;

/// The next varint and what stands behind it; `None` when it is cut or too long.
pub(super) fn read(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let mut value = 0_u64;
    for (index, byte) in bytes.iter().take(LONGEST).enumerate() {
        value |= u64::from(byte & 0x7f).checked_shl(7 * index as u32)?;
        if byte & 0x80 == 0 {
            let signed = (value >> 1) as i64 ^ -((value & 1) as i64);
            return Some((signed, &bytes[index + 1..]));
        }
    }
    None
}

pub(super) fn write(value: i64, out: &mut Vec<u8>) {
    let mut left = ((value << 1) ^ (value >> 63)) as u64;
    while left >= 0x80 {
        out.push((left & 0x7f) as u8 | 0x80);
        left >>= 7;
    }
    out.push(left as u8);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_written_is_read(value in any::<i64>()) {
            let mut bytes = Vec::new();
            write(value, &mut bytes);
            prop_assert_eq!(read(&bytes), Some((value, &[][..])));
        }
    }

    #[test]
    fn a_cut_or_endless_varint_is_refused() {
        assert_eq!(read(&[0x80]), None);
        assert_eq!(read(&[0xff; 11]), None);
    }
}
