//! CRC-32C: of a whole batch, and patched when only the header changed.
//!
//! The checksum is linear: with `H` replaced by `H'` before a payload of `n` bytes,
//! `crc' = crc ^ shift(crc(H) ^ crc(H'), n)`, where `shift` multiplies by x^(8n). The payload is not read, so
//! damage to it stays visible to whoever checks next.

/// The polynomial of CRC-32C, bits reversed.
const POLYNOMIAL: u32 = 0x82f6_3b78;

/// x^(8 * 2^k) modulo the polynomial, for k = 0..32.
const POWERS: [u32; 32] = powers();

/// CRC-32C of all bytes.
pub fn crc32c(bytes: &[u8]) -> u32 {
    // 32 bits of a CRC-32 stand in the low half.
    crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32Iscsi, bytes) as u32
}

/// The checksum after the head `before` in front of `payload_length` bytes became `after`.
pub(super) fn patch(crc: u32, before: &[u8], after: &[u8], payload_length: usize) -> u32 {
    crc ^ shift(crc32c(before) ^ crc32c(after), payload_length)
}

/// `crc` times x^(8 * bytes).
fn shift(crc: u32, bytes: usize) -> u32 {
    let mut result = crc;
    let mut left = bytes;
    let mut index = 0;
    while left != 0 {
        if left & 1 != 0 {
            result = multiply(POWERS[index % POWERS.len()], result);
        }
        left >>= 1;
        index += 1;
    }
    result
}

/// The product of two polynomials with reversed bits, modulo the polynomial.
const fn multiply(left: u32, mut right: u32) -> u32 {
    let mut product = 0;
    let mut bit = 1_u32 << 31;
    while bit != 0 {
        if left & bit != 0 {
            product ^= right;
        }
        right = if right & 1 != 0 { (right >> 1) ^ POLYNOMIAL } else { right >> 1 };
        bit >>= 1;
    }
    product
}

const fn powers() -> [u32; 32] {
    let mut table = [0; 32];
    // x^8 with reversed bits: bit 31 is x^0.
    let mut power = 1_u32 << 23;
    let mut index = 0;
    while index < table.len() {
        table[index] = power;
        power = multiply(power, power);
        index += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_check_value_of_the_standard() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn a_patched_checksum_equals_a_new_one(
            before in proptest::array::uniform32(any::<u8>()),
            after in proptest::array::uniform32(any::<u8>()),
            payload in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            let old = [before.as_slice(), &payload].concat();
            let new = [after.as_slice(), &payload].concat();
            prop_assert_eq!(patch(crc32c(&old), &before, &after, payload.len()), crc32c(&new));
        }
    }
}
