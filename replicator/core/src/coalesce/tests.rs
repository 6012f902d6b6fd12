//! Coalescing by table and by seed: fewer batches, the same records.

use bytes::Bytes;
use proptest::prelude::*;
use strait_wire::batch::{BatchBuilder, Compression, Stamp};

use super::*;
use crate::rewrite::SkipReason;

const RULES: CoalesceRules = CoalesceRules {
    small_batch_bytes: 1_000,
    max_batch_bytes: 2_000,
    decompression_limit: DecompressionLimit(1 << 20),
};

fn batch(offsets: &[i64], codec: Compression) -> Prepared {
    let mut builder = BatchBuilder::new(codec, 0);
    for offset in offsets {
        builder.push(*offset, None, Some(&Bytes::from(offset.to_string())), &[]);
    }
    let batch = builder.finish(Stamp::NONE, offsets[0]).expect("a batch");
    Prepared::encoded(batch, offsets.to_vec(), offsets[offsets.len() - 1] + 1, 0)
}

fn skipped(base: i64, next: i64) -> Prepared {
    Prepared::skipped(base, next, 0, SkipReason::Control)
}

/// (source offset, value) of each record.
fn records(prepared: &[Prepared]) -> Vec<(i64, i64)> {
    let mut found = Vec::new();
    for item in prepared {
        let PreparedKind::Data { batch, .. } = &item.kind else { continue };
        assert!(batch.is_gap_free());
        let offsets = item.runs().into_iter().flat_map(|run| run.source_base..run.source_base + run.count);
        let opened = open(batch, RULES.decompression_limit).expect("records");
        for (offset, record) in offsets.zip(opened) {
            let text = String::from_utf8(record.value.expect("a value").to_vec()).expect("text");
            found.push((offset, text.parse().expect("a number")));
        }
    }
    found
}

#[test]
fn single_records_become_one_batch_with_the_first_codec() {
    let codecs = [Compression::Lz4, Compression::None, Compression::Zstd];
    let items = (0..10_i64).map(|offset| batch(&[offset], codecs[(offset % 3) as usize])).collect();
    let out = coalesce(items, &RULES);
    assert_eq!(out.len(), 1);
    let PreparedKind::Data { batch, offsets, opened } = &out[0].kind else { panic!("data") };
    assert_eq!(batch.header().attributes.compression(), Ok(Compression::Lz4));
    assert_eq!((offsets, *opened), (&SourceOffsets::Contiguous, true));
    assert_eq!((out[0].source_base, out[0].source_next), (0, 10));
    assert_eq!(records(&out), (0..10).map(|offset| (offset, offset)).collect::<Vec<_>>());
}

#[test]
fn skipped_ranges_are_covered_between_and_kept_at_the_ends() {
    let none = Compression::None;
    let items = vec![skipped(0, 1), batch(&[1], none), skipped(2, 3), batch(&[3, 4], none), skipped(5, 6)];
    let out = coalesce(items, &RULES);
    let ranges: Vec<(i64, i64)> = out.iter().map(|item| (item.source_base, item.source_next)).collect();
    assert_eq!(ranges, [(0, 1), (1, 5), (5, 6)]);
    assert_eq!(records(&out), [(1, 1), (3, 3), (4, 4)]);
}

#[test]
fn what_gains_nothing_stays() {
    let none = Compression::None;
    let large: Vec<i64> = (100..400).collect();
    let table = [
        vec![batch(&[1], none)],
        vec![skipped(0, 1), skipped(1, 2)],
        vec![batch(&[1], none), batch(&large, none), batch(&[400], none)],
    ];
    for items in table {
        let before: Vec<_> = items.iter().map(|item| (item.source_base, item.source_next)).collect();
        let out = coalesce(items, &RULES);
        let after: Vec<_> = out.iter().map(|item| (item.source_base, item.source_next)).collect();
        assert_eq!(before, after);
    }
}

#[test]
fn what_can_not_be_opened_stays_closed() {
    let rules = CoalesceRules { decompression_limit: DecompressionLimit(300), ..RULES };
    let items: Vec<Prepared> = (0..10).map(|offset| batch(&[offset], Compression::Lz4)).collect();
    assert_eq!(coalesce(items, &rules).len(), 10);
}

proptest! {
    #[test]
    fn the_same_records_in_the_same_order(
        steps in proptest::collection::vec((0..3_i64, 1..60_i64, any::<bool>()), 1..40),
        small in 60..2_000_usize,
        max in 60..4_000_usize,
    ) {
        let rules = CoalesceRules { small_batch_bytes: small, max_batch_bytes: max, ..RULES };
        let (mut items, mut next) = (Vec::new(), 0);
        for (gap, count, is_skipped) in steps {
            let base = next + gap;
            next = base + count;
            let offsets: Vec<i64> = (base..next).collect();
            items.push(if is_skipped { skipped(base, next) } else { batch(&offsets, Compression::None) });
        }
        let before = records(&items);
        let most = items.iter().map(size).max().unwrap_or(0).max(max);
        let out = coalesce(items, &rules);
        prop_assert_eq!(records(&out), before);
        prop_assert_eq!(out.last().map(|last| last.source_next), Some(next));
        prop_assert!(out.iter().all(|item| size(item) <= most));
    }
}

fn size(item: &Prepared) -> usize {
    match &item.kind {
        PreparedKind::Data { batch, .. } => batch.size(),
        PreparedKind::Skipped(_) => 0,
    }
}
