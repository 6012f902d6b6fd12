//! Source offsets of single records, in a little more than two bits each beyond the logarithm of their mean distance
//! (Elias and Fano): the low bits of each side by side, the high bits as a one for each record behind as many zeros.
//! Behind them the places where the target skips offsets.

use bytes::{BufMut, Bytes, BytesMut};

use super::bits::{Bits, read_bits};
use super::high_bits::HighBits;
use super::skips::Skips;
use super::{ChunkError, varint};
use crate::offset_map::sealed::ChunkPlace;
use crate::offset_map::{Bound, Run};

/// Most records of a chunk, so that a damaged one can't ask for much.
const MOST_RECORDS: i64 = 1 << 20;
/// Longer runs, in the mean, are shorter as they are.
pub(super) const MOST_RECORDS_OF_A_RUN: i64 = 8;
/// Most low bits of an offset.
const MOST_LOW_BITS: u32 = 40;

#[derive(Clone, Debug)]
pub(super) struct EliasFano {
    place: ChunkPlace,
    records: usize,
    low_bits: u32,
    low: Bytes,
    high: HighBits,
    skips: Skips,
}

/// Writes the runs, unless they have more records than are worth it.
pub(super) fn encode_into(out: &mut BytesMut, from: Bound, runs: &[Run], to: Bound) -> bool {
    let records: i64 = runs.iter().map(|run| run.count).sum();
    let span = to.source - from.source;
    if records == 0 || records > (MOST_RECORDS_OF_A_RUN * runs.len() as i64) {
        return false;
    }
    let low_bits = (span / records).checked_ilog2().unwrap_or(0).min(MOST_LOW_BITS);
    let high_bits = records + (span >> low_bits) + 1;
    varint::put(out, records);
    out.put_u8(low_bits as u8);
    let mut low = Bits::of(records as usize * low_bits as usize);
    let mut high = Bits::of(high_bits as usize);
    let mut skips = BytesMut::new();
    let (mut index, mut skipped, mut skip_count, mut last_skip) = (0_usize, 0, 0, 0);
    for run in runs {
        let total = run.target_base - from.target - index as i64;
        if total > skipped {
            varint::put(&mut skips, (index - last_skip) as i64);
            varint::put(&mut skips, total - skipped);
            (skipped, last_skip) = (total, index);
            skip_count += 1;
        }
        for source in run.source_base..run.source_end() {
            let value = (source - from.source).unsigned_abs();
            low.write(index * low_bits as usize, low_bits, value);
            high.set((value >> low_bits) as usize + index);
            index += 1;
        }
    }
    out.put_slice(low.bytes());
    out.put_slice(high.bytes());
    varint::put(out, skip_count);
    out.put_slice(&skips);
    true
}

impl EliasFano {
    pub(super) fn decode(bytes: Bytes, place: ChunkPlace) -> Result<Self, ChunkError> {
        let mut at = 0;
        let records = varint::get(&bytes, &mut at)?;
        let low_bits = u32::from(*bytes.get(at).ok_or(ChunkError::Truncated { at })?);
        at += 1;
        if records == 0 || records > MOST_RECORDS || low_bits > MOST_LOW_BITS {
            return Err(ChunkError::Inconsistent { at });
        }
        let span = place.to.source - place.from.source;
        let high_bits = records + (span >> low_bits) + 1;
        let low = take(&bytes, &mut at, i64::from(low_bits) * records)?;
        let high = HighBits::new(take(&bytes, &mut at, high_bits)?);
        if i64::from(high.ones()) != records {
            return Err(ChunkError::Inconsistent { at });
        }
        let skips = Skips::decode(&bytes, &mut at, records)?;
        if at != bytes.len() {
            return Err(ChunkError::Inconsistent { at });
        }
        Ok(Self { place, records: records as usize, low_bits, low, high, skips })
    }

    /// Its runs, at most.
    pub(super) fn records(&self) -> usize {
        self.records
    }

    /// In memory, the bytes included.
    pub(super) fn resident_bytes(&self) -> usize {
        self.low.len() + self.high.resident_bytes() + self.skips.resident_bytes()
    }

    /// The target offset of the first record at or after a source offset.
    pub(super) fn target_of(&self, source: i64) -> Result<Option<i64>, ChunkError> {
        let value = (source - self.place.from.source).max(0).unsigned_abs();
        let Some(mut scan) = self.high.scan_behind_zeros((value >> self.low_bits) as usize) else {
            return Ok(None);
        };
        while let Some(high) = scan.next_one() {
            let index = scan.ones() - 1;
            if self.value(high, index) >= value {
                return self.target_at(index).map(Some);
            }
        }
        Ok(None)
    }

    pub(super) fn source_of(&self, target: i64) -> Result<Option<i64>, ChunkError> {
        let index = self.skips.index_at((target - self.place.from.target).max(0));
        let Some(index) = usize::try_from(index).ok().filter(|index| *index < self.records) else {
            return Ok(None);
        };
        let high = self.high.select_one(index).ok_or(ChunkError::Inconsistent { at: 0 })?;
        Ok(Some(self.place.from.source + self.value(high, index) as i64))
    }

    pub(super) fn runs(&self) -> Result<Vec<Run>, ChunkError> {
        let mut scan = self.high.scan();
        let mut runs: Vec<Run> = Vec::new();
        for index in 0..self.records {
            let high = scan.next_one().ok_or(ChunkError::Inconsistent { at: 0 })?;
            let source_base = self.place.from.source + self.value(high, index) as i64;
            let run = Run { source_base, target_base: self.target_at(index)?, count: 1 };
            match runs.last_mut() {
                Some(last)
                    if last.source_end() == run.source_base && last.target_end() == run.target_base =>
                {
                    last.count += 1;
                }
                Some(_) | None => runs.push(run),
            }
        }
        Ok(runs)
    }

    fn value(&self, high: usize, index: usize) -> u64 {
        (high as u64) << self.low_bits | read_bits(&self.low, index * self.low_bits as usize, self.low_bits)
    }

    fn target_at(&self, index: usize) -> Result<i64, ChunkError> {
        let index = index as i64;
        let target = self.place.from.target.checked_add(index);
        let target = target.and_then(|target| target.checked_add(self.skips.before(index)));
        target.ok_or(ChunkError::Inconsistent { at: 0 })
    }
}

fn take(bytes: &Bytes, at: &mut usize, bits: i64) -> Result<Bytes, ChunkError> {
    let length = usize::try_from(bits.div_euclid(8) + i64::from(bits % 8 != 0)).unwrap_or(usize::MAX);
    let end = at.checked_add(length).filter(|end| *end <= bytes.len());
    let end = end.ok_or(ChunkError::Truncated { at: bytes.len() })?;
    let taken = bytes.slice(*at..end);
    *at = end;
    Ok(taken)
}
