//! Changes that find mistakes: bits, numbers at the ends of their ranges, lengths, cuts and pieces in wrong places.

use crate::generate::Random;

const BYTES: [u8; 8] = [0, 1, 2, 0x7e, 0x7f, 0x80, 0xfe, 0xff];
const NUMBERS: [i32; 8] = [-2, -1, 0, 1, 0x7f, i16::MAX as i32, i32::MAX, i32::MIN];

/// `bytes` with one to four changes; some of them take pieces of `other`.
pub(crate) fn mutate(bytes: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut mutated = bytes.to_vec();
    for _ in 0..1 + random.below(4) {
        change(&mut mutated, other, random);
    }
    mutated
}

fn change(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    if bytes.is_empty() {
        bytes.push(random.bits() as u8);
        return;
    }
    let at = random.below(bytes.len());
    match random.below(9) {
        0 => bytes[at] ^= 1 << random.below(8),
        1 => bytes[at] = BYTES[random.below(BYTES.len())],
        2 => bytes[at] = random.bits() as u8,
        3 => overwrite(bytes, at, &NUMBERS[random.below(NUMBERS.len())].to_be_bytes()),
        4 => overwrite(bytes, at, &(NUMBERS[random.below(NUMBERS.len())] as i16).to_be_bytes()),
        5 => bytes.truncate(at),
        6 => insert(bytes, at, piece(other, random)),
        7 => overwrite(bytes, at, piece(other, random)),
        _ => {
            let end = (at + 1 + random.below(8)).min(bytes.len());
            bytes.drain(at..end);
        }
    }
}

fn piece<'a>(of: &'a [u8], random: &mut Random) -> &'a [u8] {
    let start = random.below(of.len() + 1);
    let length = random.below(24).min(of.len() - start);
    &of[start..start + length]
}

fn insert(bytes: &mut Vec<u8>, at: usize, piece: &[u8]) {
    bytes.splice(at..at, piece.iter().copied());
}

fn overwrite(bytes: &mut [u8], at: usize, piece: &[u8]) {
    let end = (at + piece.len()).min(bytes.len());
    bytes[at..end].copy_from_slice(&piece[..end - at]);
}
