//! Where sealed chunks lie.

use bytes::Bytes;

use super::Bound;

/// A chunk to store. The source offset from which on it covers is its name among the chunks of a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedChunk {
    pub place: ChunkPlace,
    pub bytes: Bytes,
}

/// A chunk that was stored before a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredChunk {
    pub place: ChunkPlace,
    /// Of one that is small enough to become part of a larger one.
    pub bytes: Option<Bytes>,
}

/// The stored place of a chunk that is not stored yet.
pub const NOT_STORED: i64 = -1;

/// What a chunk covers: from a place up to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkPlace {
    pub from: Bound,
    pub to: Bound,
    /// Where the caller keeps it, or `NOT_STORED`.
    pub stored_at: i64,
}

impl ChunkPlace {
    pub(super) fn covers_the_same(&self, other: &Self) -> bool {
        self.from == other.from && self.to == other.to
    }
}

/// Chunks in order, none over another; there may be holes where one was lost.
#[derive(Clone, Debug, Default)]
pub(super) struct Index(Vec<ChunkPlace>);

impl Index {
    pub(super) fn new(places: Vec<ChunkPlace>) -> Self {
        Self(places)
    }

    pub(super) fn push(&mut self, place: ChunkPlace) {
        self.0.push(place);
    }

    pub(super) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &ChunkPlace> {
        self.0.iter()
    }

    fn find(&self, place: &ChunkPlace) -> Option<usize> {
        let index = self.0.binary_search_by_key(&place.from.source, |known| known.from.source).ok()?;
        self.0[index].covers_the_same(place).then_some(index)
    }

    pub(super) fn is_stored(&self, place: &ChunkPlace) -> bool {
        self.find(place).is_some_and(|index| self.0[index].stored_at != NOT_STORED)
    }

    /// A chunk of the index is stored now; false for one that is not in it.
    pub(super) fn set_stored(&mut self, place: ChunkPlace) -> bool {
        let found = self.find(&place);
        if let Some(index) = found {
            self.0[index] = place;
        }
        found.is_some()
    }

    /// Puts a chunk in place of those that it covers, and gives their names but its own.
    pub(super) fn replace(&mut self, place: ChunkPlace) -> Vec<i64> {
        let first = self.0.partition_point(|known| known.from.source < place.from.source);
        let behind = self.0.partition_point(|known| known.to.source <= place.to.source);
        let replaced = self.0.splice(first..behind.max(first), [place]);
        replaced.map(|known| known.from.source).filter(|name| *name != place.from.source).collect()
    }

    pub(super) fn covering_source(&self, offset: i64) -> Option<&ChunkPlace> {
        let behind = self.0.partition_point(|place| place.from.source <= offset);
        self.0[..behind].last().filter(|place| offset < place.to.source)
    }

    pub(super) fn covering_target(&self, offset: i64) -> Option<&ChunkPlace> {
        let behind = self.0.partition_point(|place| place.from.target <= offset);
        self.0[..behind].last().filter(|place| offset < place.to.target)
    }

    /// Removes chunks below a source offset: their names, and what is reached back to afterwards.
    pub(super) fn forget_below(&mut self, source: i64) -> (Vec<i64>, Option<Bound>) {
        let below = self.0.partition_point(|place| place.to.source <= source);
        let forgotten: Vec<ChunkPlace> = self.0.drain(..below).collect();
        let begin = forgotten.last().map(|place| place.to);
        (forgotten.iter().map(|place| place.from.source).collect(), begin)
    }
}
