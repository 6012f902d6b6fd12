//! The map by table and against a list of every pair.

use proptest::prelude::*;

use super::*;

fn translated(map: &OffsetMap, offset: i64) -> Translation<i64> {
    match map.translate(Upstream::offset(offset)) {
        Translation::Exact(offset) => Translation::Exact(offset.value()),
        Translation::NotYetReplicated(offset) => Translation::NotYetReplicated(offset.value()),
        Translation::Forgotten => Translation::Forgotten,
    }
}

#[test]
fn one_run_for_a_plain_topic() {
    let mut map = OffsetMap::new(0, 0, 10);
    for base in (0..1_000).step_by(10) {
        map.push(base, base, 10).expect("in order");
    }
    assert_eq!(map.runs().len(), 1);
    assert_eq!(translated(&map, 555), Translation::Exact(555));
}

#[test]
fn every_offset_has_its_answer() {
    let mut map = OffsetMap::new(100, 0, 10);
    map.push(100, 0, 10).expect("in order");
    map.push(111, 10, 5).expect("in order");
    map.advance(117);
    let table = [
        (99, Translation::Forgotten),
        (100, Translation::Exact(0)),
        (109, Translation::Exact(9)),
        (110, Translation::Exact(10)),
        (111, Translation::Exact(10)),
        (115, Translation::Exact(14)),
        (116, Translation::Exact(15)),
        (117, Translation::Exact(15)),
        (118, Translation::NotYetReplicated(15)),
    ];
    for (offset, expected) in table {
        assert_eq!(translated(&map, offset), expected, "{offset}");
    }
    assert_eq!(map.translate_back(Downstream::offset(12)), Translation::Exact(Upstream::offset(113)));
    assert_eq!(map.translate_back(Downstream::offset(15)), Translation::Exact(Upstream::offset(117)));
}

#[test]
fn the_oldest_runs_are_forgotten() {
    let mut map = OffsetMap::new(0, 0, 2);
    for index in 0..4 {
        map.push(index * 10, index, 1).expect("in order");
    }
    assert_eq!(map.runs().len(), 2);
    assert_eq!(translated(&map, 10), Translation::Forgotten);
    assert_eq!(translated(&map, 11), Translation::Exact(2));
    assert_eq!(translated(&map, 20), Translation::Exact(2));
    assert_eq!(map.translate_back(Downstream::offset(1)), Translation::Forgotten);
}

#[test]
fn runs_must_follow_each_other() {
    let mut map = OffsetMap::new(0, 0, 4);
    map.push(0, 0, 10).expect("in order");
    for (source, target, count) in [(5, 10, 1), (10, 5, 1), (10, 10, 0), (10, 10, -1), (i64::MAX, 10, 1)] {
        assert!(map.push(source, target, count).is_err(), "{source} {target} {count}");
    }
}

proptest! {
    #[test]
    fn as_exact_as_a_list_of_pairs(steps in proptest::collection::vec((0..3_i64, 0..3_i64, 1..5_i64), 1..40)) {
        let mut map = OffsetMap::new(0, 0, usize::MAX);
        let mut pairs = Vec::new();
        let (mut source, mut target) = (0, 0);
        for (source_gap, target_gap, count) in steps {
            source += source_gap;
            target += target_gap;
            map.push(source, target, count).expect("in order");
            pairs.extend((0..count).map(|index| (source + index, target + index)));
            source += count;
            target += count;
        }
        for offset in 0..source {
            let next = pairs.iter().find(|(from, _)| *from >= offset).expect("below the end");
            prop_assert_eq!(translated(&map, offset), Translation::Exact(next.1));
        }
        for offset in 0..target {
            let next = pairs.iter().find(|(_, to)| *to >= offset).expect("below the end");
            let back = map.translate_back(Downstream::offset(offset));
            prop_assert_eq!(back, Translation::Exact(Upstream::offset(next.0)));
        }
    }
}
