//! The map against a `BTreeMap` of all pairs, the golden bytes of its parts, and what is no part of one.

use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::prelude::*;

use super::*;

/// All records one by one, both ways.
#[derive(Default)]
struct Model {
    targets: BTreeMap<i64, i64>,
    sources: BTreeMap<i64, i64>,
    end: Bound,
}

/// A map with its chunks, kept as in a compacted topic: each chunk at an offset, the last of a name is in force.
struct Kept {
    map: OffsetMap,
    log: Vec<SealedChunk>,
    in_force: BTreeMap<i64, usize>,
    /// Before this offset only what is in force can still be read.
    compacted_to: usize,
}

impl Kept {
    fn new() -> Self {
        let map = OffsetMap::new(0, 0);
        Self { map, log: Vec::new(), in_force: BTreeMap::new(), compacted_to: 0 }
    }

    fn seal(&mut self) {
        let mut chunks = self.map.merge();
        chunks.extend(self.map.seal());
        for chunk in &chunks {
            self.in_force.insert(chunk.place.from.source, self.log.len());
            self.log.push(chunk.clone());
        }
        let first = self.log.len() - chunks.len();
        for (stored_at, chunk) in (first..).zip(&chunks) {
            let place = ChunkPlace { stored_at: stored_at as i64, ..chunk.place };
            assert!(self.map.set_stored(place), "{place:?}");
        }
    }

    fn forget_below(&mut self, source: i64) -> Vec<i64> {
        let names = self.map.forget_below(source);
        self.in_force.retain(|name, _| !names.contains(name));
        self.compacted_to = self.log.len();
        names
    }

    /// Restored from what was stored.
    fn restart(&mut self) {
        self.map = OffsetMap::restore(&self.map.open_part()).expect("what was stored");
        self.map.restore_stored(self.stored());
    }

    fn stored(&self) -> Vec<StoredChunk> {
        let stored = |stored_at: &usize| {
            let bytes = self.log[*stored_at].bytes.clone();
            let chunk = Chunk::decode(bytes.clone()).expect("a chunk");
            let place = ChunkPlace { stored_at: *stored_at as i64, ..chunk.place() };
            StoredChunk { place, bytes: chunk.is_small().then_some(bytes) }
        };
        self.in_force.values().map(stored).collect()
    }

    fn chunk(&self, place: ChunkPlace) -> Chunk {
        let at = place.stored_at as usize;
        let is_there = at >= self.compacted_to || self.in_force.values().any(|in_force| *in_force == at);
        assert!(is_there, "{place:?} was removed");
        let chunk = Chunk::decode(self.log[at].bytes.clone()).expect("a chunk");
        assert!(chunk.place().covers_the_same(&place));
        chunk
    }

    fn translate(&self, source: i64) -> Translation<i64> {
        match self.map.locate(Upstream::offset(source)) {
            Located::Known(Translation::Exact(at)) => Translation::Exact(at.value()),
            Located::Known(Translation::NotYetReplicated(at)) => Translation::NotYetReplicated(at.value()),
            Located::Known(Translation::Forgotten) => Translation::Forgotten,
            Located::InChunk(place) => {
                Translation::Exact(self.chunk(place).target_of(source).expect("readable"))
            }
        }
    }

    fn translate_back(&self, target: i64) -> Translation<i64> {
        match self.map.locate_back(Downstream::offset(target)) {
            Located::Known(Translation::Exact(at)) => Translation::Exact(at.value()),
            Located::Known(Translation::NotYetReplicated(at)) => Translation::NotYetReplicated(at.value()),
            Located::Known(Translation::Forgotten) => Translation::Forgotten,
            Located::InChunk(place) => {
                Translation::Exact(self.chunk(place).source_of(target).expect("readable"))
            }
        }
    }
}

impl Model {
    fn push(&mut self, run: Run) {
        let pairs = (0..run.count).map(|index| (run.source_base + index, run.target_base + index));
        self.targets.extend(pairs.clone());
        self.sources.extend(pairs.map(|(source, target)| (target, source)));
        self.end = Bound { source: run.source_end(), target: run.target_end() };
    }

    fn translate(&self, source: i64) -> Translation<i64> {
        at_or_after(&self.targets, source, (self.end.source, self.end.target))
    }

    fn translate_back(&self, target: i64) -> Translation<i64> {
        at_or_after(&self.sources, target, (self.end.target, self.end.source))
    }
}

fn at_or_after(pairs: &BTreeMap<i64, i64>, offset: i64, end: (i64, i64)) -> Translation<i64> {
    if offset > end.0 {
        return Translation::NotYetReplicated(end.1);
    }
    Translation::Exact(pairs.range(offset..).next().map_or(end.1, |(_, other)| *other))
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
    let forgotten = kept.forget_below(chunks[3].to.source + 1);
    assert_eq!(forgotten, chunks[..4].iter().map(|place| place.from.source).collect::<Vec<_>>());
    assert_eq!(kept.map.begin(), chunks[3].to);
    kept.restart();
    assert_eq!(kept.translate(chunks[3].to.source - 1), Translation::Forgotten);
    let first = chunks[3].to.source;
    assert_eq!(kept.translate(first), model.translate(first));
}

#[test]
fn stored_chunks_become_large_ones() {
    let (mut kept, model) = filled(&vec![(1, 0, 10); 60_000], &[7_000, 20_001, 44_000]);
    kept.seal();
    let lengths: Vec<i64> = kept.map.chunks().map(|place| place.to.target - place.from.target).collect();
    let (large, small) = (32 * 512 * 10, 512 * 10);
    assert_eq!(lengths[..3], [large; 3]);
    assert!(lengths[3..].iter().all(|length| *length == small), "{lengths:?}");
    // The names of 31 parts each are free.
    assert_eq!(kept.forget_below(0).len(), 3 * 31);
    assert_eq!(kept.in_force.len(), lengths.len());
    kept.restart();
    assert_same(&kept, &model, 97);
    assert!(kept.forget_below(0).is_empty());
}

#[test]
fn parts_of_a_large_chunk_that_were_not_removed_are_named_at_the_next_start() {
    let (mut kept, model) = filled(&vec![(1, 0, 10); 20_000], &[]);
    kept.seal();
    let map = kept.map.clone();
    assert_eq!(kept.map.forget_below(0).len(), 31);
    kept.map = map;
    kept.restart();
    let mut names = kept.forget_below(0);
    names.sort_unstable();
    assert_eq!(names, (1..32).map(|part| part * 512 * 11 + 1).collect::<Vec<_>>());
    assert_same(&kept, &model, 97);
}

#[test]
fn a_large_chunk_on_its_way_keeps_its_parts() {
    let (mut kept, model) = filled(&vec![(1, 0, 10); 512 * 32 + 128], &[]);
    let [merged] = &kept.map.merge()[..] else { panic!("one large chunk is due") };
    // Its name is that of its first part, which is not to be removed before it is stored.
    assert!(kept.forget_below(merged.place.from.source + 10_000).is_empty());
    assert_same(&kept, &model, 97);
    let stored_at = kept.log.len();
    kept.log.push(merged.clone());
    kept.in_force.insert(merged.place.from.source, stored_at);
    assert!(kept.map.set_stored(ChunkPlace { stored_at: stored_at as i64, ..merged.place }));
    assert_eq!(kept.map.chunks().len(), 1);
    assert_same(&kept, &model, 97);
}

#[test]
fn a_large_chunk_that_is_given_up_leaves_its_parts() {
    let (mut kept, model) = filled(&vec![(1, 0, 10); 512 * 32 + 128], &[]);
    let [merged] = &kept.map.merge()[..] else { panic!("one large chunk is due") };
    kept.map.give_up(&merged.place);
    assert_eq!(kept.map.chunks().len(), 32);
    assert_same(&kept, &model, 97);
    assert_eq!(kept.forget_below(6_000).len(), 1);
}

#[test]
fn a_chunk_that_is_lost_leaves_a_hole_and_no_wrong_answer() {
    let (mut kept, model) = filled(&vec![(1, 0, 10); 5_000], &[]);
    let place = kept.map.chunks().nth(2).copied().expect("a chunk");
    kept.in_force.remove(&place.from.source);
    kept.restart();
    for source in [place.from.source, place.to.source - 1] {
        assert_eq!(kept.translate(source), Translation::Forgotten);
    }
    for source in [place.from.source - 1, place.to.source] {
        assert_eq!(kept.translate(source), model.translate(source));
    }
}

fn place(from: (i64, i64), to: (i64, i64)) -> StoredChunk {
    let bound = |(source, target)| Bound { source, target };
    StoredChunk { place: ChunkPlace { from: bound(from), to: bound(to), stored_at: 7 }, bytes: None }
}

/// What is taken of a map that covers from 100 on, and whose open part begins at source 500, target 400.
fn taken(chunks: &[StoredChunk]) -> Vec<(i64, i64)> {
    let mut map = OffsetMap::new(100, 100);
    map.push(500, 400, 1).expect("in order");
    map.open = Runs::new(Bound { source: 500, target: 400 });
    map.restore_stored(chunks.to_vec());
    map.chunks().map(|place| (place.from.source, place.to.source)).collect()
}

#[test]
fn chunks_of_another_time_are_not_taken() {
    let end = (500, 400);
    assert!(taken(&[place((50, 50), end)]).is_empty(), "before the beginning");
    assert!(taken(&[place((300, 300), (501, 401))]).is_empty(), "a future that did not come to be");
    assert_eq!(taken(&[place((300, 300), end), place((200, 200), (320, 290))]), [(300, 500)], "over another");
    assert_eq!(
        taken(&[place((300, 300), end), place((200, 200), (300, 310))]),
        [(300, 500)],
        "behind another"
    );
    let written_twice =
        [place((300, 300), end), place((200, 200), (300, 300)), place((150, 120), (250, 220))];
    assert_eq!(taken(&written_twice), [(200, 300), (300, 500)]);
    let both = [place((300, 300), end), place((200, 190), (290, 280)), place((150, 150), (250, 240))];
    assert_eq!(taken(&both), [(300, 500)], "nobody knows which of both is right");
    let lost = [place((300, 300), end), place((200, 190), (290, 280)), place((150, 150), (200, 190))];
    assert_eq!(taken(&lost), [(150, 200), (200, 290), (300, 500)]);
}

#[test]
fn a_compacted_topic_takes_less_than_six_bits_a_record() {
    // Every tenth record survives, now and then two neighbours.
    let steps: Vec<(i64, i64, i64)> =
        (0..20_000_i64).map(|step| ((step * 7_919) % 19, 0, 1 + i64::from(step % 9 == 0))).collect();
    let (mut kept, model) = filled(&steps, &[7_000, 15_000]);
    kept.forget_below(0);
    let bytes: usize = kept.in_force.values().map(|at| kept.log[*at].bytes.len()).sum();
    let covered = kept.map.chunks().last().expect("chunks").to.source;
    let records = model.targets.range(..covered).count();
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
    let chunk = &kept.log[0].bytes;
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

/// Many runs, so that chunks are merged.
fn many_steps() -> impl Strategy<Value = Vec<(i64, i64, i64)>> {
    let step = prop_oneof![6 => (1..30_i64, Just(0), 1..2_i64), 1 => (1..3_i64, 0..3_i64, 1..9_i64)];
    proptest::collection::vec(step, 33 * 512..45_000)
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
        let mut bytes = kept.log[0].bytes.to_vec();
        let place = place % bytes.len();
        bytes[place] = value;
        if let Ok(chunk) = Chunk::decode(Bytes::from(bytes)) {
            let _ = (chunk.runs(), chunk.target_of(5), chunk.source_of(5), chunk.target_of(i64::MAX - 1));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    #[test]
    fn large_chunks_translate_as_in_the_list(
        steps in many_steps(),
        restarts in proptest::collection::vec(0..45_000_usize, 0..4),
        log_start in 0..100_000_i64,
    ) {
        let (mut kept, model) = filled(&steps, &restarts);
        kept.seal();
        kept.forget_below(log_start);
        kept.restart();
        let begin = kept.map.begin();
        prop_assert!(begin.source <= log_start.max(0), "what the source holds is not forgotten");
        for source in (begin.source..model.end.source + 3).step_by(61) {
            prop_assert_eq!(kept.translate(source), model.translate(source), "source {}", source);
        }
        for target in (begin.target..model.end.target + 3).step_by(61) {
            prop_assert_eq!(kept.translate_back(target), model.translate_back(target), "target {}", target);
        }
    }
}
