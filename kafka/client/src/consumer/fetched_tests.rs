//! What a program sees of a fetched log.

use bytes::BytesMut;
use strait_wire::batch::{BatchBuilder, Compression, Stamp};

use super::*;

const START: Position = Position { offset: 0, leader_epoch: None };

/// A batch of records at `base`, by a producer in a transaction, or by nobody.
fn batch(base: i64, count: i64, producer: Option<i64>) -> Bytes {
    let mut builder = BatchBuilder::new(Compression::None, 0);
    for index in 0..count {
        builder.push(base + index, None, Some(&Bytes::from((base + index).to_string())), &[]);
    }
    let stamp = producer.map_or(Stamp::NONE, |producer_id| Stamp {
        producer_id,
        producer_epoch: 0,
        base_sequence: 0,
        transactional: true,
    });
    builder.finish(stamp, base).expect("a batch").bytes().clone()
}

/// A marker, as brokers write it: control attribute, key of version and kind.
fn marker(offset: i64, producer_id: i64, kind: u8) -> Bytes {
    let mut builder = BatchBuilder::new(Compression::None, 0);
    builder.push(0, Some(&Bytes::from(vec![0, 0, 0, kind])), Some(&Bytes::from(vec![0; 6])), &[]);
    let stamp = Stamp { producer_id, producer_epoch: 0, base_sequence: -1, transactional: true };
    let mut bytes = BytesMut::from(builder.finish(stamp, offset).expect("a batch").bytes().as_ref());
    bytes[22] |= 1 << 5;
    let crc = strait_wire::batch::crc32c(&bytes[21..]);
    bytes[17..21].copy_from_slice(&crc.to_be_bytes());
    bytes.freeze()
}

fn fetched(batches: &[Bytes], from: i64, aborted: &[(i64, i64)], committed_only: bool) -> Fetched {
    let position = Position { offset: from, ..START };
    let aborted = aborted.iter().map(|(producer_id, first_offset)| AbortedTransaction {
        producer_id: *producer_id,
        first_offset: *first_offset,
    });
    let reading = Reading { check_crcs: true, committed_only };
    Fetched::new(("t".to_owned(), 0), 1, position, batches.concat().into(), aborted.collect(), reading)
}

fn offsets(fetched: &mut Fetched) -> Vec<i64> {
    fetched.take(usize::MAX).expect("readable").iter().map(|record| record.offset).collect()
}

#[test]
fn records_come_from_the_position_on_in_portions() {
    let mut fetched = fetched(&[batch(0, 3, None), batch(3, 3, None)], 1, &[], false);
    let first: Vec<i64> = fetched.take(3).expect("readable").iter().map(|record| record.offset).collect();
    assert_eq!(first, [1, 2, 3]);
    assert_eq!(fetched.position.offset, 4);
    assert_eq!(offsets(&mut fetched), [4, 5]);
    assert_eq!(fetched.position.offset, 6);
    assert!(fetched.take(5).expect("readable").is_empty());
}

#[test]
fn what_was_aborted_is_left_out_and_what_came_after_is_not() {
    let log = [
        batch(0, 2, Some(7)),
        batch(2, 2, Some(8)),
        marker(4, 7, 0),
        batch(5, 1, Some(7)),
        marker(6, 8, 1),
        marker(7, 7, 1),
    ];
    let mut committed = fetched(&log, 0, &[(7, 0)], true);
    assert_eq!(offsets(&mut committed), [2, 3, 5]);
    assert_eq!(committed.position.offset, 8, "the markers are behind it");
    assert_eq!(offsets(&mut fetched(&log, 0, &[], false)), [0, 1, 2, 3, 5]);
}

#[test]
fn a_transaction_that_aborts_twice_is_left_out_twice() {
    let log =
        [batch(0, 1, Some(7)), marker(1, 7, 0), batch(2, 1, Some(7)), marker(3, 7, 0), batch(4, 1, None)];
    assert_eq!(offsets(&mut fetched(&log, 0, &[(7, 2), (7, 0)], true)), [4]);
}

#[test]
fn a_transaction_that_began_before_the_position_is_left_out() {
    let log = [batch(5, 3, Some(7)), marker(8, 7, 0)];
    assert!(offsets(&mut fetched(&log, 6, &[(7, 2)], true)).is_empty());
}

#[test]
fn a_damaged_batch_stops_at_its_place() {
    let mut damaged = BytesMut::from(batch(2, 2, None).as_ref());
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    let mut fetched = fetched(&[batch(0, 2, None), damaged.freeze()], 0, &[], false);
    assert_eq!(fetched.take(9).expect("the first is whole").len(), 2);
    for _ in 0..2 {
        assert!(matches!(fetched.take(2), Err(BatchError::Corrupt(_))), "it is not stepped over");
    }
    assert_eq!(fetched.position.offset, 2);
}
