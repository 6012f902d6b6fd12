//! What the offset map of many records takes: bytes that are stored, memory, and time of a lookup.
//! `STRAIT_MAP_RECORDS` (300,000; by hand 1,000,000,000): so many records are copied from an ordinary topic, from one of
//! transactions with 1 % markers, and from one where compaction left every tenth.

use std::time::Instant;

use strait_replicator_core::offset_map::{Chunk, Located, OffsetMap, Translation};
use strait_replicator_core::offsets::{Downstream, Upstream};

/// Records of a transaction, and its marker.
const TRANSACTION: i64 = 99;
/// One of so many chunks is kept to look into.
const KEPT: u64 = 997;
const LOOKUPS: usize = 200_000;
/// Of the key that a chunk is stored under, its topic id, and what Kafka adds to a record: with names of usual length.
const KEY_BYTES: u64 = 110;

fn records() -> i64 {
    let text = std::env::var("STRAIT_MAP_RECORDS").unwrap_or_else(|_| "300000".to_owned());
    text.replace('_', "").parse().expect("a number")
}

/// Resident bytes of this process.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or_default() * 4_096
}

struct Filled {
    map: OffsetMap,
    kept: Vec<Chunk>,
    chunks: u64,
    bytes: u64,
    resident: u64,
}

/// Copies runs, each told as its distance at the source and its records, until there are enough.
fn fill(mut next: impl FnMut() -> (i64, i64)) -> Filled {
    let before = resident();
    let mut map = OffsetMap::new(0, 0);
    let (mut kept, mut chunks, mut bytes, mut kept_bytes) = (Vec::new(), 0_u64, 0_u64, 0_u64);
    let (mut source, mut target, wanted) = (0, 0, records());
    while target < wanted {
        let (distance, count) = next();
        map.push(source + distance, target, count).expect("in order");
        (source, target) = (source + distance + count, target + count);
        for chunk in map.seal() {
            bytes += chunk.bytes.len() as u64;
            if chunks.is_multiple_of(KEPT) {
                kept_bytes += chunk.bytes.len() as u64;
                kept.push(Chunk::decode(chunk.bytes).expect("a chunk"));
            }
            chunks += 1;
        }
    }
    let resident = resident().saturating_sub(before + kept_bytes);
    bytes += map.open_part().len() as u64;
    Filled { map, kept, chunks, bytes, resident }
}

impl Filled {
    fn show(&self, topic: &str) {
        println!(
            "{topic}: {} records, {} chunks, {} bytes ({} with keys), {:.2} MiB resident, {:.2} us a lookup, {:.2} us back",
            records(),
            self.chunks,
            self.bytes,
            self.bytes + self.chunks * KEY_BYTES,
            self.resident as f64 / f64::from(1 << 20),
            self.lookup_us(false),
            self.lookup_us(true),
        );
    }

    /// The mean of lookups in chunks that are in memory, index included.
    fn lookup_us(&self, back: bool) -> f64 {
        let begun = Instant::now();
        let mut state = 1_u64;
        for _ in 0..LOOKUPS {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let random = (state >> 33) as usize;
            let Some(chunk) = (!self.kept.is_empty()).then(|| &self.kept[random % self.kept.len()]) else {
                let offset = (random as i64) % records();
                let found = self.map.locate(Upstream::offset(offset));
                assert!(matches!(found, Located::Known(Translation::Exact(_))), "{found:?}");
                continue;
            };
            let (from, to) = (chunk.place().from, chunk.place().to);
            let (located, found) = if back {
                let offset = from.target + (random as i64) % (to.target - from.target);
                let found = chunk.source_of(offset).expect("readable");
                (matches!(self.map.locate_back(Downstream::offset(offset)), Located::InChunk(_)), found)
            } else {
                let offset = from.source + (random as i64) % (to.source - from.source);
                let found = chunk.target_of(offset).expect("readable");
                (matches!(self.map.locate(Upstream::offset(offset)), Located::InChunk(_)), found)
            };
            assert!(located && found >= 0);
        }
        begun.elapsed().as_secs_f64() * 1e6 / LOOKUPS as f64
    }
}

#[test]
fn an_ordinary_topic_takes_next_to_nothing() {
    let filled = fill(|| (0, 500));
    filled.show("ordinary");
    assert!(filled.bytes < 64 << 10, "{} bytes", filled.bytes);
}

#[test]
fn a_transaction_takes_three_bytes() {
    let mut is_first = true;
    let filled = fill(|| (i64::from(!std::mem::take(&mut is_first)), TRANSACTION));
    filled.show("transactional");
    let each = filled.bytes as f64 / (records() / TRANSACTION) as f64;
    assert!(each < 3.0, "{each} bytes a transaction");
}

#[test]
fn a_record_that_survived_compaction_takes_six_bits() {
    let mut state = 7_u64;
    let filled = fill(|| {
        let mut distance = 0;
        loop {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            if (state >> 33).is_multiple_of(10) {
                return (distance, 1);
            }
            distance += 1;
        }
    });
    filled.show("compacted");
    let bits = filled.bytes as f64 * 8.0 / records() as f64;
    assert!(bits < 6.0, "{bits} bits a record");
}
