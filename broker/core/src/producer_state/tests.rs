//! The rules by table, and random histories against what must always hold.

// Random producers.
mod histories;

use strait_wire::batch::{Attributes, BatchHeader, ControlKind, ControlRecord};
use strait_wire::error_code::ErrorCode;

use super::*;

const TRANSACTIONAL: i16 = 1 << 4;
const CONTROL: i16 = 1 << 5;

pub(super) fn header(producer_id: i64, epoch: i16, sequence: i32, count: i32, offset: i64) -> BatchHeader {
    BatchHeader {
        base_offset: offset,
        batch_length: 100,
        partition_leader_epoch: 0,
        magic: 2,
        crc: 0,
        attributes: Attributes(0),
        last_offset_delta: count - 1,
        base_timestamp: 1_000 + offset,
        max_timestamp: 1_000 + offset,
        producer_id,
        producer_epoch: epoch,
        base_sequence: sequence,
        records_count: count,
    }
}

pub(super) fn transactional(mut header: BatchHeader) -> BatchHeader {
    header.attributes = Attributes(TRANSACTIONAL);
    header
}

pub(super) fn marker(producer_id: i64, epoch: i16, kind: ControlKind, offset: i64) -> Marker {
    Marker {
        producer_id,
        producer_epoch: epoch,
        kind,
        coordinator_epoch: 3,
        offset,
        timestamp: 1_000 + offset,
        transaction_version: 1,
    }
}

/// Writes a batch behind the log's end as a client would: `Ok` with the answered base offset.
fn write(producers: &mut Producers, epoch: i16, sequence: i32, count: i32) -> Result<i64, ErrorCode> {
    write_as(producers, header(7, epoch, sequence, count, producers.end_offset()))
}

fn write_as(producers: &mut Producers, batch: BatchHeader) -> Result<i64, ErrorCode> {
    match producers.admit(&batch, Append::CLIENT).map_err(|error| error.code())? {
        Admission::Duplicate(original) => Ok(original.first_offset),
        Admission::Append => {
            producers.appended(&batch);
            Ok(batch.base_offset)
        }
    }
}

const GAP: Result<i64, ErrorCode> = Err(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
const OLD: Result<i64, ErrorCode> = Err(ErrorCode::INVALID_PRODUCER_EPOCH);

#[test]
fn what_follows_a_batch_needs_no_look_of_its_own() {
    let before = header(7, 1, 10, 5, 100);
    let cases = [
        (header(7, 1, 15, 1, 105), true),
        (header(7, 1, 16, 1, 105), false),
        (header(7, 1, 10, 5, 105), false),
        (header(7, 2, 15, 1, 105), false),
        (header(8, 1, 15, 1, 105), false),
        (header(-1, -1, -1, 1, 105), false),
        (transactional(header(7, 1, 15, 1, 105)), false),
    ];
    for (next, expected) in cases {
        assert_eq!(follows(&before, &next), expected, "{next:?}");
    }
    assert!(follows(&header(7, 0, i32::MAX, 1, 0), &header(7, 0, 0, 1, 1)), "sequences wrap");
    assert!(follows(&header(-1, -1, -1, 1, 0), &header(-1, -1, -1, 9, 1)), "nobody numbers these");
    assert!(
        !follows(&header(7, 0, -1, 1, 0), &header(7, 0, -1, 1, 1)),
        "a producer has to number its batches"
    );
}

#[test]
fn the_last_five_batches_are_answered_with_their_offsets_and_the_sixth_is_a_gap() {
    let mut producers = Producers::new(100);
    for batch in 0..6 {
        assert_eq!(write(&mut producers, 0, 10 * batch, 10), Ok(100 + 10 * i64::from(batch)));
    }
    for batch in 1..6 {
        assert_eq!(write(&mut producers, 0, 10 * batch, 10), Ok(100 + 10 * i64::from(batch)));
    }
    assert_eq!(producers.end_offset(), 160);
    assert_eq!(write(&mut producers, 0, 0, 10), GAP);
    assert_eq!(write(&mut producers, 0, 50, 9), GAP, "another range is no duplicate");
    assert_eq!(write(&mut producers, 0, 61, 1), GAP);
    assert_eq!(write(&mut producers, 0, 60, 1), Ok(160));
}

#[test]
fn a_duplicate_carries_the_original_timestamp() {
    let mut producers = Producers::new(0);
    let batch = header(7, 0, 0, 2, 0);
    producers.appended(&batch);
    let again = BatchHeader { base_offset: 2, max_timestamp: 9_999, ..batch };
    let Ok(Admission::Duplicate(original)) = producers.admit(&again, Append::CLIENT) else {
        panic!("no duplicate");
    };
    assert_eq!((original.first_offset, original.last_offset, original.timestamp), (0, 1, 1_000));
}

#[test]
fn sequences_wrap_inside_and_between_batches() {
    let mut producers = Producers::new(0);
    assert_eq!(write(&mut producers, 0, i32::MAX - 1, 2), Ok(0));
    assert_eq!(write(&mut producers, 0, 0, 1), Ok(2));
    let mut producers = Producers::new(0);
    assert_eq!(write(&mut producers, 0, i32::MAX - 1, 4), Ok(0));
    assert_eq!(write(&mut producers, 0, i32::MAX - 1, 4), Ok(0), "a duplicate over the wrap");
    assert_eq!(write(&mut producers, 0, 2, 1), Ok(4));
}

#[test]
fn epochs_only_grow_and_begin_at_zero() {
    let mut producers = Producers::new(0);
    assert_eq!(write(&mut producers, 3, 40, 2), Ok(0), "of an unknown producer any sequence is taken");
    assert_eq!(write(&mut producers, 4, 1, 1), GAP);
    assert_eq!(write(&mut producers, 4, 0, 1), Ok(2));
    assert_eq!(write(&mut producers, 3, 42, 1), OLD);
    assert_eq!(write(&mut producers, 3, 40, 2), OLD, "batches of an older epoch are no duplicates");
    assert_eq!(write(&mut producers, 4, 1, 1), Ok(3));
}

#[test]
fn coordinators_and_the_log_itself_are_not_held_to_sequences() {
    let mut producers = Producers::new(0);
    assert_eq!(write(&mut producers, 1, 0, 1), Ok(0));
    let without_sequence = transactional(header(7, 1, -1, 1, 1));
    assert_eq!(producers.admit(&without_sequence, Append::COORDINATOR), Ok(Admission::Append));
    let old = header(7, 0, -1, 1, 1);
    let refused = producers.admit(&old, Append::COORDINATOR).expect_err("an old epoch");
    assert_eq!(refused.code(), ErrorCode::INVALID_PRODUCER_EPOCH);
    assert_eq!(producers.admit(&old, Append::REPLICATION), Ok(Admission::Append));
}

#[test]
fn a_batch_without_producer_is_only_counted() {
    let mut producers = Producers::new(5);
    let batch = header(-1, -1, -1, 3, 5);
    assert_eq!(producers.admit(&batch, Append::CLIENT), Ok(Admission::Append));
    producers.appended(&batch);
    assert_eq!((producers.end_offset(), producers.iter().count()), (8, 0));
}

#[test]
fn expired_producers_start_anew_and_those_with_a_transaction_stay() {
    let mut producers = Producers::new(0);
    assert_eq!(write(&mut producers, 0, 0, 5), Ok(0));
    producers.appended(&transactional(header(8, 0, 0, 1, 5)));
    producers.remove_expired(1_000 + 99, 100);
    assert!(producers.get(7).is_some(), "a millisecond before its time");
    producers.remove_expired(1_000 + 100, 100);
    assert!(producers.get(7).is_none());
    producers.remove_expired(i64::MAX, 100);
    assert!(producers.get(8).is_some());
    assert_eq!(write(&mut producers, 0, 77, 1), Ok(6));
}

#[test]
fn a_transaction_holds_the_last_stable_offset_until_its_marker_is_replicated() {
    let mut producers = Producers::new(0);
    producers.appended(&header(-1, -1, -1, 10, 0));
    producers.appended(&transactional(header(7, 0, 0, 2, 10)));
    producers.appended(&transactional(header(8, 0, 0, 2, 12)));
    assert_eq!(producers.last_stable_offset(14), 10);
    assert_eq!(producers.last_stable_offset(6), 6);
    let completed = producers.marker_appended(&marker(7, 0, ControlKind::Abort, 14)).expect("a transaction");
    let expected = CompletedTransaction {
        producer_id: 7,
        first_offset: 10,
        last_offset: 14,
        last_stable_offset: 12,
        is_aborted: true,
    };
    assert_eq!(completed, expected);
    producers.high_watermark_moved(14);
    assert_eq!(producers.last_stable_offset(14), 10, "the marker itself is not replicated");
    producers.high_watermark_moved(15);
    assert_eq!(producers.last_stable_offset(15), 12);
    let completed = producers.marker_appended(&marker(8, 0, ControlKind::Commit, 15)).expect("a transaction");
    assert_eq!((completed.last_stable_offset, completed.is_aborted), (16, false));
    producers.high_watermark_moved(16);
    assert_eq!(producers.last_stable_offset(16), 16);
}

#[test]
fn a_marker_without_data_ends_nothing_but_fences() {
    let mut producers = Producers::new(0);
    assert_eq!(producers.marker_appended(&marker(7, 2, ControlKind::Abort, 0)), None);
    assert_eq!(write(&mut producers, 1, 0, 1), OLD);
    assert_eq!(write(&mut producers, 2, 5, 1), GAP);
    assert_eq!(write(&mut producers, 2, 0, 1), Ok(1));
}

#[test]
fn markers_are_held_to_the_epochs_of_producer_and_coordinator() {
    let mut producers = Producers::new(0);
    producers.appended(&transactional(header(7, 2, 0, 1, 0)));
    let code = |producers: &Producers, marker: Marker| {
        producers.admit_marker(&marker, Append::COORDINATOR).map_err(|error| error.code())
    };
    let commit = marker(7, 2, ControlKind::Commit, 1);
    assert_eq!(code(&producers, commit), Ok(()));
    let old = marker(7, 1, ControlKind::Commit, 1);
    assert_eq!(code(&producers, old), Err(ErrorCode::INVALID_PRODUCER_EPOCH));
    let not_raised = Marker { transaction_version: 2, ..commit };
    assert_eq!(code(&producers, not_raised), Err(ErrorCode::INVALID_PRODUCER_EPOCH));
    let raised = Marker { producer_epoch: 3, ..not_raised };
    assert_eq!(code(&producers, raised), Ok(()));
    producers.marker_appended(&raised);
    assert_eq!(code(&producers, raised), Ok(()), "the same marker once more");
    let fenced = Marker { coordinator_epoch: 2, ..raised };
    assert_eq!(code(&producers, fenced), Err(ErrorCode::TRANSACTION_COORDINATOR_FENCED));
    assert_eq!(producers.admit_marker(&fenced, Append::REPLICATION), Ok(()));
}

#[test]
fn a_plain_batch_may_not_come_into_an_open_transaction() {
    let mut producers = Producers::new(0);
    producers.appended(&transactional(header(7, 0, 0, 1, 0)));
    assert_eq!(write(&mut producers, 0, 1, 1), Err(ErrorCode::INVALID_TXN_STATE));
    let next = transactional(header(7, 0, 1, 1, 1));
    assert_eq!(write_as(&mut producers, next), Ok(1));
}

#[test]
fn a_guard_is_worth_nothing_after_a_marker() {
    let mut producers = Producers::new(0);
    let first = transactional(header(7, 0, 0, 1, 0));
    let guard = producers.verify(&first, false, 0);
    assert!(matches!(guard, VerificationGuard::Number(_)));
    let append = Append { origin: Origin::Client, guard };
    assert_eq!(producers.admit(&first, append), Ok(Admission::Append));
    producers.marker_appended(&marker(7, 0, ControlKind::Abort, 0));
    let refused = producers.admit(&first, append).expect_err("the guard is gone");
    assert_eq!(refused.code(), ErrorCode::INVALID_TXN_STATE);
    let first = BatchHeader { base_offset: 1, ..first };
    let guard = producers.verify(&first, false, 0);
    assert_eq!(producers.admit(&first, Append { guard, ..append }), Ok(Admission::Append));
    producers.appended(&first);
    let second = transactional(header(7, 0, 1, 1, 2));
    let guard = producers.verify(&second, false, 0);
    assert_eq!(guard, VerificationGuard::Ongoing);
    producers.marker_appended(&marker(7, 0, ControlKind::Abort, 2));
    let refused = producers.admit(&second, Append { guard, ..append }).expect_err("no transaction is open");
    assert_eq!(refused.rejection, Rejection::NotVerified);
}

#[test]
fn of_two_batches_under_verification_the_lower_sequence_goes_first() {
    let mut producers = Producers::new(0);
    let (first, second) = (transactional(header(7, 0, 0, 1, 0)), transactional(header(7, 0, 1, 1, 0)));
    let guard = producers.verify(&second, false, 0);
    assert_eq!(producers.verify(&first, false, 0), guard);
    let append = Append { origin: Origin::Client, guard };
    let refused = producers.admit(&second, append).expect_err("its predecessor is missing");
    assert_eq!(refused.code(), ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    assert_eq!(producers.admit(&first, append), Ok(Admission::Append));
}

#[test]
fn with_raised_epochs_a_transaction_begins_at_sequence_zero() {
    let mut producers = Producers::new(0);
    let batch = transactional(header(7, 0, 5, 1, 0));
    let append = Append { origin: Origin::Client, guard: producers.verify(&batch, true, 0) };
    let refused = producers.admit(&batch, append).expect_err("not at zero");
    assert_eq!(refused.rejection, Rejection::TransactionNotAtZero { sequence: 5 });
}

#[test]
fn a_snapshot_keeps_the_newest_batch_and_the_open_transaction() {
    let mut producers = Producers::new(0);
    producers.appended(&header(7, 1, i32::MAX, 3, 0));
    producers.appended(&transactional(header(8, 0, 0, 2, 3)));
    producers.marker_appended(&marker(9, 4, ControlKind::Commit, 5));
    let snapshot: Vec<_> = producers.snapshot().collect();
    let mut restored = Producers::from_snapshot(6, snapshot.clone(), 2_000, 1_000_000);
    assert_eq!(restored, producers);
    assert_eq!(restored.snapshot().collect::<Vec<_>>(), snapshot);
    assert_eq!(restored.last_stable_offset(6), 3);
    assert_eq!(write(&mut restored, 1, i32::MAX, 3), Ok(0), "the newest batch is still known");
    assert_eq!(write(&mut restored, 1, 2, 1), Ok(6));
    let expired = Producers::from_snapshot(6, snapshot, 1_000_000, 10);
    assert_eq!(expired.iter().map(|(producer_id, _)| producer_id).collect::<Vec<_>>(), [8]);
}

#[test]
fn what_came_before_a_snapshot_is_no_new_batch() {
    let batches = [0, 2, 4, 6, 8, 10, 12].map(|sequence| header(7, 1, sequence, 2, i64::from(sequence)));
    let others = [header(8, 0, 0, 2, 14), header(7, 0, 99, 2, 16)];
    let mut producers = Producers::new(0);
    batches.iter().for_each(|batch| producers.appended(batch));
    let mut restored = Producers::from_snapshot(14, producers.snapshot(), 2_000, 1_000_000);
    assert_eq!(write(&mut restored, 1, 10, 2), GAP);
    // Another epoch and a producer that is not known change nothing, nor does the newest batch itself.
    batches.iter().chain(&others).for_each(|batch| restored.recall(batch));
    assert_eq!(restored, producers);
    assert_eq!(write(&mut restored, 1, 2, 2), GAP, "it is the sixth from the end");
    for sequence in [4, 6, 8, 10, 12] {
        assert_eq!(write(&mut restored, 1, sequence, 2), Ok(i64::from(sequence)));
    }
    assert_eq!(write(&mut restored, 1, 14, 1), Ok(14));
}

#[test]
fn a_control_batch_that_compaction_emptied_changes_only_the_end() {
    let mut producers = Producers::new(0);
    producers.appended(&transactional(header(7, 0, 0, 1, 0)));
    let mut control = header(7, 0, -1, 1, 4);
    control.attributes = Attributes(TRANSACTIONAL | CONTROL);
    assert_eq!(producers.replay(&control, None), None);
    assert_eq!((producers.end_offset(), producers.first_open_offset()), (5, Some(0)));
    let other = ControlRecord { kind: ControlKind::Other(2), coordinator_epoch: -1 };
    assert_eq!(producers.replay(&header(-1, -1, -1, 1, 5), Some(other)), None);
    assert_eq!(producers.end_offset(), 6);
}

#[test]
fn a_transaction_is_late_after_the_longest_timeout_and_five_minutes() {
    let mut producers = Producers::new(0);
    producers.appended(&transactional(header(7, 0, 0, 1, 0)));
    assert!(!producers.has_late_transaction(1_000 + 900_000 + 300_000, 900_000));
    assert!(producers.has_late_transaction(1_000 + 900_000 + 300_001, 900_000));
}
