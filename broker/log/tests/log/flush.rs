//! What is flushed, and when.

use std::path::Path;

use strait_broker_log::store::faulty::FaultyStore;
use strait_broker_log::{LogError, PartitionLog};

use super::model::{FOLDER, open};
use super::support::{Folder, NOW_MS, appended};

fn log(store: &FaultyStore) -> PartitionLog {
    open(store, 0).expect("the log opens")
}

#[test]
fn by_the_number_of_records() {
    let mut folder = Folder::new();
    folder.config.flush_messages = 3;
    let mut log = folder.open();
    let mut due = Vec::new();
    for _ in 0..4 {
        let appended = appended(&mut log, &["a", "b"]);
        due.push(appended.is_flush_due);
        if appended.is_flush_due {
            log.flush().expect("flushed");
        }
    }
    assert_eq!(due, [false, true, false, true]);
    assert_eq!(log.recovery_point(), 8);
}

#[test]
fn one_flush_serves_all_that_came_before_it() {
    let mut folder = Folder::new();
    folder.config.flush_messages = 1;
    let mut log = folder.open();
    for _ in 0..3 {
        assert!(appended(&mut log, &["a"]).is_flush_due);
    }
    let plan = log.plan_flush().expect("a plan").expect("work");
    appended(&mut log, &["b"]);
    log.finish_flush(plan.run()).expect("flushed");
    assert_eq!(log.recovery_point(), 3);
    log.flush().expect("flushed");
    assert!(log.plan_flush().expect("a plan").is_none());
}

#[test]
fn readers_see_what_was_flushed_where_each_record_is() {
    let mut folder = Folder::new();
    let mut log = folder.open();
    appended(&mut log, &["a"]);
    assert_eq!(log.high_watermark(), 1);
    folder.config.flush_messages = 1;
    log.set_config(folder.config.clone());
    appended(&mut log, &["b"]);
    // What was seen once stays.
    assert_eq!(log.high_watermark(), 1);
    log.flush().expect("flushed");
    assert_eq!(log.high_watermark(), 2);
    appended(&mut log, &["c"]);
    drop(log);
    let log = folder.open();
    assert_eq!((log.high_watermark(), log.recovery_point()), (3, 3));
}

#[test]
fn a_segment_that_was_closed_during_a_flush_is_flushed_again_with_its_indexes() {
    let mut folder = Folder::new();
    folder.config.flush_messages = 1;
    let mut log = folder.open();
    appended(&mut log, &["a"]);
    let plan = log.plan_flush().expect("a plan").expect("work");
    log.roll(NOW_MS).expect("rolled");
    log.finish_flush(plan.run()).expect("flushed");
    assert_eq!(log.recovery_point(), 0);
    log.flush().expect("flushed");
    assert_eq!(log.recovery_point(), 1);
}

#[test]
fn closed_segments_are_flushed_beside_the_log() {
    let store = FaultyStore::new(1);
    let mut log = log(&store);
    appended(&mut log, &["a", "b"]);
    assert!(log.plan_flush_of_closed().expect("a plan").is_none());
    log.roll(NOW_MS).expect("rolled");
    let plan = log.plan_flush_of_closed().expect("a plan").expect("work");
    appended(&mut log, &["c"]);
    log.finish_flush(plan.run()).expect("flushed");
    assert_eq!(log.recovery_point(), 2);
    assert!(log.plan_flush_of_closed().expect("a plan").is_none());
    store.lose_power();
    assert!(self::log(&store).end_offset() >= 2);
}

#[test]
fn a_truncation_makes_a_running_flush_worthless() {
    let store = FaultyStore::new(1);
    let mut log = log(&store);
    appended(&mut log, &["a", "b"]);
    log.roll(NOW_MS).expect("rolled");
    let plan = log.plan_flush().expect("a plan").expect("work");
    log.truncate_to(0).expect("truncated");
    appended(&mut log, &["c", "d", "e"]);
    log.finish_flush(plan.run()).expect("flushed");
    assert_eq!(log.recovery_point(), 0);
}

#[test]
fn a_failed_flush_takes_the_log_offline() {
    let store = FaultyStore::new(1);
    let mut log = log(&store);
    appended(&mut log, &["a"]);
    log.roll(NOW_MS).expect("rolled");
    let plan = log.plan_flush().expect("a plan").expect("work");
    store.fail_syncs(1);
    log.finish_flush(plan.run()).expect_err("the flush failed");
    let refused = log.flush();
    let Err(LogError::Offline { path }) = refused else { panic!("{refused:?}") };
    assert_eq!(path, Path::new(FOLDER));
}
