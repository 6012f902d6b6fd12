//! Numbers that look random and are the same on each run.

/// A generator of 64 bits (xorshift with a multiplication).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (((self.bits() >> 32) * end as u64) >> 32) as usize
    }

    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// Often small, -1 or an end of a range.
    pub(crate) fn number(&mut self) -> i64 {
        match self.below(8) {
            0 => 0,
            1 => -1,
            2 => i64::MAX,
            3 => i64::MIN,
            4 => self.below(1_000) as i64,
            _ => self.bits() as i64,
        }
    }

    /// Mostly short; sometimes long enough for a varint of two bytes.
    pub(crate) fn length(&mut self) -> usize {
        match self.below(20) {
            0 => 120 + self.below(200),
            1..=3 => 0,
            _ => self.below(12),
        }
    }
}
