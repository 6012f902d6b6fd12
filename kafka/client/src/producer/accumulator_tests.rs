//! When batches go: full, old, hurried, in order, one of each partition.

use super::*;
use crate::admin::ProducerIdentity;

const IDENTITY: ProducerIdentity = ProducerIdentity { producer_id: 7, producer_epoch: 0 };

fn accumulator(batch_size: usize) -> Accumulator<u32> {
    Accumulator::new(Limits {
        batch_size,
        max_request_size: 1_000_000,
        linger_ms: 10,
        delivery_timeout_ms: 1_000,
        backoff: Backoff { first_ms: 100, longest_ms: 1_000 },
        compression: Compression::None,
        one_in_flight: false,
    })
}

fn leader(_: &str, partition: i32) -> Option<(i32, i32)> {
    (partition < 9).then_some((partition % 2, 3))
}

fn at(now_ms: i64) -> Moment<'static> {
    Moment {
        now_ms,
        hurry: Hurry(false),
        numbering: Numbering::As(IDENTITY),
        leader: &leader,
        admitted: None,
    }
}

fn append(accumulator: &mut Accumulator<u32>, partition: i32, now_ms: i64, waiter: u32) -> Appended {
    accumulator.append(partition, &ProducerRecord::new("t", vec![0_u8; 50]), 0, now_ms, waiter)
}

fn partitions(drained: &[(TopicPartition, Batch<u32>)]) -> Vec<i32> {
    drained.iter().map(|((_, partition), _)| *partition).collect()
}

#[test]
fn a_batch_waits_for_linger_or_until_it_is_full() {
    let mut accumulator = accumulator(300);
    assert!(append(&mut accumulator, 0, 0, 1).wakes, "the task must learn of a first batch");
    assert!(!append(&mut accumulator, 0, 0, 2).wakes);
    let ready = accumulator.ready(&at(4));
    assert!(ready.leaders.is_empty());
    assert_eq!(ready.look_again_ms, 6);
    assert!(accumulator.ready(&at(10)).leaders.contains(&0));
    let hurried = Moment { hurry: Hurry(true), ..at(0) };
    assert!(accumulator.ready(&hurried).leaders.contains(&0));
    while !append(&mut accumulator, 0, 0, 3).is_full {}
    assert!(accumulator.ready(&at(0)).leaders.contains(&0), "a full batch does not wait");
    let drained = accumulator.drain(0, None, &at(0));
    assert_eq!(drained.len(), 1, "one batch of each partition in a request");
    assert!(drained[0].1.size() <= 300);
}

#[test]
fn partitions_take_turns_in_requests_of_limited_size() {
    let mut accumulator = accumulator(1);
    accumulator.limits.max_request_size = 300;
    for partition in [0, 2, 4, 6, 1] {
        append(&mut accumulator, partition, 0, 0);
    }
    let first = accumulator.drain(0, None, &at(20));
    assert_eq!(partitions(&first), [0, 2]);
    append(&mut accumulator, 0, 0, 0);
    let after = first.last().map(|(partition, _)| partition.clone());
    assert_eq!(partitions(&accumulator.drain(0, after.as_ref(), &at(20))), [4, 6]);
    assert_eq!(partitions(&accumulator.drain(1, None, &at(20))), [1]);
}

#[test]
fn a_record_above_the_batch_size_goes_alone() {
    let mut accumulator = accumulator(0);
    append(&mut accumulator, 0, 0, 1);
    assert!(accumulator.drain(0, None, &at(0)).is_empty(), "another may come");
    append(&mut accumulator, 0, 0, 2);
    assert_eq!(accumulator.drain(0, None, &at(0))[0].1.count(), 1);
}

#[test]
fn a_batch_that_failed_waits_and_goes_before_all_later_ones() {
    let mut accumulator = accumulator(1);
    for waiter in 0..3 {
        append(&mut accumulator, 0, 0, waiter);
    }
    let mut out: Vec<_> = (0..3).flat_map(|_| accumulator.drain(0, None, &at(20))).collect();
    assert_eq!(out.len(), 3, "several batches of a partition are out at once");
    append(&mut accumulator, 0, 0, 3);
    let queue = accumulator.queue(&("t".to_owned(), 0)).expect("used");
    // The second and the first come back, in the wrong order.
    let first = out.remove(0).1;
    queue.put_back(out.remove(0).1);
    queue.put_back(first);
    assert!(accumulator.drain(0, None, &at(21)).is_empty(), "too early");
    assert!(accumulator.ready(&at(21)).look_again_ms >= 99);
    let again = accumulator.drain(0, None, &at(120));
    assert_eq!(again[0].1.first, 0);
    assert!(accumulator.drain(0, None, &at(120)).is_empty(), "the second waits for the first's answer");
    let queue = accumulator.queue(&("t".to_owned(), 0)).expect("used");
    queue.sequences.on_acked(0, Some(0));
    assert_eq!(accumulator.drain(0, None, &at(120))[0].1.first, 1);
}

#[test]
fn a_new_leader_ends_the_wait() {
    let mut accumulator = accumulator(1);
    append(&mut accumulator, 0, 0, 0);
    let batch = accumulator.drain(0, None, &at(20)).remove(0).1;
    accumulator.queue(&("t".to_owned(), 0)).expect("used").put_back(batch);
    let elected = |_: &str, _: i32| Some((1, 4));
    let moment = Moment { leader: &elected, ..at(21) };
    assert!(accumulator.ready(&moment).leaders.contains(&1));
    assert_eq!(accumulator.drain(1, None, &moment).len(), 1);
}

#[test]
fn nothing_goes_without_an_id_or_outside_the_transaction() {
    let mut accumulator = accumulator(1);
    append(&mut accumulator, 0, 0, 0);
    append(&mut accumulator, 2, 0, 0);
    let awaited = Moment { numbering: Numbering::Awaited, ..at(20) };
    assert!(accumulator.drain(0, None, &awaited).is_empty());
    let admitted = |_: &str, partition: i32| partition == 2;
    let transaction = Moment { admitted: Some(&admitted), ..at(20) };
    assert_eq!(partitions(&accumulator.drain(0, None, &transaction)), [2]);
}

#[test]
fn topics_without_a_leader_are_named() {
    let mut accumulator = accumulator(1);
    append(&mut accumulator, 9, 0, 0);
    assert!(accumulator.ready(&at(20)).without_leader.contains("t"));
}

#[test]
fn what_is_too_late_comes_out() {
    let mut accumulator = accumulator(1);
    append(&mut accumulator, 0, 0, 1);
    append(&mut accumulator, 0, 500, 2);
    assert_eq!(accumulator.next_expiry_ms(), Some(1_000));
    assert!(accumulator.expire(999).is_empty());
    let expired = accumulator.expire(1_000);
    assert_eq!(expired.len(), 1);
    assert_eq!(expired[0].1.waiting[0].waiter, 1);
    assert_eq!(accumulator.oldest_unfinished(), Some(1), "until its records are told");
    assert!(accumulator.on_finished(1));
    assert_eq!(accumulator.oldest_unfinished(), Some(2));
}

#[test]
fn a_batch_splits_into_two_with_all_its_records() {
    let mut accumulator = accumulator(10_000);
    for waiter in 0..5 {
        append(&mut accumulator, 0, 0, waiter);
    }
    let mut left = accumulator.drain(0, None, &at(20)).remove(0).1;
    let right = left.split_off(Compression::None).expect("it can be read");
    let waiters = |batch: &Batch<u32>| batch.waiting.iter().map(|waiting| waiting.waiter).collect::<Vec<_>>();
    assert_eq!((waiters(&left), left.first), (vec![0, 1], 0));
    assert_eq!((waiters(&right), right.first), (vec![2, 3, 4], 2));
    accumulator.on_split(left.id);
    assert!(!accumulator.on_finished(left.id), "half of it");
    assert!(accumulator.on_finished(right.id));
}

#[test]
fn one_request_at_a_time_keeps_order_without_sequences() {
    let mut accumulator = accumulator(1);
    accumulator.limits.one_in_flight = true;
    append(&mut accumulator, 0, 0, 0);
    append(&mut accumulator, 0, 0, 1);
    let plain = Moment { numbering: Numbering::None, ..at(20) };
    assert_eq!(accumulator.drain(0, None, &plain).len(), 1);
    assert!(accumulator.drain(0, None, &plain).is_empty());
    accumulator.queue(&("t".to_owned(), 0)).expect("used").on_returned();
    assert_eq!(accumulator.drain(0, None, &plain).len(), 1);
}

#[test]
fn an_abort_leaves_what_the_broker_may_wait_for() {
    let mut accumulator = accumulator(1);
    append(&mut accumulator, 0, 0, 1);
    append(&mut accumulator, 0, 0, 2);
    let sent = accumulator.drain(0, None, &at(20)).remove(0).1;
    accumulator.queue(&("t".to_owned(), 0)).expect("used").put_back(sent);
    let aborted = accumulator.abort_unsent();
    assert_eq!(aborted.iter().map(|(_, batch)| batch.first).collect::<Vec<_>>(), [1]);
    assert_eq!(accumulator.drain(0, None, &at(200))[0].1.first, 0);
    append(&mut accumulator, 0, 300, 3);
    let next = accumulator.drain(0, None, &at(320)).remove(0).1;
    let queue = accumulator.queue(&("t".to_owned(), 0)).expect("used");
    assert_eq!(queue.sequences.stamp(next.first, true).expect("sent").base_sequence, 1, "no gap");
}
