//! The partition's machine by table and by seed: whatever fails, the target gets each record once and in order.

use bytes::Bytes;
use strait_wire::batch::{BatchBuilder, Compression, DecompressionLimit, Entry, Stamp, closed_batches, open};
use strait_wire::error_code::ErrorCode;
use strait_wire::ids::Uuid;

use super::*;
use crate::rewrite::SourceOffsets;

const SETTINGS: Settings = Settings {
    producer_id: 7,
    producer_epoch: 0,
    window: 5,
    queue_bytes: 1 << 20,
    decompression_limit: DecompressionLimit(1 << 20),
};

fn position(offset: i64) -> Position {
    Position {
        source_topic_id: Uuid::default(),
        leader_epoch: -1,
        source_offset: offset,
        next_sequence: Sequence::from_offset(offset),
        target_offset: 0,
    }
}

/// A batch of records whose values are their source offsets.
fn batch(base: i64, count: i64) -> Prepared {
    let mut builder = BatchBuilder::new(Compression::None, 0);
    for offset in base..base + count {
        builder.push(0, None, Some(&Bytes::from(offset.to_string())), &[]);
    }
    let batch = builder.finish(Stamp::NONE, base).expect("a small batch");
    let kind = PreparedKind::Data { batch, offsets: SourceOffsets::Contiguous, opened: false };
    Prepared { source_base: base, source_next: base + count, kind }
}

fn running(offset: i64) -> PartitionLane {
    let mut lane = PartitionLane::new(SETTINGS, position(offset), false);
    assert!(lane.poll_tail(0));
    lane.on_tail(Tail::NothingOfOurs { log_end: 0 });
    assert_eq!(lane.state(), &PartitionState::Running);
    lane
}

#[test]
fn nothing_is_fetched_before_the_tail_is_read() {
    let mut lane = PartitionLane::new(SETTINGS, position(5), false);
    assert_eq!(lane.fetch_offset(), None);
    assert!(lane.poll_tail(0));
    assert!(!lane.poll_tail(0), "the tail is read once at a time");
    lane.on_tail(Tail::NothingOfOurs { log_end: 0 });
    assert_eq!(lane.fetch_offset(), Some(5));
}

#[test]
fn one_batch_is_in_flight_until_the_first_acknowledgement() {
    let mut lane = running(0);
    lane.on_fetched((0..8).map(|index| batch(index * 10, 10)).collect(), 80);
    assert!(lane.take_outgoing().is_some());
    assert!(lane.take_outgoing().is_none());
    lane.on_outcome(BatchOutcome::Acked { base_offset: 0 }, 0);
    let sent = std::iter::from_fn(|| lane.take_outgoing()).count();
    assert_eq!(sent, 5);
}

#[test]
fn after_a_refusal_the_tail_is_read_when_nothing_is_in_flight() {
    let mut lane = running(0);
    lane.on_fetched((0..3).map(|index| batch(index * 10, 10)).collect(), 30);
    lane.take_outgoing();
    lane.on_outcome(BatchOutcome::Acked { base_offset: 0 }, 0);
    lane.take_outgoing();
    lane.take_outgoing();
    lane.on_outcome(BatchOutcome::Refused { code: ErrorCode::NOT_LEADER_OR_FOLLOWER }, 0);
    assert!(!lane.poll_tail(60_000), "a batch is still in flight");
    lane.on_outcome(BatchOutcome::Refused { code: ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER }, 0);
    assert!(!lane.poll_tail(0), "not before the backoff");
    assert!(lane.poll_tail(60_000));
    lane.on_tail(Tail::Ours { next_sequence: Sequence::from_offset(10), log_end: 10 });
    assert_eq!(lane.fetch_offset(), Some(10));
}

#[test]
fn a_batch_that_the_target_holds_in_part_is_rebuilt() {
    let mut lane = running(0);
    lane.on_fetched(vec![batch(0, 10)], 10);
    lane.take_outgoing();
    lane.on_outcome(BatchOutcome::Ambiguous, 0);
    assert!(lane.poll_tail(60_000));
    lane.on_tail(Tail::Ours { next_sequence: Sequence::from_offset(4), log_end: 4 });
    lane.on_fetched(vec![batch(0, 10)], 10);
    assert_eq!(lane.position().source_offset, 4);
    let outgoing = lane.take_outgoing().expect("the rest");
    assert_eq!(outgoing.records, 6);
}

#[test]
fn a_target_that_lost_records_stops_the_partition() {
    let mut lane = PartitionLane::new(SETTINGS, Position { target_offset: 50, ..position(50) }, false);
    assert!(lane.poll_tail(0));
    lane.on_tail(Tail::Ours { next_sequence: Sequence::from_offset(40), log_end: 40 });
    assert_eq!(lane.state(), &PartitionState::Truncated { side: Side::Target, missing: 10 });
    assert_eq!(lane.fetch_offset(), None);
}

#[test]
fn what_the_target_refuses_for_its_content_stops_the_partition() {
    let mut lane = running(0);
    lane.on_fetched(vec![batch(0, 10)], 10);
    lane.take_outgoing();
    lane.on_outcome(BatchOutcome::Refused { code: ErrorCode::MESSAGE_TOO_LARGE }, 0);
    let expected =
        PartitionState::Refused { code: ErrorCode::MESSAGE_TOO_LARGE, first_offset: 0, last_offset: 9 };
    assert_eq!(lane.state(), &expected);
}

/// A target that does what a broker does with sequences.
#[derive(Default)]
struct Target {
    values: Vec<String>,
    next_sequence: Option<i32>,
    last: Option<(i32, i64)>,
}

impl Target {
    fn produce(&mut self, outgoing: &Outgoing) -> BatchOutcome {
        let mut bytes = outgoing.batch.head.to_vec();
        bytes.extend_from_slice(&outgoing.batch.payload);
        let Some(Ok(Entry::Closed(batch))) = closed_batches(Bytes::from(bytes)).next() else {
            panic!("what the lane sends is a batch");
        };
        batch.verify_crc().expect("the checksum is patched");
        let sequence = batch.header().base_sequence;
        if let Some((last, offset)) = self.last
            && last == sequence
        {
            return BatchOutcome::Acked { base_offset: offset };
        }
        if self.next_sequence.is_some_and(|next| next != sequence) {
            return BatchOutcome::Refused { code: ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER };
        }
        let offset = self.values.len() as i64;
        for record in open(&batch, DecompressionLimit(1 << 20)).expect("readable") {
            self.values.push(String::from_utf8(record.value.unwrap_or_default().to_vec()).expect("text"));
        }
        self.last = Some((sequence, offset));
        self.next_sequence = Some(sequence + batch.header().records_count);
        BatchOutcome::Acked { base_offset: offset }
    }

    fn tail(&self) -> Tail {
        let log_end = self.values.len() as i64;
        match self.next_sequence.and_then(Sequence::new) {
            Some(next_sequence) => Tail::Ours { next_sequence, log_end },
            None => Tail::NothingOfOurs { log_end },
        }
    }
}

struct Seed(u64);

impl Seed {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// Copies 200 records through lost answers, refusals, kills and restarts from an older stored position.
fn copy_through_faults(seed: u64) {
    let mut random = Seed(seed);
    let mut target = Target::default();
    let mut stored = position(0);
    let mut lane = PartitionLane::new(SETTINGS, stored, false);
    let mut now_ms = 0;
    for _ in 0..20_000 {
        now_ms += 1_000;
        if lane.poll_tail(now_ms) {
            lane.on_tail(target.tail());
        }
        if let Some(offset) = lane.fetch_offset()
            && offset < 200
        {
            let count = 1 + random.below(7) as i64;
            let count = count.min(200 - offset);
            lane.on_fetched(vec![batch(offset, count)], offset + count);
        }
        let sent: Vec<Outgoing> = std::iter::from_fn(|| lane.take_outgoing()).collect();
        let mut lost = false;
        for outgoing in &sent {
            lost |= random.below(12) == 0;
            let outcome = if lost {
                if random.below(2) == 0 {
                    target.produce(outgoing);
                }
                BatchOutcome::Ambiguous
            } else {
                target.produce(outgoing)
            };
            lane.on_outcome(outcome, now_ms);
        }
        if random.below(4) == 0 {
            stored = lane.position();
        }
        if random.below(10) == 0 {
            lane = PartitionLane::new(SETTINGS, stored, false);
        }
        if lane.position().source_offset == 200 {
            break;
        }
    }
    let expected: Vec<String> = (0..200).map(|offset: i64| offset.to_string()).collect();
    assert_eq!(target.values, expected, "seed {seed}");
}

#[test]
fn each_record_arrives_once_and_in_order_through_faults() {
    for seed in 0..500 {
        copy_through_faults(seed);
    }
}
