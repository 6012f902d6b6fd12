//! Producer snapshots, and the index of aborted transactions that a recovery makes again.

use std::fs;

use bytes::{BufMut, Bytes};
use strait_broker_log::{AbortedTransaction, PartitionLog, ProducerSnapshotEntry, Recovered};
use strait_wire::batch::{AssignedBatch, BatchBuilder, ClosedBatch, Compression, ControlKind, Stamp, crc32c};

use super::support::{Folder, NOW_MS, append, appended};

fn stamped(producer_id: i64, base_sequence: i32) -> ClosedBatch {
    let stamp = Stamp { producer_id, producer_epoch: 0, base_sequence, transactional: true };
    let mut builder = BatchBuilder::new(Compression::None, NOW_MS);
    builder.push(NOW_MS, None, Some(&Bytes::from_static(b"data")), &[]);
    builder.finish(stamp, 0).expect("a batch")
}

fn data(log: &mut PartitionLog, producer_id: i64) {
    let batch = stamped(producer_id, 0).assign(log.end_offset(), 0);
    append(log, &batch);
}

/// A commit (1) or abort (0) marker.
pub(crate) fn marker(log: &mut PartitionLog, producer_id: i64, kind: u8) {
    let mut builder = BatchBuilder::new(Compression::None, NOW_MS);
    let (key, value) = (Bytes::from(vec![0, 0, 0, kind]), Bytes::from_static(&[0, 0, 0, 0, 0, 5]));
    builder.push(NOW_MS, Some(&key), Some(&value), &[]);
    let stamp = Stamp { producer_id, producer_epoch: 0, base_sequence: -1, transactional: true };
    let mut bytes = builder.finish(stamp, log.end_offset()).expect("a batch").bytes().to_vec();
    bytes[22] |= 1 << 5;
    let crc = crc32c(&bytes[21..]);
    bytes[17..21].copy_from_slice(&crc.to_be_bytes());
    let batch = ClosedBatch::new(bytes.into()).expect("a batch");
    let assigned: AssignedBatch = batch.assign(log.end_offset(), 0);
    append(log, &assigned);
}

fn aborted(producer_id: i64, first: i64, last: i64, stable: i64) -> AbortedTransaction {
    AbortedTransaction { producer_id, first_offset: first, last_offset: last, last_stable_offset: stable }
}

/// Producer 1 aborts 0..=3, 2 commits 1..=4, 3 aborts 5..=7; producer 4 stays open at 6.
pub(crate) fn filled(log: &mut PartitionLog) -> [AbortedTransaction; 2] {
    data(log, 1);
    data(log, 2);
    appended(log, &["plain"]);
    marker(log, 1, 0);
    marker(log, 2, 1);
    data(log, 3);
    data(log, 4);
    marker(log, 3, 0);
    [aborted(1, 0, 3, 1), aborted(3, 5, 7, 6)]
}

#[test]
fn aborted_transactions_are_found_by_the_offsets_they_touch() {
    let folder = Folder::new();
    let mut log = folder.open();
    let all = filled(&mut log);
    all.iter().for_each(|transaction| log.append_aborted(*transaction));
    for (from, to, expected) in [
        (0, 8, &all[..]),
        (0, 5, &all[..1]),
        (4, 6, &all[1..]),
        (4, 5, &[]),
        (3, 4, &all[..1]),
        (7, 8, &all[1..]),
        (8, 8, &[]),
    ] {
        assert_eq!(log.aborted_transactions(from, to).expect("found"), expected, "{from}..{to}");
    }
    log.truncate_to(7).expect("truncated");
    assert_eq!(log.aborted_transactions(0, 8).expect("found"), all[..1]);
}

#[test]
fn a_recovery_makes_the_index_of_aborted_transactions_again() {
    let folder = Folder::new();
    let mut log = folder.open();
    let all = filled(&mut log);
    drop(log);
    let mut log = folder.open();
    assert_eq!(log.aborted_transactions(0, 8).expect("found"), all);
    log.close().expect("closed");
    let index = fs::metadata(folder.path().join("00000000000000000000.txnindex")).expect("there");
    assert_eq!(index.len(), 2 * 34);
}

#[test]
fn a_recovery_knows_transactions_of_earlier_segments_from_the_snapshot() {
    let folder = Folder::new();
    let mut log = folder.open();
    data(&mut log, 9);
    log.roll(NOW_MS).expect("rolled");
    let entry = ProducerSnapshotEntry {
        producer_id: 9,
        producer_epoch: 0,
        last_sequence: 0,
        last_offset: 0,
        offset_delta: 0,
        timestamp: NOW_MS,
        coordinator_epoch: 5,
        current_txn_first_offset: 0,
    };
    log.write_producer_snapshot(1, &[entry]).expect("written");
    marker(&mut log, 9, 0);
    drop(log);
    assert_eq!(folder.open().aborted_transactions(0, 2).expect("found"), [aborted(9, 0, 1, 2)]);
    // Without the snapshot the earlier segment is read.
    fs::remove_file(folder.path().join("00000000000000000001.snapshot")).expect("removed");
    assert_eq!(folder.open().aborted_transactions(0, 2).expect("found"), [aborted(9, 0, 1, 2)]);
}

#[test]
fn producer_state_starts_from_the_newest_snapshot_that_can_be_read() {
    let folder = Folder::new();
    let mut log = folder.open();
    filled(&mut log);
    let entry = ProducerSnapshotEntry {
        producer_id: 4_711,
        producer_epoch: 3,
        last_sequence: 12,
        last_offset: 4,
        offset_delta: 2,
        timestamp: NOW_MS,
        coordinator_epoch: -1,
        current_txn_first_offset: -1,
    };
    log.write_producer_snapshot(5, &[entry]).expect("written");
    log.write_producer_snapshot(8, &[]).expect("written");
    let newest = folder.path().join("00000000000000000008.snapshot");
    let mut bytes = fs::read(&newest).expect("read");
    assert_eq!(bytes.len(), 10);
    bytes[9] ^= 1;
    fs::write(&newest, bytes).expect("written");

    let (mut snapshots, mut earlier, mut seen) = (Vec::new(), Vec::new(), Vec::new());
    log.replay(&mut |recovered| match recovered {
        Recovered::Snapshot { offset, entries } => snapshots.push((offset, entries.to_vec())),
        Recovered::Earlier { header } => earlier.push(header.base_offset),
        Recovered::Batch { header, marker } => {
            seen.push((header.base_offset, marker.map(|marker| marker.kind)))
        }
    })
    .expect("replayed");
    assert_eq!(snapshots, [(5, vec![entry])]);
    assert_eq!(earlier, [0, 1, 2], "what a producer may send again");
    assert_eq!(seen, [(5, None), (6, None), (7, Some(ControlKind::Abort))]);
    assert!(!newest.exists());
    // What lies beyond a truncation is no state of this log.
    log.truncate_to(4).expect("truncated");
    assert_eq!(log.load_producer_snapshot().expect("read"), None);
}

#[test]
fn a_snapshot_has_the_bytes_that_kafka_writes() {
    let folder = Folder::new();
    let mut log = folder.open();
    let entry = ProducerSnapshotEntry {
        producer_id: 1,
        producer_epoch: 2,
        last_sequence: 3,
        last_offset: 4,
        offset_delta: 5,
        timestamp: 6,
        coordinator_epoch: 7,
        current_txn_first_offset: 8,
    };
    log.write_producer_snapshot(0, &[entry]).expect("written");
    let mut body = vec![0, 0, 0, 1];
    body.put_i64(1);
    body.put_i16(2);
    body.put_i32(3);
    body.put_i64(4);
    body.put_i32(5);
    body.put_i64(6);
    body.put_i32(7);
    body.put_i64(8);
    let mut expected = vec![0, 1];
    expected.put_u32(crc32c(&body));
    expected.extend(body);
    assert_eq!(fs::read(folder.path().join("00000000000000000000.snapshot")).expect("read"), expected);
}
