//! Offsets that the target skips between records.

use bytes::Bytes;

use super::{ChunkError, varint};

/// From a record's number on so many offsets are skipped in all; in order.
#[derive(Clone, Debug)]
pub(super) struct Skips(Vec<(i64, i64)>);

impl Skips {
    pub(super) fn decode(bytes: &Bytes, at: &mut usize, records: i64) -> Result<Self, ChunkError> {
        let count = varint::get(bytes, at)?;
        // Each takes two bytes at least.
        if count > ((bytes.len() - *at) / 2) as i64 {
            return Err(ChunkError::Truncated { at: *at });
        }
        let (mut skips, mut index, mut total) = (Vec::with_capacity(count as usize), 0_i64, 0_i64);
        for _ in 0..count {
            let wrong = ChunkError::Inconsistent { at: *at };
            index += varint::get(bytes, at)?.min(records);
            let skip = varint::get(bytes, at)?;
            total = total.checked_add(skip).filter(|total| *total < i64::MAX - records).ok_or(wrong)?;
            if index >= records {
                return Err(wrong);
            }
            skips.push((index, total));
        }
        Ok(Self(skips))
    }

    /// In memory.
    pub(super) fn resident_bytes(&self) -> usize {
        size_of_val(&*self.0)
    }

    /// Offsets that are skipped before the record with a number.
    pub(super) fn before(&self, index: i64) -> i64 {
        let behind = self.0.partition_point(|(from, _)| *from <= index);
        self.total_of(behind)
    }

    /// The number of the record at or after an offset.
    pub(super) fn index_at(&self, offset: i64) -> i64 {
        let behind = self.0.partition_point(|(from, total)| from + total <= offset);
        let index = offset - self.total_of(behind);
        self.0.get(behind).map_or(index, |(next, _)| index.min(*next))
    }

    fn total_of(&self, skips: usize) -> i64 {
        self.0[..skips].last().map_or(0, |(_, total)| *total)
    }
}
