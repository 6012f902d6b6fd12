//! Sequences through success, loss and a new epoch.

use super::*;

const FIRST: ProducerIdentity = ProducerIdentity { producer_id: 7, producer_epoch: 0 };
const SECOND: ProducerIdentity = ProducerIdentity { producer_id: 7, producer_epoch: 1 };

/// Three batches of two records each.
fn three_sent() -> Sequences {
    let mut sequences = Sequences::default();
    for first in [0, 2, 4] {
        assert!(sequences.admits_new(FIRST));
        sequences.assign(first, 2, FIRST);
    }
    sequences
}

fn sequence(sequences: &Sequences, first: u64) -> (i16, i32) {
    let stamp = sequences.stamp(first, false).expect("in flight");
    (stamp.producer_epoch, stamp.base_sequence)
}

#[test]
fn sequences_count_records() {
    let sequences = three_sent();
    assert_eq!([0, 2, 4].map(|first| sequence(&sequences, first)), [(0, 0), (0, 2), (0, 4)]);
}

#[test]
fn sequences_begin_again_after_the_largest() {
    assert_eq!(advance(i32::MAX - 1, 1), i32::MAX);
    assert_eq!(advance(i32::MAX, 1), 0);
    assert_eq!(advance(i32::MAX - 2, 5), 2);
}

#[test]
fn a_batch_goes_again_only_as_the_oldest() {
    let mut sequences = three_sent();
    assert!(sequences.admits_again(0));
    assert!(!sequences.admits_again(2));
    sequences.on_acked(0, Some(100));
    assert!(sequences.admits_again(2));
}

#[test]
fn a_gap_behind_an_older_batch_is_not_the_batchs_fault() {
    let mut sequences = three_sent();
    assert_eq!(sequences.on_out_of_order(2, false), Gap::WaitsForOlder);
    sequences.on_acked(0, Some(100));
    assert_eq!(sequences.on_out_of_order(4, true), Gap::WaitsForOlder);
    assert_eq!(sequences.on_out_of_order(2, false), Gap::Restarts, "the broker lost what it acknowledged");
    assert_eq!(sequences.on_out_of_order(2, true), Gap::Fails);
}

#[test]
fn a_new_epoch_counts_from_zero_and_other_batches_wait() {
    let mut sequences = three_sent();
    sequences.on_acked(0, Some(100));
    assert!(!sequences.admits_new(SECOND), "batches of the old epoch are out");
    sequences.restart(SECOND);
    assert_eq!([2, 4].map(|first| sequence(&sequences, first)), [(1, 0), (1, 2)]);
    assert!(sequences.admits_new(SECOND));
    sequences.assign(6, 1, SECOND);
    assert_eq!(sequence(&sequences, 6), (1, 4));
}

#[test]
fn a_partition_without_batches_takes_the_new_epoch_up() {
    let mut sequences = three_sent();
    [0, 2, 4].into_iter().for_each(|first| sequences.on_acked(first, Some(100)));
    assert!(sequences.admits_new(SECOND));
    sequences.assign(6, 1, SECOND);
    assert_eq!(sequence(&sequences, 6), (1, 0));
}

#[test]
fn what_was_given_up_stops_new_batches_until_it_is_known() {
    let mut sequences = three_sent();
    sequences.on_given_up(0);
    assert!(!sequences.admits_new(FIRST));
    assert_eq!(sequences.resolve(), None, "later batches are out");
    sequences.on_acked(2, Some(102));
    sequences.on_acked(4, Some(104));
    assert_eq!(sequences.resolve(), Some(false), "later ones were taken, so it was too");
    assert!(sequences.admits_new(FIRST));
    sequences.assign(6, 1, FIRST);
    sequences.on_given_up(6);
    assert_eq!(sequences.resolve(), Some(true));
}

#[test]
fn a_failed_batch_of_a_transaction_leaves_no_gap() {
    let mut sequences = three_sent();
    sequences.close_gap(2);
    assert_eq!(sequence(&sequences, 4), (0, 2));
    sequences.assign(6, 1, FIRST);
    assert_eq!(sequence(&sequences, 6), (0, 4));
}

#[test]
fn a_split_keeps_the_sequences_of_the_records() {
    let mut sequences = three_sent();
    sequences.split(2, 1);
    assert_eq!([2, 3, 4].map(|first| sequence(&sequences, first)), [(0, 2), (0, 3), (0, 4)]);
}

#[test]
fn a_forgotten_producer_begins_again_where_its_records_are_gone() {
    let mut sequences = three_sent();
    sequences.on_acked(0, Some(100));
    assert_eq!(sequences.on_unknown_producer(2, 200, true), Gap::Restarts);
    assert_eq!(sequences.on_unknown_producer(2, 50, true), Gap::Fails, "they are there: something is wrong");
    assert_eq!(sequences.on_unknown_producer(2, 50, false), Gap::Restarts);
    assert_eq!(sequences.on_unknown_producer(2, -1, false), Gap::Fails, "the broker does not say");
    sequences.restart(SECOND);
    assert_eq!(sequences.on_unknown_producer(4, 200, true), Gap::WaitsForOlder);
}
