//! Every rule by table, and a whole compacted, transactional log by seed against a list of records.

use bytes::{BufMut, Bytes, BytesMut};
use proptest::prelude::*;
use strait_wire::batch::{BatchBuilder, Compression, Record, Stamp, closed_batches};

use super::*;

const LIMIT: DecompressionLimit = DecompressionLimit(1 << 20);
const LOG_APPEND_TIME: i16 = 1 << 3;
const TRANSACTIONAL: i16 = 1 << 4;
const CONTROL: i16 = 1 << 5;
const DELETE_HORIZON: i16 = 1 << 6;
const ATTRIBUTES_AT: usize = 21;

/// A batch with offsets as given, attribute bits and a producer, as a broker's log holds it.
struct Source {
    base: i64,
    next: i64,
    offsets: Vec<i64>,
    bits: i16,
    producer_id: i64,
    codec: Compression,
}

impl Source {
    fn of(offsets: impl IntoIterator<Item = i64>) -> Self {
        let offsets: Vec<i64> = offsets.into_iter().collect();
        let base = offsets.first().copied().unwrap_or(0);
        let next = offsets.last().copied().unwrap_or(0) + 1;
        Self { base, next, offsets, bits: 0, producer_id: -1, codec: Compression::Lz4 }
    }

    fn range(mut self, base: i64, next: i64) -> Self {
        (self.base, self.next) = (base, next);
        self
    }

    fn bits(mut self, bits: i16) -> Self {
        self.bits = bits;
        self
    }

    fn producer(mut self, producer_id: i64) -> Self {
        self.producer_id = producer_id;
        self
    }

    fn codec(mut self, codec: Compression) -> Self {
        self.codec = codec;
        self
    }

    fn batch(&self) -> ClosedBatch {
        self.batch_with(|offset| Bytes::from(offset.to_string()))
    }

    /// Records are built without the builder's contiguous deltas: a full batch, then those of the gaps taken out.
    fn batch_with(&self, value: impl Fn(i64) -> Bytes) -> ClosedBatch {
        let mut records = Vec::new();
        for offset in &self.offsets {
            let mut body = Vec::from([0]);
            varint(offset - 7 - (self.base - 7), &mut body);
            varint(offset - self.base, &mut body);
            varint(-1, &mut body);
            let value = value(*offset);
            varint(value.len() as i64, &mut body);
            body.extend_from_slice(&value);
            varint(0, &mut body);
            varint(body.len() as i64, &mut records);
            records.extend_from_slice(&body);
        }
        self.assemble(&self.codec.compress(records).expect("compressed"))
    }

    fn assemble(&self, payload: &[u8]) -> ClosedBatch {
        let mut checked = BytesMut::new();
        let codec = match self.codec {
            Compression::None => 0,
            Compression::Gzip => 1,
            Compression::Snappy => 2,
            Compression::Lz4 => 3,
            Compression::Zstd => 4,
        };
        checked.put_i16(codec | self.bits);
        checked.put_i32((self.next - self.base - 1) as i32);
        checked.put_i64(1_000);
        checked.put_i64(9_999);
        checked.put_i64(self.producer_id);
        checked.put_i16(if self.producer_id < 0 { -1 } else { 3 });
        checked.put_i32(-1);
        checked.put_i32(self.offsets.len() as i32);
        checked.put_slice(payload);
        let mut bytes = BytesMut::new();
        bytes.put_i64(self.base);
        bytes.put_i32((checked.len() + 9) as i32);
        bytes.put_i32(5);
        bytes.put_i8(2);
        bytes.put_u32(strait_wire::batch::crc32c(&checked));
        bytes.put_slice(&checked);
        ClosedBatch::new(bytes.freeze()).expect("a batch")
    }
}

fn varint(value: i64, out: &mut Vec<u8>) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest >= 0x80 {
        out.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

fn marker(offset: i64, producer_id: i64, kind: u8) -> ClosedBatch {
    let source =
        Source::of([offset]).bits(TRANSACTIONAL | CONTROL).producer(producer_id).codec(Compression::None);
    let mut body = Vec::from([0, 0, 0]);
    varint(4, &mut body);
    body.extend_from_slice(&[0, 0, 0, kind]);
    varint(6, &mut body);
    body.extend_from_slice(&[0; 6]);
    varint(0, &mut body);
    let mut records = Vec::new();
    varint(body.len() as i64, &mut records);
    records.extend_from_slice(&body);
    source.assemble(&records)
}

const ABORT: u8 = 0;
const COMMIT: u8 = 1;

fn rules() -> RewriteRules {
    RewriteRules { decompression_limit: LIMIT, ..RewriteRules::default() }
}

fn rewritten(rules: RewriteRules, batch: ClosedBatch, position: i64) -> (Vec<Prepared>, Result<(), Poison>) {
    let mut out = Vec::new();
    let result = Rewriter::new(rules).rewrite(Entry::Closed(batch), position, &mut out);
    (out, result)
}

/// Exactly one range came out of it.
fn only(batch: ClosedBatch, position: i64) -> Prepared {
    let (mut out, result) = rewritten(rules(), batch, position);
    result.expect("rewritten");
    assert_eq!(out.len(), 1, "{out:?}");
    out.remove(0)
}

fn data(prepared: &Prepared) -> (&ClosedBatch, &SourceOffsets, bool) {
    match &prepared.kind {
        PreparedKind::Data { batch, offsets, opened } => (batch, offsets, *opened),
        PreparedKind::Skipped(reason) => panic!("skipped: {reason:?}"),
    }
}

/// What a consumer of the target reads.
fn read(prepared: &Prepared) -> Vec<Record> {
    let (batch, _, _) = data(prepared);
    assert!(batch.is_gap_free());
    batch.verify_crc().expect("checksum");
    let stamped =
        batch.restamp(Stamp { producer_id: 1, producer_epoch: 0, base_sequence: 0, transactional: false });
    let mut bytes = BytesMut::from(stamped.head.as_ref());
    bytes.put_slice(&stamped.payload);
    let batch = ClosedBatch::new(bytes.freeze()).expect("stamped");
    batch.verify_crc().expect("patched checksum");
    open(&batch, LIMIT).expect("records")
}

fn values(prepared: &Prepared) -> Vec<i64> {
    let number =
        |record: Record| String::from_utf8(record.value.expect("a value").to_vec()).expect("text").parse();
    read(prepared).into_iter().map(|record| number(record).expect("a number")).collect()
}

fn source_offsets(prepared: &Prepared) -> Vec<i64> {
    prepared.runs().iter().flat_map(|run| run.source_base..run.source_base + run.count).collect()
}

#[test]
fn a_plain_batch_passes_closed() {
    for codec in
        [Compression::None, Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd]
    {
        for bits in [0, DELETE_HORIZON, TRANSACTIONAL, 1 << 9] {
            let batch = Source::of(100..110).bits(bits).producer(44).codec(codec).batch();
            let bytes = batch.bytes().clone();
            let prepared = only(batch, 100);
            assert_eq!((prepared.source_base, prepared.source_next), (100, 110));
            let (passed, offsets, opened) = data(&prepared);
            assert_eq!((passed.bytes(), offsets, opened), (&bytes, &SourceOffsets::Contiguous, false));
            assert_eq!(values(&prepared), (100..110).collect::<Vec<_>>());
        }
    }
}

#[test]
fn what_holds_nothing_to_copy_is_skipped() {
    let table = [
        (marker(7, 9, COMMIT), 0, SkipReason::Control, (7, 8)),
        (marker(7, 9, ABORT), 7, SkipReason::Control, (7, 8)),
        (Source::of([]).range(20, 30).batch(), 20, SkipReason::Empty, (20, 30)),
        (Source::of([]).range(20, 30).batch(), 25, SkipReason::Empty, (25, 30)),
        (Source::of(0..10).batch(), 10, SkipReason::BelowPosition, (10, 10)),
        (Source::of(0..10).batch(), 50, SkipReason::BelowPosition, (50, 50)),
        (Source::of(0..5).range(0, 10).batch(), 7, SkipReason::BelowPosition, (7, 10)),
    ];
    for (batch, position, reason, range) in table {
        let prepared = only(batch, position);
        assert!(matches!(prepared.kind, PreparedKind::Skipped(found) if found == reason), "{prepared:?}");
        assert_eq!((prepared.source_base, prepared.source_next), range);
    }
}

#[test]
fn gaps_are_closed_and_remembered() {
    let table: [(Source, i64, Vec<i64>, bool); 5] = [
        (Source::of([100, 102, 104, 106, 109]), 100, vec![100, 102, 104, 106, 109], false),
        (Source::of(100..105).range(100, 110), 100, (100..105).collect(), true),
        (Source::of(103..105).range(100, 110), 100, vec![103, 104], true),
        (Source::of(100..110), 104, (104..110).collect(), true),
        (Source::of([100, 101, 105, 106]), 101, vec![101, 105, 106], false),
    ];
    for (source, position, expected, contiguous) in table {
        let prepared = only(source.batch(), position);
        let (batch, offsets, opened) = data(&prepared);
        assert!(opened);
        assert_eq!(*offsets == SourceOffsets::Contiguous, contiguous);
        assert_eq!(batch.header().attributes.compression(), Ok(Compression::Lz4));
        assert_eq!(batch.header().partition_leader_epoch, 5);
        assert_eq!(batch.header().base_offset, expected[0]);
        assert_eq!((prepared.source_base, prepared.source_next), (expected[0], source.next));
        assert_eq!((values(&prepared), source_offsets(&prepared)), (expected.clone(), expected));
    }
}

#[test]
fn timestamps_of_log_append_time_topics_are_a_choice() {
    let batch = || Source::of(10..13).bits(LOG_APPEND_TIME).batch();
    let gapped = || Source::of([10, 12]).bits(LOG_APPEND_TIME).batch();
    let producer = RewriteRules { timestamps: Timestamps::Producer, ..rules() };
    let append_time_target = RewriteRules { target_log_append_time: true, ..rules() };
    let table = [
        (rules(), batch(), vec![9_999, 9_999, 9_999], true),
        (producer, batch(), vec![1_000, 1_001, 1_002], false),
        (append_time_target, batch(), vec![1_000, 1_001, 1_002], false),
        (rules(), gapped(), vec![9_999, 9_999], true),
        (producer, gapped(), vec![1_000, 1_002], true),
    ];
    for (rules, batch, timestamps, opened) in table {
        let (out, result) = rewritten(rules, batch, 10);
        result.expect("rewritten");
        assert_eq!(read(&out[0]).iter().map(|record| record.timestamp).collect::<Vec<_>>(), timestamps);
        assert_eq!(data(&out[0]).2, opened);
        assert_eq!((out[0].source_base, data(&out[0]).0.header().base_offset), (10, 10));
        assert_eq!(data(&out[0]).0.header().partition_leader_epoch, 5);
    }
}

#[test]
fn a_damaged_batch_is_never_repaired() {
    let whole = Source::of(100..110).batch();
    for at in ATTRIBUTES_AT..whole.size() {
        let mut bytes = BytesMut::from(whole.bytes().as_ref());
        bytes[at] ^= 0x10;
        let Ok(batch) = ClosedBatch::new(bytes.freeze()) else { continue };
        let (out, result) = rewritten(rules(), batch, 100);
        assert!(matches!(result, Err(Poison::CorruptBatch { base_offset: 100, .. })), "byte {at}");
        assert!(out.is_empty());
    }
}

#[test]
fn an_oversize_batch_is_split_in_order() {
    let source = Source::of((0..100).filter(|offset| offset % 10 != 3)).codec(Compression::None);
    let rules = RewriteRules { target_max_message_bytes: 300, ..rules() };
    let (out, result) = rewritten(rules, source.batch(), 0);
    result.expect("split");
    assert!(out.len() > 3);
    assert_eq!(out.iter().flat_map(values).collect::<Vec<_>>(), source.offsets);
    assert_eq!(out.iter().flat_map(source_offsets).collect::<Vec<_>>(), source.offsets);
    for pair in out.windows(2) {
        assert_eq!(pair[0].source_next, pair[1].source_base);
    }
    assert!(out.iter().all(|prepared| data(prepared).0.size() <= 300));
    assert_eq!(out.last().map(|last| last.source_next), Some(100));
}

#[test]
fn a_record_too_large_stops_behind_what_fits() {
    let large = |offset| Bytes::from(vec![b'x'; if offset == 6 { 400 } else { 20 }]);
    let batch = Source::of(0..10).codec(Compression::None).batch_with(large);
    let rules = RewriteRules { target_max_message_bytes: 300, ..rules() };
    let (out, result) = rewritten(rules, batch, 0);
    let poison = result.expect_err("too large");
    assert!(matches!(poison, Poison::RecordTooLarge { offset: 6, size: 401..500, limit: 300 }), "{poison}");
    assert_eq!(poison.range().0, 6);
    assert_eq!(out.last().map(|last| last.source_next), Some(6));
}

#[test]
fn a_bomb_is_refused() {
    let batch = Source::of([0, 2]).codec(Compression::Zstd).batch_with(|_| Bytes::from(vec![0; 1 << 20]));
    let (_, result) = rewritten(rules(), batch, 0);
    assert!(matches!(result, Err(Poison::UnreadableBatch { base_offset: 0, .. })));
}

fn kinds(rules: RewriteRules, aborted: &[(i64, i64)], log: Vec<ClosedBatch>) -> Vec<&'static str> {
    let mut rewriter = Rewriter::new(rules);
    rewriter.begin_fetch(AbortedTransactions::new(aborted.iter().copied()));
    let mut out = Vec::new();
    for batch in log {
        rewriter.rewrite(Entry::Closed(batch), 0, &mut out).expect("rewritten");
    }
    out.iter()
        .map(|prepared| match &prepared.kind {
            PreparedKind::Data { .. } => "data",
            PreparedKind::Skipped(reason) => reason.name(),
        })
        .collect()
}

#[test]
fn aborted_transactions_are_left_out() {
    let data = |range, producer| Source::of(range).bits(TRANSACTIONAL).producer(producer).batch();
    let log = || {
        vec![
            data(0..5, 1),
            data(5..10, 2),
            Source::of(10..12).producer(1).batch(),
            marker(12, 1, ABORT),
            data(13..15, 1),
            marker(15, 2, COMMIT),
            marker(16, 1, ABORT),
            data(17..19, 1),
            marker(19, 1, COMMIT),
        ]
    };
    // The list is out of order, as no broker promises one.
    let found = kinds(rules(), &[(1, 13), (1, 0)], log());
    let expected = ["aborted", "data", "data", "control", "aborted", "control", "control", "data", "control"];
    assert_eq!(found, expected);
    let uncommitted = RewriteRules { read_committed: false, ..rules() };
    let found = kinds(uncommitted, &[(1, 13), (1, 0)], log());
    assert_eq!(found, ["data", "data", "data", "control", "data", "control", "control", "data", "control"]);
}

#[test]
fn an_empty_marker_ends_no_transaction() {
    let empty = Source::of([]).range(5, 6).bits(TRANSACTIONAL | CONTROL).producer(1).batch();
    let more = Source::of(6..8).bits(TRANSACTIONAL).producer(1).batch();
    assert_eq!(kinds(rules(), &[(1, 0)], vec![empty, more]), ["control", "aborted"]);
}

#[test]
fn a_new_fetch_knows_its_own_transactions_only() {
    let data = || Source::of(0..5).bits(TRANSACTIONAL).producer(1).batch();
    let mut rewriter = Rewriter::new(rules());
    let mut out = Vec::new();
    rewriter.begin_fetch(AbortedTransactions::new([(1, 0)]));
    rewriter.rewrite(Entry::Closed(data()), 0, &mut out).expect("rewritten");
    rewriter.begin_fetch(AbortedTransactions::new([]));
    rewriter.rewrite(Entry::Closed(data()), 0, &mut out).expect("rewritten");
    assert_eq!(out.iter().map(Prepared::records).collect::<Vec<_>>(), [0, 5]);
}

/// A message of format 1 without compression.
fn legacy_message(offset: i64, timestamp: i64, value: &[u8]) -> Entry {
    let mut checked = BytesMut::new();
    checked.put_i8(1);
    checked.put_i8(0);
    checked.put_i64(timestamp);
    checked.put_i32(-1);
    checked.put_i32(value.len() as i32);
    checked.put_slice(value);
    let mut bytes = BytesMut::new();
    bytes.put_i64(offset);
    bytes.put_i32((checked.len() + 4) as i32);
    bytes.put_u32(crc32(&checked));
    bytes.put_slice(&checked);
    closed_batches(bytes.freeze()).next().expect("an entry").expect("a message")
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}

#[test]
fn old_formats_become_format_2() {
    let mut out = Vec::new();
    let mut rewriter = Rewriter::new(rules());
    rewriter.rewrite(legacy_message(41, 77, b"41"), 42, &mut out).expect("rewritten");
    rewriter.rewrite(legacy_message(42, 77, b"42"), 42, &mut out).expect("rewritten");
    assert!(matches!(out[0].kind, PreparedKind::Skipped(SkipReason::BelowPosition)));
    assert_eq!((out[0].source_base, out[0].source_next), (42, 42));
    assert_eq!((out[1].source_base, out[1].source_next), (42, 43));
    assert_eq!(read(&out[1])[0].timestamp, 77);
    assert_eq!(values(&out[1]), [42]);
}

#[test]
fn runs_name_each_stretch() {
    let prepared = only(Source::of([100, 101, 105, 109, 110]).batch(), 0);
    let run = |source_base, index, count| SourceRun { source_base, index, count };
    assert_eq!(prepared.runs(), [run(100, 0, 2), run(105, 2, 1), run(109, 3, 2)]);
}

#[test]
fn the_builder_and_the_hand_made_batch_agree() {
    let mut builder = BatchBuilder::new(Compression::None, 1_000);
    for offset in 3..6_i64 {
        builder.push(997 + offset, None, Some(&Bytes::from(offset.to_string())), &[]);
    }
    let built = builder.finish(Stamp::NONE, 3).expect("a batch");
    let by_hand = Source::of(3..6).codec(Compression::None).batch();
    assert_eq!(open(&built, LIMIT), open(&by_hand, LIMIT));
}

#[derive(Clone, Debug)]
struct Step {
    gap: i64,
    kept: Vec<bool>,
    codec: u8,
    bits: i16,
}

fn step() -> impl Strategy<Value = Step> {
    let bits = prop_oneof![Just(0), Just(DELETE_HORIZON), Just(LOG_APPEND_TIME), Just(TRANSACTIONAL)];
    (0..3_i64, proptest::collection::vec(any::<bool>(), 1..12), 0..3_u8, bits)
        .prop_map(|(gap, kept, codec, bits)| Step { gap, kept, codec, bits })
}

proptest! {
    #[test]
    fn every_record_at_or_after_the_position_comes_once(
        steps in proptest::collection::vec(step(), 1..12),
        position in 0..40_i64,
        limit in 120..2_000_usize,
    ) {
        let mut rewriter = Rewriter::new(RewriteRules { target_max_message_bytes: limit, ..rules() });
        let (mut out, mut expected, mut next) = (Vec::new(), Vec::new(), 0);
        for step in steps {
            let base = next + step.gap;
            next = base + step.kept.len() as i64;
            let kept = (base..next).zip(&step.kept).filter(|(_, kept)| **kept).map(|(offset, _)| offset);
            let codec = [Compression::None, Compression::Lz4, Compression::Zstd][usize::from(step.codec)];
            let source = Source::of(kept).range(base, next).bits(step.bits).codec(codec);
            expected.extend(source.offsets.iter().copied().filter(|offset| *offset >= position));
            rewriter.rewrite(Entry::Closed(source.batch()), position, &mut out).expect("rewritten");
        }
        let copied: Vec<i64> =
            out.iter().filter(|prepared| prepared.records() > 0).flat_map(values).collect();
        prop_assert_eq!(&copied, &expected);
        prop_assert_eq!(out.iter().flat_map(source_offsets).collect::<Vec<_>>(), expected);
        let mut reached = position;
        for prepared in &out {
            prop_assert!(prepared.source_next >= reached && prepared.source_base >= position);
            reached = prepared.source_next;
        }
        prop_assert_eq!(reached, next.max(position));
    }
}
