//! High bits, with the ones before each block of them counted, so that a record is found without walking over all.

use bytes::Bytes;

use super::bits::Scan;

/// Bytes of a block.
const BLOCK: usize = 64;

#[derive(Clone, Debug)]
pub(super) struct HighBits {
    bytes: Bytes,
    /// Ones before each block.
    ones_before: Vec<u32>,
    ones: u32,
}

impl HighBits {
    pub(super) fn new(bytes: Bytes) -> Self {
        let mut ones = 0;
        let before = |block: &[u8]| {
            let before = ones;
            ones += count_ones(block);
            before
        };
        let ones_before = bytes.chunks(BLOCK).map(before).collect();
        Self { bytes, ones_before, ones }
    }

    pub(super) fn ones(&self) -> u32 {
        self.ones
    }

    /// In memory, the bytes included.
    pub(super) fn resident_bytes(&self) -> usize {
        self.bytes.len() + size_of_val(&*self.ones_before)
    }

    /// From the first record on.
    pub(super) fn scan(&self) -> Scan<'_> {
        Scan::at(&self.bytes, 0, 0)
    }

    /// From behind so many zeros on; `None` where there are fewer.
    pub(super) fn scan_behind_zeros(&self, count: usize) -> Option<Scan<'_>> {
        let zeros_before = |block: usize| 8 * BLOCK * block - self.ones_before[block] as usize;
        let mut scan = self.scan_block(|block| zeros_before(block) < count);
        scan.skip_zeros(count).then_some(scan)
    }

    /// The high bits of the record with a number.
    pub(super) fn select_one(&self, index: usize) -> Option<usize> {
        self.scan_block(|block| self.ones_before[block] as usize <= index).select_one(index)
    }

    /// From the last block on for which `is_before` holds.
    fn scan_block(&self, is_before: impl Fn(usize) -> bool) -> Scan<'_> {
        let (mut low, mut high) = (0, self.ones_before.len());
        while low < high {
            let middle = low.midpoint(high);
            if is_before(middle) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let block = low.saturating_sub(1);
        let ones = self.ones_before.get(block).copied().unwrap_or_default();
        Scan::at(&self.bytes, block * BLOCK, ones as usize)
    }
}

fn count_ones(block: &[u8]) -> u32 {
    let (words, rest) = block.as_chunks::<8>();
    let of_words: u32 = words.iter().map(|word| u64::from_ne_bytes(*word).count_ones()).sum();
    of_words + rest.iter().map(|byte| byte.count_ones()).sum::<u32>()
}
