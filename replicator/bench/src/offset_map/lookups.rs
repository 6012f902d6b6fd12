//! Random lookups.

use std::time::Instant;

use strait_replicator_core::offset_map::{Bound, ChunkPlace, Located, OffsetMap, Translation};
use strait_replicator_core::offsets::{Downstream, Offset, Upstream};

use super::chunk_file::{CACHED_BYTES, ChunkFile};
use super::workload::Workload;
use crate::error::BenchError;
use crate::random::Random;

/// Means.
pub(super) struct Times {
    pub(super) lookup_us: f64,
    pub(super) back_us: f64,
}

/// A part of the map to look into.
type Part = (Bound, Bound);

/// The whole map.
pub(super) fn anywhere(map: &OffsetMap) -> Vec<Part> {
    vec![(map.begin(), map.end())]
}

/// Chunks that fill at most half of the cache, and are in it afterwards; the open part where there are none.
pub(super) fn within_cache(map: &OffsetMap, file: &mut ChunkFile) -> Result<Vec<Part>, BenchError> {
    let places: Vec<ChunkPlace> = map.chunks().copied().collect();
    if places.is_empty() {
        return Ok(anywhere(map));
    }
    let (mut random, mut parts, mut bytes) = (Random::new(3), Vec::new(), 0);
    while bytes < CACHED_BYTES / 2 && parts.len() < places.len() {
        let place = &places[(random.bits() % places.len() as u64) as usize];
        bytes += file.chunk(place)?.resident_bytes();
        parts.push((place.from, place.to));
    }
    for (from, _) in &parts {
        target_of(map, file, from.source)?;
    }
    Ok(parts)
}

/// Times lookups at random places of random parts.
pub(super) fn time(
    map: &OffsetMap,
    file: &mut ChunkFile,
    lookups: usize,
    parts: &[Part],
) -> Result<Times, BenchError> {
    let mut random = Random::new(7);
    let mut between = |of: fn(&Bound) -> i64| {
        let (from, to) = &parts[(random.bits() % parts.len() as u64) as usize];
        of(from) + (random.bits() % (of(to) - of(from)).max(1).unsigned_abs()).cast_signed()
    };
    let sources: Vec<i64> = (0..lookups).map(|_| between(|bound| bound.source)).collect();
    let targets: Vec<i64> = (0..lookups).map(|_| between(|bound| bound.target)).collect();
    let begun = Instant::now();
    for source in &sources {
        target_of(map, file, *source)?;
    }
    let lookup_us = mean_us(begun, lookups);
    let begun = Instant::now();
    for target in &targets {
        source_of(map, file, *target)?;
    }
    Ok(Times { lookup_us, back_us: mean_us(begun, lookups) })
}

fn mean_us(begun: Instant, lookups: usize) -> f64 {
    begun.elapsed().as_secs_f64() * 1e6 / lookups as f64
}

/// Compares answers with what the workload says.
pub(super) fn check(
    map: &OffsetMap,
    file: &mut ChunkFile,
    workload: Workload,
    lookups: usize,
) -> Result<(), BenchError> {
    let (mut random, end) = (Random::new(11), map.end());
    for _ in 0..lookups {
        let target = (random.bits() % end.target.unsigned_abs()).cast_signed();
        let source = source_of(map, file, target)?;
        let hole = (random.bits() % end.source.unsigned_abs()).cast_signed();
        let behind = target_of(map, file, hole)?;
        let is_right = workload.may_be(source, target)
            && target_of(map, file, source)? == target
            && (behind == end.target || source_of(map, file, behind)? == workload.at_or_after(hole));
        if !is_right {
            return Err(BenchError::WrongOffset { source_offset: source, target_offset: target });
        }
    }
    Ok(())
}

fn target_of(map: &OffsetMap, file: &mut ChunkFile, source: i64) -> Result<i64, BenchError> {
    match map.locate(Upstream::<Offset>::offset(source)) {
        Located::Known(Translation::Exact(target)) => Ok(target.value()),
        Located::InChunk(place) => Ok(file.chunk(&place)?.target_of(source)?),
        Located::Known(_) => Err(BenchError::WrongOffset { source_offset: source, target_offset: -1 }),
    }
}

fn source_of(map: &OffsetMap, file: &mut ChunkFile, target: i64) -> Result<i64, BenchError> {
    match map.locate_back(Downstream::<Offset>::offset(target)) {
        Located::Known(Translation::Exact(source)) => Ok(source.value()),
        Located::InChunk(place) => Ok(file.chunk(&place)?.source_of(target)?),
        Located::Known(_) => Err(BenchError::WrongOffset { source_offset: -1, target_offset: target }),
    }
}
