//! Which source offset became which target offset: runs of constant difference, exact for every record they cover.
//!
//! The newest runs are the *open part*, which is stored with the position. What no longer fits there is sealed into
//! *chunks* that never change and are stored elsewhere; in memory they leave a place in the index each. A chunk covers
//! a range of the source without holes: what lies in it between runs was never copied. Stored chunks are merged into
//! larger ones, so that a map of 1,000,000,000 records leaves some ten thousand places.

// Which stored chunks are the map's.
mod chain;
// The bytes of a chunk, and looking up offsets in it.
mod chunk;
// Small chunks become large ones.
mod merging;
// The bytes of the open part.
mod open_part;
// The runs of the open part.
mod runs;
// Where chunks lie.
mod sealed;

pub use chunk::{Chunk, ChunkError};
pub use open_part::OpenPartError;
pub use sealed::{ChunkPlace, NOT_STORED, SealedChunk, StoredChunk};

use crate::offsets::{Downstream, Offset, Upstream};
use merging::Merging;
use runs::{Runs, in_order};
use sealed::Index;

/// Runs of the open part at which the oldest are sealed.
const OPEN_RUNS: usize = 640;
/// Runs of a small chunk.
const CHUNK_RUNS: usize = 512;

/// Records that kept their distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    pub source_base: i64,
    pub target_base: i64,
    pub count: i64,
}

/// A pair of places: everything in the source below the first is in the target below the second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bound {
    pub source: i64,
    pub target: i64,
}

/// A translated offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Translation<T> {
    /// The same record, or, of an offset that holds none on the other side, the next one that was copied.
    Exact(T),
    /// The offset is not copied yet: the end of what is.
    NotYetReplicated(T),
    /// The map does not reach back so far.
    Forgotten,
}

/// Where the translation of an offset is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Located<T> {
    Known(Translation<T>),
    /// In this chunk.
    InChunk(ChunkPlace),
}

/// Why a run does not follow the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "run of {count} records from source {source_base} to target {target_base} does not follow source \
     {source_end}, target {target_end}"
)]
pub struct RunOrderError {
    pub source_base: i64,
    pub target_base: i64,
    pub count: i64,
    pub source_end: i64,
    pub target_end: i64,
}

/// One partition's map.
#[derive(Clone, Debug)]
pub struct OffsetMap {
    /// Where copying began, or what the map reaches back to.
    begin: Bound,
    sealed: Index,
    merging: Merging,
    open: Runs,
    /// Everything in the source below is settled: copied or passed by.
    end: Bound,
}

impl OffsetMap {
    /// A map that begins where copying begins.
    pub fn new(source_begin: i64, target_begin: i64) -> Self {
        let begin = Bound { source: source_begin, target: target_begin };
        Self::empty(begin, Runs::new(begin), begin)
    }

    fn empty(begin: Bound, open: Runs, end: Bound) -> Self {
        Self { begin, sealed: Index::default(), merging: Merging::default(), open, end }
    }

    /// Records from `source_base` on were written from `target_base` on, one by one.
    pub fn push(&mut self, source_base: i64, target_base: i64, count: i64) -> Result<(), RunOrderError> {
        let run = Run { source_base, target_base, count };
        let end = in_order(run, self.end)?;
        self.open.push(run);
        self.end = end;
        Ok(())
    }

    /// The source below `source_next` is settled, even where it held nothing to copy.
    pub fn advance(&mut self, source_next: i64) {
        self.end.source = self.end.source.max(source_next);
    }

    /// Takes out of the open part what is too much for it. The caller stores it before the next open part.
    pub fn seal(&mut self) -> Vec<SealedChunk> {
        let mut sealed = Vec::new();
        while self.open.len() >= OPEN_RUNS {
            let (from, runs, to) = self.open.take_oldest(CHUNK_RUNS);
            let place = ChunkPlace { from, to, stored_at: NOT_STORED };
            let chunk = SealedChunk { place, bytes: chunk::encode(from, &runs, to) };
            self.sealed.push(place);
            self.merging.add(chunk.clone());
            sealed.push(chunk);
        }
        sealed
    }

    /// Stored chunks as one each that takes their place when it is stored in turn.
    pub fn merge(&mut self) -> Vec<SealedChunk> {
        let (merging, sealed) = (&mut self.merging, &self.sealed);
        std::iter::from_fn(|| merging.next(|place| sealed.is_stored(place))).collect()
    }

    /// The same map without its chunks, to add what may come to nothing.
    pub fn fork(&self) -> Self {
        Self::empty(self.begin, self.open.clone(), self.end)
    }

    /// Takes over what a fork became.
    pub fn join(&mut self, fork: Self) {
        self.sealed.extend(fork.sealed);
        self.merging.extend(fork.merging);
        (self.open, self.end) = (fork.open, fork.end);
    }

    /// A chunk is stored now. Gives false for one that this map did not seal.
    pub fn set_stored(&mut self, place: ChunkPlace) -> bool {
        if self.merging.take_outstanding(&place) {
            let replaced = self.sealed.replace(place);
            self.merging.add_replaced(replaced);
            return true;
        }
        self.sealed.set_stored(place)
    }

    /// A chunk will not be stored. What a large one was to replace stays.
    pub fn give_up(&mut self, place: &ChunkPlace) {
        self.merging.take_outstanding(place);
    }

    /// All chunks that were stored before a restart; those that are no part of this map are not taken.
    pub fn restore_stored(&mut self, chunks: Vec<StoredChunk>) {
        let chain = chain::chain(chunks, self.begin, self.open.from());
        self.merging = Merging::restore(&chain.chunks, chain.replaced);
        self.sealed = Index::new(chain.chunks.into_iter().map(|chunk| chunk.place).collect());
    }

    /// The chunks as they are given to `restore_stored`.
    pub fn stored(&self) -> Vec<StoredChunk> {
        let stored = |place: &ChunkPlace| StoredChunk { place: *place, bytes: self.merging.bytes_of(place) };
        self.sealed.iter().map(stored).collect()
    }

    /// Forgets chunks that lie wholly below what the source still holds. Gives the names (first source offsets) of these and of those that
    /// larger ones replaced: nobody needs them any more.
    pub fn forget_below(&mut self, source_log_start: i64) -> Vec<i64> {
        let below = source_log_start.min(self.merging.in_use_from());
        let (forgotten, begin) = self.sealed.forget_below(below);
        if let Some(begin) = begin {
            self.begin = begin;
            self.merging.forget_below(begin.source);
        }
        let mut names = self.merging.take_replaced();
        names.extend(forgotten);
        names
    }

    /// Where a source offset (a group's next to read) lies on the target. Never later than the record it means.
    pub fn locate(&self, upstream: Upstream<Offset>) -> Located<Downstream<Offset>> {
        let offset = upstream.value();
        let known = |translation| Located::Known(translation);
        let end = Downstream::offset(self.end.target);
        match offset.cmp(&self.end.source) {
            std::cmp::Ordering::Equal => return known(Translation::Exact(end)),
            std::cmp::Ordering::Greater => return known(Translation::NotYetReplicated(end)),
            std::cmp::Ordering::Less => {}
        }
        if offset >= self.open.from().source {
            let target = self.open.target_of(offset).unwrap_or(self.end.target);
            return known(Translation::Exact(Downstream::offset(target)));
        }
        match self.sealed.covering_source(offset) {
            Some(place) => Located::InChunk(*place),
            None => known(Translation::Forgotten),
        }
    }

    /// Where a target offset lies in the source: the way back.
    pub fn locate_back(&self, downstream: Downstream<Offset>) -> Located<Upstream<Offset>> {
        let offset = downstream.value();
        let known = |translation| Located::Known(translation);
        let end = Upstream::offset(self.end.source);
        match offset.cmp(&self.end.target) {
            std::cmp::Ordering::Equal => return known(Translation::Exact(end)),
            std::cmp::Ordering::Greater => return known(Translation::NotYetReplicated(end)),
            std::cmp::Ordering::Less => {}
        }
        if offset >= self.open.from().target {
            let source = self.open.source_of(offset).unwrap_or(self.end.source);
            return known(Translation::Exact(Upstream::offset(source)));
        }
        match self.sealed.covering_target(offset) {
            Some(place) => Located::InChunk(*place),
            None => known(Translation::Forgotten),
        }
    }

    /// The places of all chunks, oldest first.
    pub fn chunks(&self) -> impl ExactSizeIterator<Item = &ChunkPlace> {
        self.sealed.iter()
    }

    /// What the map reaches back to.
    pub fn begin(&self) -> Bound {
        self.begin
    }

    /// Below it everything is settled.
    pub fn end(&self) -> Bound {
        self.end
    }
}

impl Run {
    fn source_end(&self) -> i64 {
        self.source_base + self.count
    }

    fn target_end(&self) -> i64 {
        self.target_base + self.count
    }

    fn base(&self) -> Bound {
        Bound { source: self.source_base, target: self.target_base }
    }
}

#[cfg(test)]
mod tests;
