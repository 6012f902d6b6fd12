//! When a segment is closed.

use std::os::unix::fs::MetadataExt;

use strait_broker_log::PartitionLog;
use strait_wire::batch::{AssignedBatch, ClosedBatch, crc32c};

use super::support::{Folder, NOW_MS, append, appended, batch, batches, offsets};

const HOUR_MS: i64 = 60 * 60 * 1000;

fn at(log: &mut PartitionLog, timestamp: i64, now_ms: i64) -> Option<i64> {
    let batch = batch(log.end_offset(), timestamp, &["value"]);
    log.append(&batch.segments, &batch.header, now_ms).expect("appended").rolled_at
}

/// A batch whose records have no timestamp.
fn without_time(log: &PartitionLog) -> AssignedBatch {
    batch(log.end_offset(), -1, &["value"])
}

/// A batch that says to reach `last_offset_delta`, as cleaning leaves them.
fn far(base_offset: i64, last_offset_delta: i32) -> AssignedBatch {
    let mut bytes = batch(base_offset, NOW_MS, &["value"]).segments.concat();
    bytes[23..27].copy_from_slice(&last_offset_delta.to_be_bytes());
    let crc = crc32c(&bytes[21..]);
    bytes[17..21].copy_from_slice(&crc.to_be_bytes());
    ClosedBatch::new(bytes.into()).expect("a batch").assign(base_offset, 0)
}

#[test]
fn by_size() {
    let mut folder = Folder::new();
    let size = batch(0, NOW_MS, &["value"]).segments.concat().len() as u32;
    folder.config.segment_bytes = 2 * size;
    let mut log = folder.open();
    let rolled: Vec<_> = (0..5).map(|_| appended(&mut log, &["value"]).rolled_at).collect();
    assert_eq!(rolled, [None, None, Some(2), None, Some(4)]);
    let long = batch(5, NOW_MS, &["v".repeat(2 * size as usize).as_str()]);
    log.append(&long.segments, &long.header, NOW_MS).expect_err("larger than a segment");
    log.close().expect("closed");
    let log = folder.open();
    assert_eq!((log.segment_count(), offsets(&log, 0)), (3, vec![0, 1, 2, 3, 4]));
}

#[test]
fn by_the_time_of_the_records_since_the_first_batch() {
    let mut folder = Folder::new();
    folder.config.segment_ms = HOUR_MS;
    folder.config.segment_jitter_ms = 1_000;
    let mut log = folder.open();
    assert_eq!(at(&mut log, NOW_MS, NOW_MS), None);
    assert_eq!(at(&mut log, NOW_MS + HOUR_MS - 1_000, NOW_MS + 10 * HOUR_MS), None);
    assert_eq!(at(&mut log, NOW_MS - HOUR_MS, NOW_MS), None);
    drop(log);
    // The first batch is found again.
    let mut log = folder.open();
    assert_eq!(at(&mut log, NOW_MS + HOUR_MS - 999, NOW_MS), Some(3));
    assert_eq!(at(&mut log, NOW_MS + HOUR_MS, NOW_MS), None);
}

#[test]
fn by_the_clock_where_records_have_no_time() {
    let mut folder = Folder::new();
    folder.config.segment_ms = HOUR_MS;
    let mut log = folder.open();
    for (now_ms, rolled) in [(NOW_MS, None), (NOW_MS + HOUR_MS, None), (NOW_MS + HOUR_MS + 1, Some(2))] {
        let batch = without_time(&log);
        let appended = log.append(&batch.segments, &batch.header, now_ms).expect("appended");
        assert_eq!(appended.rolled_at, rolled);
    }
}

#[test]
fn by_a_full_index() {
    let mut folder = Folder::new();
    folder.config.index_interval_bytes = 1;
    // Room for two entries of 8 bytes, and for one of 12.
    folder.config.segment_index_bytes = 24;
    let mut log = folder.open();
    let rolled: Vec<_> = (0..4).map(|step| at(&mut log, NOW_MS + step, NOW_MS)).collect();
    assert_eq!(rolled, [None, None, Some(2), None]);
}

#[test]
fn by_the_distance_of_offsets() {
    let folder = Folder::new();
    let mut log = folder.open();
    assert_eq!(append(&mut log, &far(0, i32::MAX - 1)).rolled_at, None);
    assert_eq!(appended(&mut log, &["fits"]).rolled_at, None);
    let base = i64::from(i32::MAX) + 1;
    assert_eq!(appended(&mut log, &["does not"]).rolled_at, Some(base));
    // An empty segment is replaced, not kept.
    log.truncate_to(base).expect("truncated");
    assert_eq!((log.segment_count(), log.end_offset()), (2, base));
    assert_eq!(append(&mut log, &far(base * 3, 0)).rolled_at, Some(base * 3));
    assert_eq!(log.segment_count(), 2);
    assert_eq!(offsets(&log, base), [base * 3]);
}

#[test]
fn rolled_and_closed_segments_hold_no_more_of_the_disk_than_their_records() {
    let folder = Folder::new();
    let mut log = folder.open();
    let value = "x".repeat(100_000);
    for rolls in [true, false] {
        for _ in 0..12 {
            appended(&mut log, &[&value]);
        }
        if rolls {
            log.roll(NOW_MS).expect("rolled");
        } else {
            log.close().expect("closed");
        }
    }
    for offset in [0, 12] {
        let file = folder.path().join(format!("{offset:020}.log"));
        let metadata = std::fs::metadata(&file).expect("there");
        let held = metadata.blocks() * 512;
        assert!(held < metadata.len() + 100_000, "{held} of {} bytes", metadata.len());
    }
    drop(log);
}

#[test]
fn a_file_in_use_ends_with_its_last_batch_after_a_pause() {
    let folder = Folder::new();
    let mut log = folder.open();
    let length = || std::fs::metadata(folder.path().join(format!("{:020}.log", 0))).expect("there").len();
    let (value, mut written) = ("x".repeat(1_000), 0);
    for _ in 0..2 {
        while length() == written {
            appended(&mut log, &[&value]);
            written = log.size();
            assert!(written < 10 << 20, "it was never filled");
        }
        log.cut_in_pause();
        appended(&mut log, &[&value]);
        written = log.size();
        log.cut_in_pause();
        assert!(length() > written, "it is written to");
        log.cut_in_pause();
        assert_eq!(length(), written);
    }
    let found = batches(&log, 0);
    assert_eq!(found.iter().map(|batch| batch.size() as u64).sum::<u64>(), written);
}
