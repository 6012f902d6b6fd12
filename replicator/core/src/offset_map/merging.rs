//! Small chunks become large ones, so that few places are in memory and few keys are stored. A large chunk has the name
//! of the first that it replaces; the names of the others are free as soon as it is stored.

use std::collections::VecDeque;

use bytes::Bytes;

use super::CHUNK_RUNS;
use super::chunk::{self, Chunk, ChunkError};
use super::sealed::{ChunkPlace, NOT_STORED, SealedChunk, StoredChunk};

/// Small chunks of a large one.
const MERGED: usize = 32;
/// Small chunks that are remembered; where so many can't be stored the oldest stay small.
const MOST_RECENT: usize = 4 * MERGED;
/// Large chunks on their way to be stored.
const MOST_OUTSTANDING: usize = 4;

/// What is to be merged.
#[derive(Clone, Debug, Default)]
pub(super) struct Merging {
    /// The newest small chunks, each where the one before ends.
    recent: VecDeque<SealedChunk>,
    /// Large chunks that are not known to be stored; what they replace is still in use.
    outstanding: VecDeque<ChunkPlace>,
    /// Names of chunks that were replaced.
    replaced: Vec<i64>,
}

impl Merging {
    /// After a restart: the chunks of the map in order, and the names of those that larger ones replaced.
    pub(super) fn restore(chunks: &[StoredChunk], replaced: Vec<i64>) -> Self {
        let mut merging = Self { replaced, ..Self::default() };
        for chunk in chunks {
            match &chunk.bytes {
                Some(bytes) => merging.add(SealedChunk { place: chunk.place, bytes: bytes.clone() }),
                None => merging.recent.clear(),
            }
        }
        merging
    }

    pub(super) fn add(&mut self, chunk: SealedChunk) {
        if self.recent.back().is_some_and(|last| last.place.to != chunk.place.from) {
            self.recent.clear();
        }
        if self.recent.len() == MOST_RECENT {
            self.recent.drain(..MERGED);
        }
        self.recent.push_back(chunk);
    }

    /// Takes over what a fork sealed.
    pub(super) fn extend(&mut self, fork: Self) {
        fork.recent.into_iter().for_each(|chunk| self.add(chunk));
    }

    /// The next large chunk, as soon as all its parts are stored.
    pub(super) fn next(&mut self, is_stored: impl Fn(&ChunkPlace) -> bool) -> Option<SealedChunk> {
        let is_due = self.recent.len() >= MERGED
            && self.outstanding.len() < MOST_OUTSTANDING
            && self.recent.iter().take(MERGED).all(|part| is_stored(&part.place));
        if !is_due {
            return None;
        }
        let parts: Vec<SealedChunk> = self.recent.drain(..MERGED).collect();
        // Parts that can't be read were never merged: they stay as they are.
        let merged = merge(&parts).ok()??;
        self.outstanding.push_back(merged.place);
        Some(merged)
    }

    /// A chunk is stored: true if it is a large one that was waited for.
    pub(super) fn take_outstanding(&mut self, place: &ChunkPlace) -> bool {
        let found = self.outstanding.iter().position(|known| known.covers_the_same(place));
        found.and_then(|index| self.outstanding.remove(index)).is_some()
    }

    pub(super) fn add_replaced(&mut self, names: Vec<i64>) {
        self.replaced.extend(names);
    }

    pub(super) fn take_replaced(&mut self) -> Vec<i64> {
        std::mem::take(&mut self.replaced)
    }

    /// The source offset from which on chunks are in use for a large one that is on its way.
    pub(super) fn in_use_from(&self) -> i64 {
        self.outstanding.iter().map(|place| place.from.source).min().unwrap_or(i64::MAX)
    }

    /// What ends there or before is forgotten.
    pub(super) fn forget_below(&mut self, source: i64) {
        let below = self.recent.partition_point(|chunk| chunk.place.to.source <= source);
        self.recent.drain(..below);
    }

    /// The bytes of a chunk that may be merged.
    pub(super) fn bytes_of(&self, place: &ChunkPlace) -> Option<Bytes> {
        let index = self.recent.binary_search_by_key(&place.from.source, |known| known.place.from.source);
        let found = self.recent.get(index.ok()?)?;
        found.place.covers_the_same(place).then(|| found.bytes.clone())
    }
}

/// One chunk of all runs of its parts.
fn merge(parts: &[SealedChunk]) -> Result<Option<SealedChunk>, ChunkError> {
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return Ok(None) };
    let mut runs = Vec::with_capacity(MERGED * CHUNK_RUNS);
    for part in parts {
        runs.extend(Chunk::decode(part.bytes.clone())?.runs()?);
    }
    let place = ChunkPlace { from: first.place.from, to: last.place.to, stored_at: NOT_STORED };
    Ok(Some(SealedChunk { place, bytes: chunk::encode(place.from, &runs, place.to) }))
}
