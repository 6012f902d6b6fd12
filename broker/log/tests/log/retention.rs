//! What is removed from the front of a log.

use std::fs;

use strait_broker_log::{LogError, PartitionLog, ReadLimits};

use super::support::{Folder, NOW_MS, append, batch, offsets};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Five segments of one record each, a day apart, the newest now; the last is active.
fn five_days(folder: &Folder) -> PartitionLog {
    let mut log = folder.open();
    for day in 0..5 {
        append(&mut log, &batch(day, NOW_MS - (4 - day) * DAY_MS, &["value"]));
        if day < 4 {
            log.roll(NOW_MS).expect("rolled");
        }
    }
    log
}

fn names(folder: &Folder, suffix: &str) -> usize {
    let entries = fs::read_dir(folder.path()).expect("listed");
    entries
        .filter(|entry| {
            entry.as_ref().is_ok_and(|entry| entry.file_name().to_string_lossy().ends_with(suffix))
        })
        .count()
}

#[test]
fn by_age_from_the_oldest_on() {
    let mut folder = Folder::new();
    folder.config.retention_ms = 2 * DAY_MS;
    let mut log = five_days(&folder);
    assert_eq!(log.apply_retention(NOW_MS, 5).expect("applied"), [0, 1]);
    assert_eq!((log.start_offset(), offsets(&log, 2)), (2, vec![2, 3, 4]));
    let below = log.read(1, 5, ReadLimits::in_memory(1));
    assert!(matches!(below, Err(LogError::OffsetOutOfRange { start: 2, end: 5, .. })), "{below:?}");
    assert_eq!(log.apply_retention(NOW_MS, 5).expect("applied"), []);
    drop(log);
    assert_eq!(folder.open().start_offset(), 2);
}

#[test]
fn not_above_the_high_watermark() {
    let mut folder = Folder::new();
    folder.config.retention_ms = 0;
    let mut log = five_days(&folder);
    assert_eq!(log.apply_retention(NOW_MS, 1).expect("applied"), [0]);
    assert_eq!(log.apply_retention(NOW_MS, 1).expect("applied"), []);
}

#[test]
fn a_survivor_keeps_what_is_behind_it() {
    let mut folder = Folder::new();
    folder.config.retention_ms = 2 * DAY_MS;
    let mut log = folder.open();
    for (offset, timestamp) in [(0, NOW_MS + DAY_MS), (1, NOW_MS - 9 * DAY_MS)] {
        append(&mut log, &batch(offset, timestamp, &["value"]));
        log.roll(NOW_MS).expect("rolled");
    }
    assert_eq!(log.apply_retention(NOW_MS, 2).expect("applied"), []);
}

#[test]
fn all_of_it_then_an_empty_segment_begins() {
    let mut folder = Folder::new();
    folder.config.retention_ms = DAY_MS;
    let mut log = five_days(&folder);
    let removed = log.apply_retention(NOW_MS + 9 * DAY_MS, 5).expect("applied");
    assert_eq!(removed, [0, 1, 2, 3, 4]);
    assert_eq!((log.start_offset(), log.end_offset(), log.size()), (5, 5, 0));
    // The empty active segment stays.
    assert_eq!(log.apply_retention(NOW_MS + 99 * DAY_MS, 5).expect("applied"), []);
    drop(log);
    let log = folder.open();
    assert_eq!((log.start_offset(), log.end_offset()), (5, 5));
}

#[test]
fn by_size_only_as_far_as_enough_stays() {
    let mut folder = Folder::new();
    folder.config.retention_ms = -1;
    let mut log = five_days(&folder);
    let segment = log.size() / 5;
    for (allowed, removed) in [(5 * segment, vec![]), (4 * segment + 1, vec![]), (3 * segment, vec![0, 1])] {
        folder.config.retention_bytes = i64::try_from(allowed).expect("small");
        log.set_config(folder.config.clone());
        assert_eq!(log.apply_retention(NOW_MS, 5).expect("applied"), removed, "{allowed} bytes");
    }
}

#[test]
fn a_log_that_is_only_compacted_loses_nothing_by_age_or_size() {
    let mut folder = Folder::new();
    (folder.config.retention_ms, folder.config.retention_bytes) = (0, 0);
    folder.config.cleanup_policy.delete = false;
    let mut log = five_days(&folder);
    assert_eq!(log.apply_retention(NOW_MS, 5).expect("applied"), []);
    log.delete_until(2).expect("deleted");
    assert_eq!(log.apply_retention(NOW_MS, 5).expect("applied"), [0, 1]);
}

#[test]
fn deleted_records_are_not_read_and_their_segments_go_later() {
    let mut folder = Folder::new();
    folder.config.retention_ms = -1;
    let mut log = folder.open();
    append(&mut log, &batch(0, NOW_MS, &["a", "b", "c"]));
    log.roll(NOW_MS).expect("rolled");
    append(&mut log, &batch(3, NOW_MS, &["d"]));
    log.delete_until(2).expect("deleted");
    log.delete_until(1).expect("nothing to do");
    log.delete_until(5).expect_err("beyond the end");
    assert_eq!((log.start_offset(), offsets(&log, 2)), (2, vec![2, 3]));
    assert_eq!(log.checkpointed_start(), Some(2));
    assert_eq!(log.apply_retention(NOW_MS, 4).expect("applied"), []);
    log.delete_until(4).expect("deleted");
    assert_eq!(log.apply_retention(NOW_MS, 4).expect("applied"), [0]);
    assert_eq!(log.start_offset(), 4);
}

#[test]
fn files_keep_their_bytes_for_a_while() {
    let mut folder = Folder::new();
    folder.config.retention_ms = 2 * DAY_MS + 60_000;
    let mut log = five_days(&folder);
    log.write_producer_snapshot(1, &[]).expect("written");
    log.write_producer_snapshot(3, &[]).expect("written");
    log.apply_retention(NOW_MS, 5).expect("applied");
    assert_eq!((names(&folder, ".log"), names(&folder, ".log.deleted")), (3, 2));
    assert_eq!(names(&folder, ".snapshot"), 1);
    log.apply_retention(NOW_MS + 59_999, 5).expect("applied");
    assert_eq!(names(&folder, ".deleted"), 6);
    log.apply_retention(NOW_MS + 60_000, 5).expect("applied");
    assert_eq!(names(&folder, ".deleted"), 0);
}

#[test]
fn the_newest_snapshot_of_producers_stays() {
    let mut folder = Folder::new();
    folder.config.retention_ms = 0;
    let mut log = five_days(&folder);
    log.write_producer_snapshot(3, &[]).expect("written");
    log.write_producer_snapshot(4, &[]).expect("written");
    log.apply_retention(NOW_MS + DAY_MS, 5).expect("applied");
    assert_eq!(log.load_producer_snapshot().expect("read"), Some((4, Vec::new())));
    assert_eq!(names(&folder, ".snapshot"), 1);
}
