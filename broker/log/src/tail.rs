//! The newest batches in memory, as the slices they were appended from. Small batches are copied into one slice, so
//! that they don't hold a large network buffer.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use strait_wire::batch::BatchHeader;

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
}

impl Tail {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, size: 0, batches: VecDeque::new() }
    }

    pub(crate) fn push(&mut self, header: &BatchHeader, slices: &[Bytes], size: usize) {
        if size > self.limit {
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

    fn shrink(&mut self) {
        while self.size > self.limit {
            let Some(oldest) = self.batches.pop_front() else { break };
            self.size -= oldest.size;
        }
    }

    pub(crate) fn clear(&mut self) {
        self.batches.clear();
        self.size = 0;
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
