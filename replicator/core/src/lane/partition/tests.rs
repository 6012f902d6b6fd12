//! The partition's machine by table and by seed: whatever fails, the target gets each record once and in order.

use bytes::Bytes;
use strait_wire::batch::{BatchBuilder, Compression, DecompressionLimit, Entry, Stamp, closed_batches, open};
use strait_wire::error_code::ErrorCode;
use strait_wire::ids::Uuid;

use super::*;
use crate::lane::StateName;
use crate::lane::identity::{Identities, Identity};
use crate::lane::position::Sequences;
use crate::lane::state::Side;
use crate::rewrite::{Prepared, PreparedKind, SourceOffsets};

const SETTINGS: Settings = Settings {
    window: 5,
    queue_bytes: 1 << 20,
    decompression_limit: DecompressionLimit(1 << 20),
    delivery: Delivery::Once,
};

const TRANSACTIONAL: i64 = 9;

fn identities() -> Identities {
    let mut identities = Identities::new(Identity { producer_id: 7, producer_epoch: 0 });
    identities.set(Origin(1), Identity { producer_id: 8, producer_epoch: 0 });
    identities.set_transactional(Identity { producer_id: TRANSACTIONAL, producer_epoch: 0 });
    identities
}

fn position(offset: i64) -> Position {
    Position::beginning_at(Uuid::default(), offset)
}

fn ours(offset: i64) -> Tail {
    Tail { sequences: Sequences::beginning_at(offset), log_end: offset, batches: None }
}

fn nothing() -> Tail {
    Tail::default()
}

fn send(lane: &mut PartitionLane) -> Option<Outgoing> {
    lane.take_outgoing(&identities(), true)
}

/// A batch of records whose values are their source offsets.
fn batch(base: i64, count: i64) -> Prepared {
    let mut builder = BatchBuilder::new(Compression::None, 0);
    for offset in base..base + count {
        builder.push(0, None, Some(&Bytes::from(offset.to_string())), &[]);
    }
    let batch = builder.finish(Stamp::NONE, base).expect("a small batch");
    let kind = PreparedKind::Data { batch, offsets: SourceOffsets::Contiguous, opened: false };
    Prepared::new(base, base + count, 0, kind)
}

fn running(offset: i64) -> PartitionLane {
    let mut lane = PartitionLane::new(SETTINGS, position(offset), false);
    assert!(lane.poll_tail(0));
    lane.on_tail(&nothing(), 0);
    assert_eq!(lane.state(), &PartitionState::Running);
    lane
}

#[test]
fn nothing_is_fetched_before_the_tail_is_read() {
    let mut lane = PartitionLane::new(SETTINGS, position(5), false);
    assert_eq!(lane.fetch_offset(), None);
    assert!(lane.poll_tail(0));
    assert!(!lane.poll_tail(0), "the tail is read once at a time");
    lane.on_tail(&nothing(), 0);
    assert_eq!(lane.fetch_offset(), Some(5));
}

#[test]
fn one_batch_is_in_flight_until_the_first_acknowledgement() {
    let mut lane = running(0);
    lane.on_fetched((0..8).map(|index| batch(index * 10, 10)).collect(), 80);
    assert!(send(&mut lane).is_some());
    assert!(send(&mut lane).is_none());
    lane.on_outcome(BatchOutcome::Acked { base_offset: 0 }, 0);
    let sent = std::iter::from_fn(|| send(&mut lane)).count();
    assert_eq!(sent, 5);
}

#[test]
fn after_a_refusal_the_tail_is_read_when_nothing_is_in_flight() {
    let mut lane = running(0);
    lane.on_fetched((0..3).map(|index| batch(index * 10, 10)).collect(), 30);
    send(&mut lane);
    lane.on_outcome(BatchOutcome::Acked { base_offset: 0 }, 0);
    send(&mut lane);
    send(&mut lane);
    lane.on_outcome(BatchOutcome::Refused { code: ErrorCode::NOT_LEADER_OR_FOLLOWER }, 0);
    assert!(!lane.poll_tail(60_000), "a batch is still in flight");
    lane.on_outcome(BatchOutcome::Refused { code: ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER }, 0);
    assert!(!lane.poll_tail(0), "not before the backoff");
    assert!(lane.poll_tail(60_000));
    lane.on_tail(&ours(10), 0);
    assert_eq!(lane.fetch_offset(), Some(10));
}

#[test]
fn a_batch_that_the_target_holds_in_part_is_rebuilt() {
    let mut lane = running(0);
    lane.on_fetched(vec![batch(0, 10)], 10);
    send(&mut lane);
    lane.on_outcome(BatchOutcome::Ambiguous, 0);
    assert!(lane.poll_tail(60_000));
    lane.on_tail(&ours(4), 0);
    lane.on_fetched(vec![batch(0, 10)], 10);
    assert_eq!(lane.position().source_offset, 4);
    let outgoing = send(&mut lane).expect("the rest");
    assert_eq!(outgoing.records, 6);
}

#[test]
fn a_target_that_lost_records_stops_the_partition() {
    let mut lane = PartitionLane::new(SETTINGS, Position { target_offset: 50, ..position(50) }, false);
    assert!(lane.poll_tail(0));
    lane.on_tail(&ours(40), 0);
    assert_eq!(
        lane.state(),
        &PartitionState::Truncated { side: Side::Target, first_offset: 40, last_offset: 49 }
    );
    assert_eq!(lane.fetch_offset(), None);
}

#[test]
fn a_refused_batch_is_cut_until_the_record_stands_alone() {
    let mut lane = running(0);
    let mut taken = Vec::new();
    let refused = (0..40).find_map(|_| {
        if lane.poll_tail(u64::MAX) {
            let written = taken.len() as i64;
            lane.on_tail(&ours(written), 0);
        }
        if let Some(offset) = lane.fetch_offset()
            && offset < 10
        {
            lane.on_fetched(vec![batch(offset, 10 - offset)], 10);
        }
        let outgoing = send(&mut lane)?;
        let first = lane.in_flight.back().map_or(0, |sent| sent.source_base);
        let holds_bad = (first..first + outgoing.records).contains(&6);
        let outcome = if holds_bad {
            BatchOutcome::Refused { code: ErrorCode::INVALID_RECORD }
        } else {
            let base_offset = taken.len() as i64;
            taken.extend(first..first + outgoing.records);
            BatchOutcome::Acked { base_offset }
        };
        lane.on_outcome(outcome, 0);
        lane.refused()
    });
    assert_eq!(refused, Some(RefusedRecord { offset: 6, code: ErrorCode::INVALID_RECORD }));
    assert_eq!(taken, [0, 1, 2, 3, 4, 5]);
    assert_eq!(lane.state().name(), StateName::Refused);
    lane.resume_without_refused(0);
    assert!(lane.poll_tail(0));
}

#[test]
fn a_batch_in_a_transaction_moves_the_position_at_the_commit() {
    let mut lane = running(0);
    let item = Prepared { transactional: true, ..batch(0, 10) };
    lane.on_fetched(vec![item, batch(10, 5)], 15);
    assert_eq!(lane.wants(), Wants::Transaction);
    assert!(lane.take_outgoing(&identities(), false).is_none(), "no transaction is open");
    let outgoing = send(&mut lane).expect("a batch");
    assert_eq!(outgoing.records, 10);
    assert_eq!(lane.wants(), Wants::Nothing, "what is not in the transaction waits for it");
    lane.on_outcome(BatchOutcome::Acked { base_offset: 0 }, 0);
    assert_eq!(lane.position().source_offset, 0);
    assert_eq!(lane.uncommitted_position().map(|(position, _)| position.source_offset), Some(10));
    assert_eq!(lane.on_committed().records, 10);
    assert_eq!(lane.position().source_offset, 10);
    assert_eq!(
        lane.position().sequences.get(Origin::SOURCE),
        Sequence::from_offset(0),
        "not of this producer"
    );
    assert_eq!(lane.wants(), Wants::Produce);
}

#[test]
fn an_aborted_transaction_is_copied_again() {
    let mut lane = running(0);
    lane.on_fetched(vec![Prepared { transactional: true, ..batch(0, 10) }], 10);
    send(&mut lane).expect("a batch");
    lane.on_outcome(BatchOutcome::Acked { base_offset: 0 }, 0);
    lane.on_aborted(0);
    assert!(lane.poll_tail(60_000));
    lane.on_tail(&Tail { log_end: 11, ..nothing() }, 0);
    assert_eq!(lane.fetch_offset(), Some(0));
}

#[test]
fn origins_do_not_fly_together() {
    let mut lane = running(0);
    let other = Prepared { origin: Origin(1), ..batch(10, 10) };
    lane.on_fetched(vec![batch(0, 10), other], 20);
    assert!(send(&mut lane).is_some());
    assert!(send(&mut lane).is_none());
    lane.on_outcome(BatchOutcome::Acked { base_offset: 0 }, 0);
    assert!(send(&mut lane).is_some());
    lane.on_outcome(BatchOutcome::Acked { base_offset: 10 }, 0);
    assert_eq!(lane.position().sequences.get(Origin(1)), Sequence::from_offset(10));
    assert_eq!(lane.position().sequences.get(Origin::SOURCE), Sequence::from_offset(10));
}

#[test]
fn a_truncated_target_is_copied_again_when_the_place_is_known() {
    let mut lane = PartitionLane::new(SETTINGS, Position { target_offset: 50, ..position(50) }, false);
    assert!(lane.poll_tail(0));
    lane.on_tail(&ours(40), 0);
    assert_eq!(lane.accept_truncated_target(&ours(40), 0), Some(40));
    assert!(lane.poll_tail(0));
    lane.on_tail(&ours(40), 0);
    assert_eq!(lane.fetch_offset(), Some(40));
}

#[test]
fn what_may_be_written_twice_is_counted_and_carries_no_producer() {
    let settings = Settings { delivery: Delivery::AtLeastOnce, ..SETTINGS };
    let at = Position { target_offset: 40, ..position(50) };
    let mut lane = PartitionLane::new(settings, at, false);
    assert!(lane.poll_tail(0));
    lane.on_tail(&Tail { log_end: 47, ..nothing() }, 0);
    assert_eq!(lane.repeated(), 7);
    assert_eq!(lane.fetch_offset(), Some(50));
    lane.on_fetched(vec![batch(50, 10), batch(60, 10)], 70);
    let outgoing = lane.take_outgoing(&Identities::default(), false).expect("a batch");
    let sent = [outgoing.batch.head.to_vec(), outgoing.batch.payload.to_vec()].concat();
    let Some(Ok(Entry::Closed(sent))) = closed_batches(Bytes::from(sent)).next() else { panic!("a batch") };
    assert_eq!((sent.header().producer_id, sent.header().base_sequence), (-1, -1));
    assert!(lane.take_outgoing(&Identities::default(), false).is_none(), "order is kept by one in flight");
    lane.on_outcome(BatchOutcome::Acked { base_offset: 47 }, 0);
    assert!(lane.take_outgoing(&Identities::default(), false).is_some());
    assert!(lane.take_outgoing(&Identities::default(), false).is_none());
    assert!(lane.position().sequences.is_empty());
}

#[test]
fn sequences_are_taken_over_after_copying_at_least_once() {
    let mut map = OffsetMap::new(0, 0);
    map.push(0, 0, 50).expect("in order");
    let sequences = Sequences::default();
    let at = Position { target_offset: 50, sequences, map: map.open_part(), ..position(50) };
    let mut lane = PartitionLane::new(SETTINGS, at, true);
    assert!(lane.poll_tail(0));
    lane.on_tail(&Tail { log_end: 60, ..ours(20) }, 0);
    lane.on_fetched(vec![batch(50, 10)], 60);
    let outgoing = send(&mut lane).expect("a batch");
    assert_eq!((outgoing.records, lane.repeated()), (10, 10));
    assert_eq!(lane.position().sequences.get(Origin::SOURCE), Sequence::from_offset(20));
    let found = lane.map().locate(crate::offsets::Upstream::offset(30));
    assert!(matches!(found, crate::offset_map::Located::Known(crate::offset_map::Translation::Exact(_))));
}

// A broker's rules against the machine, by seed.
mod faults;
