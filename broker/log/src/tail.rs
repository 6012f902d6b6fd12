//! The newest batches in memory, as the slices they were appended from. Small batches are copied into one slice, so
//! that they don't hold a large network buffer. Nothing is kept that nobody reads: the network buffer can take the next
//! request while the CPU's cache still has it. For the same reason large batches are kept only for readers that can't have
//! them sent out of their file.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::{Bytes, BytesMut};
use strait_wire::batch::BatchHeader;

use crate::budget::Budget;
use crate::log::SENT_FROM_FILE;

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
    /// Bytes that came since a reader was here; above the limit, what it asks for next is not in memory whatever is kept.
    unread: usize,
    /// A reader was here since the last batch.
    is_read: AtomicBool,
    /// One of the readers needs large batches in memory.
    is_read_whole: AtomicBool,
    batches: VecDeque<TailBatch>,
    /// Shared with other logs; what is in memory is taken from it.
    budget: Arc<Budget>,
}

impl Tail {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            size: 0,
            unread: 0,
            is_read: AtomicBool::new(false),
            is_read_whole: AtomicBool::new(false),
            batches: VecDeque::new(),
            budget: Arc::new(Budget::new(usize::MAX)),
        }
    }

    pub(crate) fn push(&mut self, header: &BatchHeader, slices: &[Bytes], size: usize) {
        let unread = if std::mem::take(self.is_read.get_mut()) { 0 } else { self.unread };
        self.unread = unread.saturating_add(size);
        let is_read = self.unread <= self.limit;
        *self.is_read_whole.get_mut() &= is_read;
        let is_kept = is_read && (size < SENT_FROM_FILE || *self.is_read_whole.get_mut());
        if !is_kept || !self.make_room(size) {
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

    /// A reader waits for the next batch, or read up to the last one. For some, batches `may_stay` in their file.
    pub(crate) fn note_reader(&self, may_stay: bool) {
        self.is_read.store(true, Ordering::Relaxed);
        if !may_stay {
            self.is_read_whole.store(true, Ordering::Relaxed);
        }
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
        self.is_read.store(true, Ordering::Relaxed);
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

    /// The same where a reader waits for it.
    fn push_awaited(tail: &mut Tail, base_offset: i64) -> usize {
        tail.note_reader(true);
        push(tail, base_offset)
    }

    #[test]
    fn the_oldest_batches_leave_first() {
        let mut tail = Tail::new(200);
        assert_eq!(tail.start(), None);
        let size = push(&mut tail, 0);
        assert!(2 * size <= 200 && 3 * size > 200, "{size}");
        push(&mut tail, 1);
        assert_eq!(tail.start(), Some(0));
        push_awaited(&mut tail, 2);
        assert_eq!(tail.start(), Some(1));
        assert!(tail.read(0, 1_000, 3, true).is_none());
        assert_eq!(tail.read(1, 1_000, 3, true).expect("in memory").size, 2 * size);
        tail.set_limit(size);
        assert_eq!(tail.start(), Some(2));
        tail.set_limit(size - 1);
        assert_eq!(tail.start(), None);
        push_awaited(&mut tail, 3);
        assert_eq!(tail.start(), None);
    }

    #[test]
    fn nothing_is_kept_that_nobody_reads() {
        let mut tail = Tail::new(200);
        for offset in 0..3 {
            push(&mut tail, offset);
        }
        assert_eq!((tail.start(), tail.size), (None, 0));
        push_awaited(&mut tail, 3);
        push(&mut tail, 4);
        let read = tail.read(4, 1_000, 5, true).expect("in memory");
        push(&mut tail, 5);
        assert_eq!((read.next_offset, tail.start()), (5, Some(4)));
        for offset in 6..9 {
            push(&mut tail, offset);
        }
        assert_eq!(tail.start(), None);
    }

    #[test]
    fn a_large_batch_is_kept_for_who_needs_it_in_memory() {
        let mut tail = Tail::new(4 * SENT_FROM_FILE);
        let push_large = |tail: &mut Tail, base_offset| {
            let mut builder = BatchBuilder::new(Compression::None, 0);
            builder.push(0, None, Some(&Bytes::from(vec![0; SENT_FROM_FILE])), &[]);
            let batch = builder.finish(Stamp::NONE, base_offset).expect("a batch");
            tail.push(batch.header(), &[batch.bytes().clone()], batch.size());
        };
        push_awaited(&mut tail, 0);
        push_large(&mut tail, 1);
        assert_eq!(tail.start(), None);
        push(&mut tail, 2);
        tail.note_reader(false);
        push_large(&mut tail, 3);
        push_large(&mut tail, 4);
        assert_eq!(tail.start(), Some(2));
        for offset in 5..9 {
            push_large(&mut tail, offset);
        }
        assert_eq!(tail.start(), None, "that reader has gone");
        push_awaited(&mut tail, 9);
        push_large(&mut tail, 10);
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
