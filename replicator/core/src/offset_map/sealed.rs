//! Where sealed chunks lie.

use bytes::Bytes;

use super::Bound;

/// A chunk to store. The source offset from which on it covers is its name among the chunks of a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedChunk {
    pub place: ChunkPlace,
    pub bytes: Bytes,
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

/// Chunks in order; there may be holes where one was lost.
#[derive(Clone, Debug, Default)]
pub(super) struct Index(Vec<ChunkPlace>);

impl Index {
    pub(super) fn push(&mut self, place: ChunkPlace) {
        self.0.push(place);
    }

    pub(super) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    pub(super) fn insert(&mut self, place: ChunkPlace) {
        match self.0.binary_search_by_key(&place.from.source, |known| known.from.source) {
            Ok(index) => self.0[index] = place,
            Err(index) => self.0.insert(index, place),
        }
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &ChunkPlace> {
        self.0.iter()
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
