//! Offsets by timestamp, as ListOffsets asks for them.

use strait_broker_log::{PartitionLog, TimestampOffset};
use strait_wire::batch::{ClosedBatch, Compression, crc32c};

use super::support::{Folder, NOW_MS, append, appended, batch, compressed};

fn at(log: &PartitionLog, timestamp: i64) -> Option<(i64, i64)> {
    let found = log.offset_for_timestamp(timestamp, log.end_offset()).expect("a lookup");
    found.map(|found| (found.offset, found.timestamp))
}

#[test]
fn the_record_is_found_inside_a_batch_of_every_codec() {
    for codec in
        [Compression::None, Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd]
    {
        let folder = Folder::new();
        let mut log = folder.open();
        append(&mut log, &compressed(0, NOW_MS, &["a", "b", "c"], codec));
        append(&mut log, &compressed(3, NOW_MS + 10, &["d", "e", "f"], codec));
        for (timestamp, found) in [
            (0, Some((0, NOW_MS))),
            (NOW_MS + 1, Some((1, NOW_MS + 1))),
            (NOW_MS + 3, Some((3, NOW_MS + 10))),
            (NOW_MS + 12, Some((5, NOW_MS + 12))),
            (NOW_MS + 13, None),
        ] {
            assert_eq!(at(&log, timestamp), found, "{codec:?} {timestamp}");
        }
        let newest = log.offset_of_max_timestamp(6).expect("a lookup");
        let expected = TimestampOffset { offset: 5, timestamp: NOW_MS + 12, leader_epoch: 0 };
        assert_eq!(newest, Some(expected));
    }
}

#[test]
fn what_readers_can_not_see_is_not_found() {
    let folder = Folder::new();
    let mut log = folder.open();
    append(&mut log, &batch(0, NOW_MS, &["a", "b"]));
    append(&mut log, &batch(2, NOW_MS + 10, &["c"]));
    assert_eq!(log.offset_for_timestamp(NOW_MS + 5, 2).expect("a lookup"), None);
    // A record before the start of the log does not count, though its batch is still there.
    log.delete_until(1).expect("deleted");
    assert_eq!(at(&log, NOW_MS), Some((1, NOW_MS + 1)));
    log.delete_until(2).expect("deleted");
    assert_eq!(at(&log, NOW_MS), Some((2, NOW_MS + 10)));
}

#[test]
fn the_largest_timestamp_may_be_anywhere() {
    let folder = Folder::new();
    let mut log = folder.open();
    append(&mut log, &batch(0, NOW_MS, &["a"]));
    append(&mut log, &batch(1, NOW_MS + 100, &["b"]));
    log.roll(NOW_MS).expect("rolled");
    append(&mut log, &batch(2, NOW_MS + 50, &["c"]));
    let newest = log.offset_of_max_timestamp(3).expect("a lookup").expect("found");
    assert_eq!((newest.offset, log.largest_timestamp()), (1, NOW_MS + 100));
    assert_eq!(at(&log, NOW_MS + 20), Some((1, NOW_MS + 100)));
    drop(log);
    assert_eq!(folder.open().largest_timestamp(), NOW_MS + 100);
}

#[test]
fn with_log_append_time_all_records_have_the_time_of_the_batch() {
    let folder = Folder::new();
    let mut log = folder.open();
    let mut bytes = batch(0, NOW_MS, &["a", "b"]).segments.concat();
    bytes[22] |= 1 << 3;
    bytes[35..43].copy_from_slice(&(NOW_MS + 500).to_be_bytes());
    let crc = crc32c(&bytes[21..]);
    bytes[17..21].copy_from_slice(&crc.to_be_bytes());
    append(&mut log, &ClosedBatch::new(bytes.into()).expect("a batch").assign(0, 0));
    assert_eq!(at(&log, NOW_MS + 1), Some((0, NOW_MS + 500)));
    assert_eq!(at(&log, NOW_MS + 501), None);
}

#[test]
fn an_empty_log_has_no_times() {
    let folder = Folder::new();
    let mut log = folder.open();
    assert_eq!((at(&log, 0), log.largest_timestamp()), (None, -1));
    assert_eq!(log.offset_of_max_timestamp(0).expect("a lookup"), None);
    appended(&mut log, &["a"]);
    log.truncate_to(0).expect("truncated");
    assert_eq!((at(&log, 0), log.largest_timestamp()), (None, -1));
}
