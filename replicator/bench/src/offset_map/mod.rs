//! What the offset map of many records takes: bytes that are stored, memory, and the time of a lookup both ways. No
//! cluster is needed: chunks go to a file in place of a topic, and are read from there through a bounded cache.

// Chunks outside of memory.
mod chunk_file;
// Random lookups, timed and checked.
mod lookups;
// What is copied from which topic.
mod workload;

use std::time::Instant;

use serde::Serialize;
use strait_replicator_core::offset_map::{ChunkPlace, OffsetMap};
use tracing::info;

use crate::error::BenchError;
use crate::process::resident_bytes;
use chunk_file::ChunkFile;
pub use workload::{DiskBar, Unit, Workload};

/// Of the key that a chunk is stored under, its topic id, and what Kafka adds to a record: with names of usual length.
const KEY_BYTES: u64 = 110;
/// Records of a map before the one that is measured.
const WARM_UP: i64 = 2_000_000;
/// Times are measured over so many lookups each.
const LOOKUPS: usize = 200_000;
/// Each of these is checked against what the workload says.
const CHECKED: usize = 20_000;

/// What to measure.
#[derive(Clone, Debug)]
pub struct OffsetMapOptions {
    /// Copied records.
    pub records: i64,
    pub workloads: Vec<Workload>,
}

#[derive(Clone, Debug, Serialize)]
pub struct OffsetMapReport {
    pub records: i64,
    pub maps: Vec<MapFigures>,
}

/// What one map takes.
#[derive(Clone, Debug, Serialize)]
pub struct MapFigures {
    pub workload: Workload,
    /// Runs that the map was told.
    pub runs: i64,
    pub chunks: usize,
    /// Of chunks and the open part, with keys.
    pub disk_bytes: u64,
    /// By which this process grew while the map was filled.
    pub resident_bytes: u64,
    /// Of chunks in the cache.
    pub cache_bytes: u64,
    /// From source to target, in a chunk that is in the cache.
    pub lookup_us: f64,
    /// From target to source.
    pub back_us: f64,
    /// At any record, so that nearly each chunk is read from its file.
    pub cold_us: f64,
    pub cold_back_us: f64,
    pub fill_seconds: f64,
}

pub fn measure(options: &OffsetMapOptions) -> Result<OffsetMapReport, BenchError> {
    let maps = options.workloads.iter().map(|workload| measure_map(*workload, options.records));
    Ok(OffsetMapReport { records: options.records, maps: maps.collect::<Result<_, _>>()? })
}

fn measure_map(workload: Workload, records: i64) -> Result<MapFigures, BenchError> {
    let pid = std::process::id();
    // What is allocated for a moment, to merge chunks, is not the map's.
    drop(fill(workload, records.min(WARM_UP), &mut ChunkFile::create()?)?);
    let (before, begun) = (resident_bytes(pid)?, Instant::now());
    let mut file = ChunkFile::create()?;
    let (map, runs) = fill(workload, records, &mut file)?;
    let resident = resident_bytes(pid)?.saturating_sub(before);
    let fill_seconds = begun.elapsed().as_secs_f64();
    info!(%workload, fill_seconds, "offset map is filled");
    let mut disk_bytes = map.open_part().len() as u64;
    for place in map.chunks() {
        disk_bytes += file.length_of(place)? + KEY_BYTES;
    }
    lookups::check(&map, &mut file, workload, CHECKED)?;
    let cold = lookups::time(&map, &mut file, LOOKUPS, &lookups::anywhere(&map))?;
    let cached = lookups::within_cache(&map, &mut file)?;
    let warm = lookups::time(&map, &mut file, LOOKUPS, &cached)?;
    Ok(MapFigures {
        workload,
        runs,
        chunks: map.chunks().len(),
        disk_bytes,
        resident_bytes: resident,
        cache_bytes: file.cache_bytes() as u64,
        lookup_us: warm.lookup_us,
        back_us: warm.back_us,
        cold_us: cold.lookup_us,
        cold_back_us: cold.back_us,
        fill_seconds,
    })
}

/// Copies records until there are enough, storing chunks as the daemon does.
fn fill(workload: Workload, records: i64, file: &mut ChunkFile) -> Result<(OffsetMap, i64), BenchError> {
    let mut map = OffsetMap::new(0, 0);
    let (mut next, mut runs, mut target) = (workload.runs(), 0, 0);
    while target < records {
        let (source, count) = next();
        map.push(source, target, count)?;
        (target, runs) = (target + count, runs + 1);
        for chunk in map.merge().into_iter().chain(map.seal()) {
            let stored_at = file.append(&chunk.bytes)?;
            map.set_stored(ChunkPlace { stored_at, ..chunk.place });
            // Parts that were merged are removed from the topic.
            map.forget_below(0);
        }
    }
    Ok((map, runs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_of_many_records_stays_below_its_bars() {
        let records = 600_000;
        let options = OffsetMapOptions { records, workloads: Workload::ALL.to_vec() };
        for map in measure(&options).expect("measured").maps {
            let bar = map.workload.disk_bar();
            let used = map.disk_bytes as f64 / bar.units(records) as f64;
            assert!(used <= bar.bytes, "{}: {used} of {} bytes", map.workload, bar.bytes);
        }
    }
}
