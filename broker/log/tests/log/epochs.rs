//! Leader epochs over starts: none that a client was told comes again with other records.

use std::fs;
use std::sync::Arc;

use strait_broker_log::{DiskStore, LastShutdown, PartitionLog};

use crate::support::{Folder, NOW_MS, append, appended, batch};

const FILE: &str = "leader-epoch-checkpoint";

/// Opens the log after a clean stop.
fn open_clean(folder: &Folder, recovery_point: i64) -> PartitionLog {
    let shutdown = LastShutdown { is_clean: true, recovery_point, log_start_offset: 0 };
    PartitionLog::open_after(
        Arc::new(DiskStore),
        &folder.path(),
        folder.config.clone(),
        shutdown,
        NOW_MS,
        &mut |_| {},
    )
    .expect("the log opens")
}

fn file(folder: &Folder) -> String {
    fs::read_to_string(folder.path().join(FILE)).expect("the file")
}

#[test]
fn a_leader_without_records_is_known_after_a_clean_stop() {
    let folder = Folder::new();
    let mut log = folder.open();
    appended(&mut log, &["a", "b"]);
    log.assign_epoch(1, 2);
    assert_eq!(file(&folder), "0\n1\n0 0\n", "written with the first record of the epoch, or at the close");
    log.close().expect("closed");
    drop(log);
    let log = open_clean(&folder, 2);
    assert_eq!(
        (log.latest_epoch(), log.epoch_end_offset(0), log.epoch_end_offset(1)),
        (Some(1), (0, 2), (1, 2))
    );
}

#[test]
fn a_leader_writes_its_epoch_before_its_first_record() {
    let folder = Folder::new();
    let mut log = folder.open();
    appended(&mut log, &["a", "b"]);
    log.assign_epoch(1, 2);
    let mut next = batch(2, NOW_MS, &["c"]);
    next.header.partition_leader_epoch = 1;
    append(&mut log, &next);
    assert_eq!(file(&folder), "0\n2\n0 0\n1 2\n");
}

#[test]
fn an_epoch_whose_records_are_lost_is_not_given_again() {
    let folder = Folder::new();
    let mut log = folder.open();
    appended(&mut log, &["a", "b"]);
    drop(log);
    fs::write(folder.path().join(FILE), "0\n2\n0 0\n5 2\n").expect("written");
    let mut log = folder.open();
    assert_eq!((log.end_offset(), log.latest_epoch(), log.epoch_at(1)), (2, Some(5), Some(0)));
    log.assign_epoch(6, 2);
    assert_eq!(log.epoch_end_offset(5), (0, 2), "no record is of epoch 5");
}

#[test]
fn a_recovery_of_a_whole_log_writes_nothing() {
    let folder = Folder::new();
    let mut log = folder.open();
    appended(&mut log, &["a", "b"]);
    drop(log);
    let written = || {
        let files = fs::read_dir(folder.path()).expect("the folder").map(|entry| entry.expect("an entry"));
        let mut written: Vec<_> = files
            .map(|file| {
                let metadata = file.metadata().expect("metadata");
                (file.file_name(), metadata.modified().expect("a time"), metadata.len())
            })
            .collect();
        written.sort();
        written
    };
    let before = written();
    let log = folder.open();
    assert_eq!((log.end_offset(), written()), (2, before));
}
