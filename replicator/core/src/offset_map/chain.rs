//! Which of the stored chunks are a map's. Each chunk ends where the next one begins, and the last where the open part
//! does, so that chunks of a past that was given up, or of a future that did not come to be, do not fit.

use std::cmp::Reverse;

use super::Bound;
use super::sealed::StoredChunk;

pub(super) struct Chain {
    /// In order.
    pub(super) chunks: Vec<StoredChunk>,
    /// Names of chunks that lie within others.
    pub(super) replaced: Vec<i64>,
}

/// Those that cover the source from `begin` up to `open_from`. Where one is missing those below are taken only if there is no
/// doubt between them.
pub(super) fn chain(mut chunks: Vec<StoredChunk>, begin: Bound, open_from: Bound) -> Chain {
    chunks.retain(|chunk| begin.is_below(chunk.place.from) && chunk.place.to.is_below(open_from));
    chunks.sort_by_key(|chunk| {
        (chunk.place.to.source, chunk.place.to.target, Reverse(chunk.place.from.source))
    });
    let mut chain = Chain { chunks: Vec::new(), replaced: Vec::new() };
    let mut next = open_from;
    while let Some(chunk) = chunks.pop() {
        let place = chunk.place;
        if place.to != next && !(place.to.source < next.source && place.to.is_below(next)) {
            if place.from.source > next.source {
                chain.replaced.push(place.from.source);
            }
        } else if place.to == next || !overlaps(&chunks, place.from) {
            next = place.from;
            chain.chunks.push(chunk);
        } else {
            next = drop_overlapping(&mut chunks, place.from);
        }
    }
    chain.chunks.reverse();
    chain
}

fn overlaps(chunks: &[StoredChunk], from: Bound) -> bool {
    chunks.last().is_some_and(|below| below.place.to.source > from.source)
}

/// Drops chunks that cover the same offsets, and gives where the lowest of them begins.
fn drop_overlapping(chunks: &mut Vec<StoredChunk>, mut from: Bound) -> Bound {
    while overlaps(chunks, from)
        && let Some(doubtful) = chunks.pop()
    {
        if doubtful.place.from.source < from.source {
            from = doubtful.place.from;
        }
    }
    from
}

impl Bound {
    /// Neither side lies behind the other's.
    fn is_below(self, other: Self) -> bool {
        self.source <= other.source && self.target <= other.target
    }
}
