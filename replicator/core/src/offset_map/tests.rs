//! The map against a list of all pairs, the golden bytes of its parts, and what is no part of one.

use bytes::Bytes;
use proptest::prelude::*;

use super::*;

/// All records, and what the map was told.
#[derive(Default)]
struct Model {
    pairs: Vec<(i64, i64)>,
    end: Bound,
}

/// A map with its chunks, as a caller keeps them.
struct Kept {
    map: OffsetMap,
    chunks: Vec<SealedChunk>,
}

impl Kept {
    fn new() -> Self {
        Self { map: OffsetMap::new(0, 0), chunks: Vec::new() }
    }

    fn seal(&mut self) {
        let sealed = self.map.seal();
        self.chunks.extend(sealed);
    }

    /// Restored from what was stored.
    fn restart(&mut self) {
        self.map = OffsetMap::restore(&self.map.open_part()).expect("what was stored");
        for chunk in self.chunks.iter().rev() {
            let place = Chunk::decode(chunk.bytes.clone()).expect("a chunk").place();
            assert!(self.map.add_sealed(place));
        }
    }

    fn chunk(&self, first_source: i64) -> Chunk {
        let stored = self.chunks.iter().find(|chunk| chunk.place.from.source == first_source);
        Chunk::decode(stored.expect("it was sealed").bytes.clone()).expect("a chunk")
    }

    fn translate(&self, source: i64) -> Translation<i64> {
        match self.map.locate(Upstream::offset(source)) {
            Located::Known(Translation::Exact(at)) => Translation::Exact(at.value()),
            Located::Known(Translation::NotYetReplicated(at)) => Translation::NotYetReplicated(at.value()),
            Located::Known(Translation::Forgotten) => Translation::Forgotten,
            Located::InChunk(place) => {
                Translation::Exact(self.chunk(place.from.source).target_of(source).expect("readable"))
            }
        }
    }

    fn translate_back(&self, target: i64) -> Translation<i64> {
        match self.map.locate_back(Downstream::offset(target)) {
            Located::Known(Translation::Exact(at)) => Translation::Exact(at.value()),
            Located::Known(Translation::NotYetReplicated(at)) => Translation::NotYetReplicated(at.value()),
            Located::Known(Translation::Forgotten) => Translation::Forgotten,
            Located::InChunk(place) => {
                Translation::Exact(self.chunk(place.from.source).source_of(target).expect("readable"))
            }
        }
    }
}

impl Model {
    fn push(&mut self, run: Run) {
        let pairs = (0..run.count).map(|index| (run.source_base + index, run.target_base + index));
        self.pairs.extend(pairs);
        self.end = Bound { source: run.source_end(), target: run.target_end() };
    }

    fn translate(&self, source: i64) -> Translation<i64> {
        let at = self.pairs.partition_point(|(pair, _)| *pair < source);
        match self.pairs.get(at) {
            _ if source > self.end.source => Translation::NotYetReplicated(self.end.target),
            Some((_, target)) => Translation::Exact(*target),
            None => Translation::Exact(self.end.target),
        }
    }

    fn translate_back(&self, target: i64) -> Translation<i64> {
        let at = self.pairs.partition_point(|(_, pair)| *pair < target);
        match self.pairs.get(at) {
            _ if target > self.end.target => Translation::NotYetReplicated(self.end.source),
            Some((source, _)) => Translation::Exact(*source),
            None => Translation::Exact(self.end.source),
        }
    }
}

/// Distances at the source and at the target, and a count.
fn filled(steps: &[(i64, i64, i64)], restarts: &[usize]) -> (Kept, Model) {
    let (mut kept, mut model) = (Kept::new(), Model::default());
    for (step, (source, target, count)) in steps.iter().enumerate() {
        let run = Run {
            source_base: model.end.source + source,
            target_base: model.end.target + target,
            count: *count,
        };
        kept.map.push(run.source_base, run.target_base, run.count).expect("in order");
        model.push(run);
        kept.seal();
        if restarts.contains(&step) {
            kept.restart();
        }
    }
    (kept, model)
}

fn assert_same(kept: &Kept, model: &Model, step: usize) {
    for source in (0..model.end.source + 3).step_by(step) {
        assert_eq!(kept.translate(source), model.translate(source), "source {source}");
    }
    for target in (0..model.end.target + 3).step_by(step) {
        assert_eq!(kept.translate_back(target), model.translate_back(target), "target {target}");
    }
}

#[test]
fn an_ordinary_topic_is_one_run() {
    let mut map = OffsetMap::new(0, 0);
    for base in 0..100_000 {
        map.push(base * 500, base * 500, 500).expect("in order");
    }
    assert!(map.seal().is_empty());
    assert!(map.open_part().len() < 64);
}

#[test]
fn what_does_not_follow_is_refused() {
    let mut map = OffsetMap::new(10, 20);
    map.push(10, 20, 5).expect("in order");
    for (source_base, target_base, count) in
        [(14, 25, 1), (15, 24, 1), (15, 25, 0), (15, 25, -1), (i64::MAX, 25, 5)]
    {
        map.push(source_base, target_base, count).expect_err("out of order");
    }
    assert_eq!(map.end(), Bound { source: 15, target: 25 });
}

#[test]
fn the_source_goes_on_where_nothing_was_to_be_copied() {
    let mut map = OffsetMap::new(0, 0);
    map.push(0, 0, 10).expect("in order");
    map.advance(12);
    let locate = |offset| map.locate(Upstream::offset(offset));
    assert_eq!(locate(11), Located::Known(Translation::Exact(Downstream::offset(10))));
    assert_eq!(locate(12), Located::Known(Translation::Exact(Downstream::offset(10))));
    assert_eq!(locate(13), Located::Known(Translation::NotYetReplicated(Downstream::offset(10))));
}

#[test]
fn what_the_source_no_longer_holds_is_forgotten_by_chunks() {
    let steps = vec![(1, 0, 10); 5_000];
    let (mut kept, model) = filled(&steps, &[]);
    let chunks: Vec<ChunkPlace> = kept.map.chunks().copied().collect();
    let forgotten = kept.map.forget_below(chunks[3].to.source + 1);
    assert_eq!(forgotten, chunks[..4].iter().map(|place| place.from.source).collect::<Vec<_>>());
    assert_eq!(kept.map.begin(), chunks[3].to);
    kept.chunks.retain(|chunk| !forgotten.contains(&chunk.place.from.source));
    kept.restart();
    assert_eq!(kept.translate(chunks[3].to.source - 1), Translation::Forgotten);
    let first = chunks[3].to.source;
    assert_eq!(kept.translate(first), model.translate(first));
}

#[test]
fn a_chunk_that_is_lost_leaves_a_hole_and_no_wrong_answer() {
    let (mut kept, model) = filled(&vec![(1, 0, 10); 5_000], &[]);
    let lost = kept.chunks.remove(2);
    let place = Chunk::decode(lost.bytes).expect("a chunk").place();
    kept.restart();
    for source in [place.from.source, place.to.source - 1] {
        assert_eq!(kept.translate(source), Translation::Forgotten);
    }
    for source in [place.from.source - 1, place.to.source] {
        assert_eq!(kept.translate(source), model.translate(source));
    }
}

#[test]
fn chunks_of_another_time_are_not_taken() {
    let mut map = OffsetMap::new(100, 100);
    let place = |from: i64, to: i64| ChunkPlace {
        from: Bound { source: from, target: from },
        to: Bound { source: to, target: to },
        stored_at: 7,
    };
    assert!(!map.add_sealed(place(50, 100)), "before the beginning");
    assert!(!map.add_sealed(place(100, 150)), "a future that did not come to be");
}

#[test]
fn a_compacted_topic_takes_less_than_six_bits_a_record() {
    // Every tenth record survives, now and then two neighbours.
    let steps: Vec<(i64, i64, i64)> =
        (0..20_000_i64).map(|step| ((step * 7_919) % 19, 0, 1 + i64::from(step % 9 == 0))).collect();
    let (kept, model) = filled(&steps, &[7_000, 15_000]);
    let bytes: usize = kept.chunks.iter().map(|chunk| chunk.bytes.len()).sum();
    let covered = kept.map.chunks().last().expect("chunks").to.source;
    let records = model.pairs.partition_point(|(source, _)| *source < covered);
    let bits = 8.0 * bytes as f64 / records as f64;
    assert!(bits < 6.0, "{bits} bits a record");
    assert_same(&kept, &model, 37);
}

#[test]
fn parts_have_golden_bytes() {
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
    let mut map = OffsetMap::new(1, 2);
    map.push(1, 2, 3).expect("in order");
    map.push(5, 5, 200).expect("in order");
    map.push(205, 207, 1).expect("in order");
    map.advance(210);
    let head = "00".to_owned() + "0000000000000001" + "0000000000000002";
    let places = "0000000000000001".to_owned() + "0000000000000002" + "00000000000000d2" + "00000000000000d0";
    let runs = "0003".to_owned() + "02c801" + "010201";
    assert_eq!(hex(&map.open_part()), head + "00" + &places + &runs);
    let runs: Vec<Run> = [0, 9, 10, 31]
        .iter()
        .zip(7..)
        .map(|(source, target)| Run { source_base: *source, target_base: target, count: 1 })
        .collect();
    let (from, to) = (Bound { source: 0, target: 7 }, Bound { source: 40, target: 11 });
    let mut out = bytes::BytesMut::new();
    assert!(chunk::encode_short(&mut out, from, &runs, to));
    let places = "0000000000000000".to_owned() + "0000000000000007" + "0000000000000028" + "000000000000000b";
    // Low bits 000 001 010 111 of three, high bits 0 1 1 3 as 1, 0 1 1, 0 0 1.
    assert_eq!(hex(&out), "01".to_owned() + &places + "0403" + "880e" + "4d00" + "00");
}

#[test]
fn what_is_cut_is_refused() {
    let (kept, _) = filled(&vec![(9, 1, 1); 2_000], &[]);
    let chunk = &kept.chunks[0].bytes;
    for end in 0..chunk.len() {
        let cut = Chunk::decode(chunk.slice(..end));
        assert!(
            cut.is_err()
                || cut.is_ok_and(
                    |chunk| chunk.runs().is_err() || chunk.runs().is_ok_and(|runs| runs.len() < 512)
                ),
            "{end}"
        );
    }
    let open = kept.map.open_part();
    for end in 0..17 + 33 {
        assert!(OffsetMap::restore(&open.slice(..end)).is_err(), "{end}");
    }
    let mut newer = open.to_vec();
    newer[0] = 1;
    let newer = OffsetMap::restore(&newer.into()).expect_err("newer");
    assert_eq!(newer, OpenPartError::UnknownVersion { version: 1 });
}

fn steps() -> impl Strategy<Value = Vec<(i64, i64, i64)>> {
    let step = prop_oneof![
        (0..3_i64, Just(0), 1..4_i64),
        (0..30_i64, prop_oneof![8 => Just(0), 1 => 1..4_i64], 1..3_i64),
        (1..2_i64, 0..2_i64, 50..200_i64),
    ];
    proptest::collection::vec(step, 0..3_000)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn every_offset_translates_as_in_the_list(steps in steps(), restarts in proptest::collection::vec(0..3_000_usize, 0..4)) {
        let (kept, model) = filled(&steps, &restarts);
        assert_same(&kept, &model, 7);
    }

    #[test]
    fn damage_gives_an_error_or_a_chunk(place in 0..2_000_usize, value: u8, kind in 0..2_usize) {
        let step = [(9, 0, 1), (1, 0, 90)][kind];
        let (kept, _) = filled(&vec![step; 1_100], &[]);
        let mut bytes = kept.chunks[0].bytes.to_vec();
        let place = place % bytes.len();
        bytes[place] = value;
        if let Ok(chunk) = Chunk::decode(Bytes::from(bytes)) {
            let _ = (chunk.runs(), chunk.target_of(5), chunk.source_of(5), chunk.target_of(i64::MAX - 1));
        }
    }
}
