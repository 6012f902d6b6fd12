//! The newest batches in memory, as the slices they were appended from. Small batches are copied into one slice, so
//! that they don't hold a large network buffer.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use strait_wire::batch::BatchHeader;

use crate::budget::Budget;

/// Batches up to this size are copied.
const COPIED_BELOW: usize = 8 << 10;

#[derive(Debug)]
struct TailBatch {
    base_offset: i64,
    next_offset: i64,
    size: usize,
    slices: Slices,
}

#[derive(Debug)]
enum Slices {
    One(Bytes),
    Several(Box<[Bytes]>),
}

/// Batches without a hole between them, up to the end of the log.
#[derive(Debug)]
pub(crate) struct Tail {
    limit: usize,
    size: usize,
    batches: VecDeque<TailBatch>,
    /// Shared with other logs; what is in memory is taken from it.
    budget: Arc<Budget>,
}

impl Tail {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, size: 0, batches: VecDeque::new(), budget: Arc::new(Budget::new(usize::MAX)) }
    }

    pub(crate) fn push(&mut self, header: &BatchHeader, slices: &[Bytes], size: usize) {
        if size > self.limit || !self.make_room(size) {
            return self.clear();
        }
        self.size += size;
        let (base_offset, next_offset) = (header.base_offset, header.next_offset());
        self.batches.push_back(TailBatch { base_offset, next_offset, size, slices: keep(slices, size) });
        self.shrink();
    }

    /// Keeps at most `limit` bytes.
    pub(crate) fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
        self.shrink();
    }

    /// Takes part in another budget.
    pub(crate) fn set_budget(&mut self, budget: Arc<Budget>) {
        self.clear();
        self.budget = budget;
    }

    fn shrink(&mut self) {
        while self.size > self.limit && self.drop_oldest() {}
    }

    /// Takes `size` from the budget, at the cost of this log's older batches only.
    fn make_room(&mut self, size: usize) -> bool {
        while !self.budget.take(size) {
            if !self.drop_oldest() {
                return false;
            }
        }
        true
    }

    fn drop_oldest(&mut self) -> bool {
        let Some(oldest) = self.batches.pop_front() else { return false };
        self.size -= oldest.size;
        self.budget.give_back(oldest.size);
        true
    }

    pub(crate) fn clear(&mut self) {
        while self.drop_oldest() {}
    }

    /// First offset in memory.
    pub(crate) fn start(&self) -> Option<i64> {
        self.batches.front().map(|batch| batch.base_offset)
    }

    /// Whole batches from the one that holds `from`, all below `upper_bound`; none when `from` is older.
    pub(crate) fn read(
        &self,
        from: i64,
        max_bytes: usize,
        upper_bound: i64,
        at_least_one: bool,
    ) -> Option<TailRead> {
        self.start().filter(|start| *start <= from)?;
        let first = self.batches.partition_point(|batch| batch.next_offset <= from);
        let mut read = TailRead { slices: Vec::new(), size: 0, next_offset: from };
        for batch in self.batches.range(first..) {
            let fits = read.size + batch.size <= max_bytes || (at_least_one && read.size == 0);
            if !fits || batch.next_offset > upper_bound {
                break;
            }
            read.size += batch.size;
            read.next_offset = batch.next_offset;
            match &batch.slices {
                Slices::One(slice) => read.slices.push(slice.clone()),
                Slices::Several(slices) => read.slices.extend(slices.iter().cloned()),
            }
        }
        Some(read)
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.clear();
    }
}

#[derive(Debug)]
pub(crate) struct TailRead {
    pub(crate) slices: Vec<Bytes>,
    pub(crate) size: usize,
    pub(crate) next_offset: i64,
}

fn keep(slices: &[Bytes], size: usize) -> Slices {
    if size <= COPIED_BELOW {
        let mut joined = BytesMut::with_capacity(size);
        slices.iter().for_each(|slice| joined.extend_from_slice(slice));
        return Slices::One(joined.freeze());
    }
    Slices::Several(slices.into())
}

#[cfg(test)]
mod tests {
    use strait_wire::batch::{BatchBuilder, Compression, Stamp};

    use super::*;

    /// Pushes a batch of one record; gives its size.
    fn push(tail: &mut Tail, base_offset: i64) -> usize {
        let mut builder = BatchBuilder::new(Compression::None, 0);
        builder.push(0, None, Some(&Bytes::from_static(b"value")), &[]);
        let batch = builder.finish(Stamp::NONE, base_offset).expect("a batch");
        tail.push(batch.header(), &[batch.bytes().clone()], batch.size());
        batch.size()
    }

    #[test]
    fn the_oldest_batches_leave_first() {
        let mut tail = Tail::new(200);
        assert_eq!(tail.start(), None);
        let size = push(&mut tail, 0);
        assert!(2 * size <= 200 && 3 * size > 200, "{size}");
        push(&mut tail, 1);
        assert_eq!(tail.start(), Some(0));
        push(&mut tail, 2);
        assert_eq!(tail.start(), Some(1));
        assert!(tail.read(0, 1_000, 3, true).is_none());
        assert_eq!(tail.read(1, 1_000, 3, true).expect("in memory").size, 2 * size);
        tail.set_limit(size);
        assert_eq!(tail.start(), Some(2));
        tail.set_limit(size - 1);
        assert_eq!(tail.start(), None);
        push(&mut tail, 3);
        assert_eq!(tail.start(), None);
    }

    #[test]
    fn a_shared_budget_is_never_overdrawn_and_comes_back() {
        let budget = Arc::new(Budget::new(200));
        let (mut left, mut right) = (Tail::new(1_000), Tail::new(1_000));
        left.set_budget(budget.clone());
        right.set_budget(budget.clone());
        let size = push(&mut left, 0);
        push(&mut right, 0);
        assert_eq!(budget.used(), 2 * size);
        push(&mut right, 1);
        assert_eq!((left.start(), right.start(), budget.used()), (Some(0), Some(1), 2 * size));
        drop(right);
        assert_eq!(budget.used(), size);
        left.clear();
        assert_eq!(budget.used(), 0);
    }
}
