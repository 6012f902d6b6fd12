//! Bits in bytes, the lowest bit of the first byte first.

/// Bits to write.
pub(super) struct Bits(Vec<u8>);

impl Bits {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn of(bits: usize) -> Self {
        Self(vec![0; bits.div_ceil(8)])
    }

    pub(super) fn set(&mut self, bit: usize) {
        self.0[bit / 8] |= 1 << (bit % 8);
    }

    /// Writes up to 40 bits where none are set.
    pub(super) fn write(&mut self, at: usize, bits: u32, value: u64) {
        let shifted = (value & mask(bits)) << (at % 8);
        for (byte, bits) in self.0[at / 8..].iter_mut().zip(shifted.to_le_bytes()) {
            *byte |= bits;
        }
    }
}

fn mask(bits: u32) -> u64 {
    (1 << bits) - 1
}

/// Up to 40 bits from a bit on; bits that are not there are zero.
pub(super) fn read_bits(bytes: &[u8], at: usize, bits: u32) -> u64 {
    if bits == 0 {
        return 0;
    }
    (word(bytes, at / 8) >> (at % 8)) & mask(bits)
}

/// Eight bytes from a byte on, the first the lowest.
fn word(bytes: &[u8], at: usize) -> u64 {
    let rest = bytes.get(at..).unwrap_or_default();
    match rest.first_chunk() {
        Some(whole) => u64::from_le_bytes(*whole),
        None => {
            let mut padded = [0; 8];
            padded[..rest.len()].copy_from_slice(rest);
            u64::from_le_bytes(padded)
        }
    }
}

/// Walks over the high bits by words.
pub(super) struct Scan<'a> {
    bytes: &'a [u8],
    /// The next byte to read.
    at: usize,
    /// Bits that were read and not walked over; the lowest is next.
    word: u64,
    left: u32,
    zeros: usize,
    ones: usize,
}

impl<'a> Scan<'a> {
    /// Begins at a byte, before which there are so many ones.
    pub(super) fn at(bytes: &'a [u8], at: usize, ones: usize) -> Self {
        Self { bytes, at, word: 0, left: 0, zeros: 8 * at - ones, ones }
    }

    /// Records that were walked over.
    pub(super) fn ones(&self) -> usize {
        self.ones
    }

    fn refill(&mut self) -> bool {
        if self.left == 0 {
            if self.at >= self.bytes.len() {
                return false;
            }
            self.word = word(self.bytes, self.at);
            self.left = 8 * (self.bytes.len() - self.at).min(8) as u32;
            self.at += 8;
        }
        true
    }

    fn drop_bits(&mut self, bits: u32) {
        self.word = self.word.checked_shr(bits).unwrap_or(0);
        self.left -= bits;
    }

    /// Goes behind so many zeros; false where there are fewer.
    pub(super) fn skip_zeros(&mut self, count: usize) -> bool {
        while self.zeros < count {
            if !self.refill() {
                return false;
            }
            let ones = self.word.count_ones();
            let zeros = (self.left - ones) as usize;
            if self.zeros + zeros < count {
                self.zeros += zeros;
                self.ones += ones as usize;
                self.drop_bits(self.left);
                continue;
            }
            let run = self.word.trailing_ones().min(self.left);
            self.ones += run as usize;
            self.drop_bits(run);
            if self.left > 0 {
                self.zeros += 1;
                self.drop_bits(1);
            }
        }
        true
    }

    /// The high bits of the next record.
    pub(super) fn next_one(&mut self) -> Option<usize> {
        loop {
            if !self.refill() {
                return None;
            }
            let run = self.word.trailing_zeros().min(self.left);
            self.zeros += run as usize;
            self.drop_bits(run);
            if self.left > 0 {
                self.ones += 1;
                self.drop_bits(1);
                return Some(self.zeros);
            }
        }
    }

    /// The high bits of the record with a number.
    pub(super) fn select_one(&mut self, index: usize) -> Option<usize> {
        while self.refill() {
            let ones = self.word.count_ones() as usize;
            if self.ones + ones > index {
                break;
            }
            self.ones += ones;
            self.zeros += self.left as usize - ones;
            self.drop_bits(self.left);
        }
        while self.ones < index {
            self.next_one()?;
        }
        self.next_one()
    }
}
