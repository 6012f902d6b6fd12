//! Compaction: what stays, what goes and when, and crashes in the middle of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use strait_broker_log::store::faulty::{FaultyStore, Random};
use strait_broker_log::{
    CleanupPolicy, DiskStore, LogConfig, PartitionLog, ProducerSnapshotEntry, ReadLimits, Store,
};
use strait_wire::batch::{BatchBuilder, Compression, Stamp};

use super::model::FOLDER;
use super::support::{Folder, NOW_MS, append, batches, offsets, records};
use super::transactions::marker;

const KEY_BYTES: usize = 1 << 20;
pub(crate) const DAY_MS: i64 = 24 * 60 * 60 * 1000;

fn config() -> LogConfig {
    let cleanup_policy = CleanupPolicy { delete: false, compact: true };
    LogConfig { cleanup_policy, index_interval_bytes: 100, ..LogConfig::default() }
}

fn open_on(store: Arc<dyn Store>, folder: &Path) -> PartitionLog {
    PartitionLog::open(store, folder, config(), NOW_MS, &mut |_| {}).expect("the log opens")
}

fn open(folder: &Folder) -> PartitionLog {
    open_on(Arc::new(DiskStore), &folder.path())
}

/// One batch; an empty value is a tombstone.
fn write(log: &mut PartitionLog, stamp: Stamp, pairs: &[(&str, &str)]) {
    let mut builder = BatchBuilder::new(Compression::Lz4, NOW_MS);
    for (key, value) in pairs {
        let (key, value) = (Bytes::copy_from_slice(key.as_bytes()), Bytes::copy_from_slice(value.as_bytes()));
        builder.push(NOW_MS, Some(&key), Some(&value).filter(|value| !value.is_empty()), &[]);
    }
    let batch = builder.finish(stamp, 0).expect("a batch").assign(log.end_offset(), 0);
    append(log, &batch);
}

fn put(log: &mut PartitionLog, pairs: &[(&str, &str)]) {
    write(log, Stamp::NONE, pairs);
}

fn clean_at(
    log: &mut PartitionLog,
    first_dirty: i64,
    producers: &[ProducerSnapshotEntry],
    now_ms: i64,
) -> i64 {
    let cleanable = log.cleanable(first_dirty, log.end_offset(), now_ms).expect("cleanable");
    let plan = log.plan_cleaning(&cleanable, producers, KEY_BYTES, now_ms).expect("a plan").expect("work");
    let cleaned = plan.run().expect("cleaned");
    log.adopt(cleaned, now_ms).expect("adopted").expect("nothing changed meanwhile")
}

fn clean(log: &mut PartitionLog, first_dirty: i64) -> i64 {
    clean_at(log, first_dirty, &[], NOW_MS)
}

fn pairs(log: &PartitionLog) -> Vec<(String, String)> {
    let text = |bytes: &Option<Bytes>| String::from_utf8_lossy(bytes.as_deref().unwrap_or(b"")).into_owned();
    records(log, 0).iter().map(|record| (text(&record.key), text(&record.value))).collect()
}

#[test]
fn the_newest_record_of_each_key_stays_at_its_offset() {
    let folder = Folder::new();
    let mut log = open(&folder);
    put(&mut log, &[("a", "1"), ("b", "1"), ("a", "2")]);
    log.roll(NOW_MS).expect("rolled");
    put(&mut log, &[("c", "1"), ("b", "2")]);
    log.roll(NOW_MS).expect("rolled");
    put(&mut log, &[("a", "3")]);
    assert_eq!(clean(&mut log, 0), 5);
    // The active segment does not count.
    assert_eq!(offsets(&log, 0), [2, 3, 4, 5]);
    assert_eq!((log.segment_count(), log.end_offset()), (2, 6));
    // A read at an offset that is gone gives the next batch.
    assert_eq!(log.read(1, 6, ReadLimits::in_memory(1)).expect("read").next_offset, 3);
    drop(log);
    let mut log = open(&folder);
    assert_eq!(offsets(&log, 0), [2, 3, 4, 5]);

    log.roll(NOW_MS).expect("rolled");
    assert_eq!(clean(&mut log, 5), 6);
    assert_eq!(offsets(&log, 0), [3, 4, 5]);
}

#[test]
fn what_is_due_is_told_by_ratio_and_lag() {
    let folder = Folder::new();
    let mut log = open(&folder);
    put(&mut log, &[("a", "1")]);
    assert_eq!(log.cleanable(0, 1, NOW_MS).expect("cleanable").dirty_bytes, 0);
    log.roll(NOW_MS).expect("rolled");
    put(&mut log, &[("a", "2"), ("a", "3"), ("a", "4"), ("a", "5")]);
    log.roll(NOW_MS).expect("rolled");

    let found = log.cleanable(0, 5, NOW_MS).expect("cleanable");
    assert!(found.is_due && found.dirty_ratio() == 1.0 && found.dirty_bytes == log.size());
    // Nothing at or above the last stable offset.
    assert!(log.cleanable(0, 4, NOW_MS).expect("cleanable").dirty_bytes < log.size());
    let mut lagging = config();
    lagging.min_compaction_lag_ms = 1_000;
    log.set_config(lagging);
    assert_eq!(log.cleanable(0, 5, NOW_MS + 999).expect("cleanable").dirty_bytes, 0);
    assert!(log.cleanable(0, 5, NOW_MS + 1_000).expect("cleanable").is_due);

    log.set_config(LogConfig { min_cleanable_dirty_ratio: 0.9, ..config() });
    let found = log.cleanable(1, 5, NOW_MS).expect("cleanable");
    assert!(found.clean_bytes > 0 && !found.is_due, "{found:?}");
    let late = LogConfig { min_cleanable_dirty_ratio: 0.9, max_compaction_lag_ms: 500, ..config() };
    log.set_config(late);
    assert!(!log.cleanable(1, 5, NOW_MS + 500).expect("cleanable").is_due);
    assert!(log.cleanable(1, 5, NOW_MS + 501).expect("cleanable").is_due);
}

#[test]
fn a_tombstone_stays_for_its_time_after_the_first_cleaning() {
    let folder = Folder::new();
    let mut log = open(&folder);
    put(&mut log, &[("a", "1"), ("b", "1")]);
    put(&mut log, &[("a", "")]);
    log.roll(NOW_MS).expect("rolled");
    let dirty = clean(&mut log, 0);
    assert_eq!(pairs(&log), [("b".to_owned(), "1".to_owned()), ("a".to_owned(), String::new())]);
    let header = *batches(&log, 2)[0].header();
    assert!(header.attributes.has_delete_horizon());
    assert_eq!(header.base_timestamp, NOW_MS + DAY_MS);
    assert_eq!(records(&log, 2)[0].timestamp, NOW_MS);

    for (later, left) in [(DAY_MS - 1, 2), (DAY_MS, 1)] {
        put(&mut log, &[("c", "1")]);
        log.roll(NOW_MS).expect("rolled");
        clean_at(&mut log, dirty, &[], NOW_MS + later);
        let kept = pairs(&log).iter().filter(|(key, _)| key != "c").count();
        assert_eq!(kept, left, "{later}");
    }
}

fn producer_seven() -> ProducerSnapshotEntry {
    ProducerSnapshotEntry {
        producer_id: 7,
        producer_epoch: 2,
        last_sequence: 1,
        last_offset: 1,
        offset_delta: 1,
        timestamp: NOW_MS,
        coordinator_epoch: -1,
        current_txn_first_offset: -1,
    }
}

/// A cleaned log with an emptied batch (offsets 0 and 1), a tombstone (2) and a batch that lost a record.
pub(crate) fn compacted(folder: &Folder) -> PartitionLog {
    let mut log = open(folder);
    let stamp = Stamp { producer_id: 7, producer_epoch: 2, base_sequence: 0, transactional: false };
    write(&mut log, stamp, &[("a", "1"), ("b", "1")]);
    put(&mut log, &[("a", "")]);
    put(&mut log, &[("b", "2"), ("c", "1"), ("d", "1")]);
    put(&mut log, &[("c", "2")]);
    log.roll(NOW_MS).expect("rolled");
    clean_at(&mut log, 0, &[producer_seven()], NOW_MS);
    log
}

#[test]
fn the_last_batch_of_a_producer_stays_when_its_records_go() {
    let folder = Folder::new();
    let mut log = compacted(&folder);
    let kept = batches(&log, 0);
    assert_eq!(kept.len(), 4);
    let header = kept[0].header();
    assert_eq!((header.base_offset, header.last_offset(), header.records_count), (0, 1, 0));
    assert_eq!((header.base_sequence, header.producer_epoch), (0, 2));
    // Once the producer is forgotten the empty batch goes.
    put(&mut log, &[("e", "1")]);
    log.roll(NOW_MS).expect("rolled");
    clean(&mut log, 7);
    assert_eq!(batches(&log, 0).len(), 4);
    assert_eq!(offsets(&log, 0), [2, 3, 5, 6, 7]);
}

#[test]
fn aborted_records_go_and_their_marker_follows_after_its_time() {
    let folder = Folder::new();
    let mut log = open(&folder);
    let stamp = |producer_id| Stamp { producer_id, producer_epoch: 0, base_sequence: 0, transactional: true };
    write(&mut log, stamp(1), &[("a", "aborted")]);
    write(&mut log, stamp(2), &[("b", "committed")]);
    marker(&mut log, 1, 0);
    marker(&mut log, 2, 1);
    put(&mut log, &[("c", "1")]);
    drop(log);
    // Recovery makes the index of aborted transactions.
    let mut log = open(&folder);
    log.roll(NOW_MS).expect("rolled");
    let mut dirty = clean(&mut log, 0);
    assert_eq!(offsets(&log, 0), [1, 2, 3, 4], "the marker outlives its records once");
    assert_eq!(log.aborted_transactions(0, 5).expect("found").len(), 1);

    // The second cleaning finds nothing of it and sets the time; the third comes after it.
    for (later, kept) in [(0, vec![1, 2, 3, 4]), (DAY_MS - 1, vec![1, 2, 3, 4]), (DAY_MS, vec![1, 3, 4])] {
        put(&mut log, &[("d", "1")]);
        log.roll(NOW_MS).expect("rolled");
        dirty = clean_at(&mut log, dirty, &[], NOW_MS + later);
        let found = offsets(&log, 0);
        assert_eq!(found[..found.len() - 1], kept, "{later}");
        assert_eq!(log.aborted_transactions(0, 5).expect("found"), []);
    }
}

#[test]
fn what_memory_can_not_hold_is_cleaned_next_time() {
    let folder = Folder::new();
    let mut log = open(&folder);
    for key in ["a", "b", "a", "b"] {
        put(&mut log, &[(key, "1")]);
        log.roll(NOW_MS).expect("rolled");
    }
    let cleanable = log.cleanable(0, 4, NOW_MS).expect("cleanable");
    let plan = log.plan_cleaning(&cleanable, &[], 100, NOW_MS).expect("a plan").expect("work");
    let dirty = log.adopt(plan.run().expect("cleaned"), NOW_MS).expect("adopted").expect("unchanged");
    assert!((1..4).contains(&dirty), "{dirty}");
    clean(&mut log, dirty);
    assert_eq!(offsets(&log, 0), [2, 3]);
}

#[test]
fn a_log_that_changed_meanwhile_keeps_what_it_has() {
    let folder = Folder::new();
    let mut log = open(&folder);
    put(&mut log, &[("a", "1"), ("a", "2")]);
    log.roll(NOW_MS).expect("rolled");
    put(&mut log, &[("a", "3")]);
    let cleanable = log.cleanable(0, 3, NOW_MS).expect("cleanable");
    let plan = log.plan_cleaning(&cleanable, &[], KEY_BYTES, NOW_MS).expect("a plan").expect("work");
    let cleaned = plan.run().expect("cleaned");
    log.truncate_to(0).expect("truncated");
    put(&mut log, &[("b", "1")]);
    assert_eq!(log.adopt(cleaned, NOW_MS).expect("no error"), None);
    assert_eq!(pairs(&log), [("b".to_owned(), "1".to_owned())]);
}

/// What a reader of the whole log knows in the end.
fn state(log: &PartitionLog) -> BTreeMap<String, String> {
    let mut state = BTreeMap::new();
    for (key, value) in pairs(log) {
        if value.is_empty() {
            state.remove(&key)
        } else {
            state.insert(key, value)
        };
    }
    state
}

#[test]
fn a_crash_in_a_cleaning_loses_no_key() {
    let mut interrupted = 0;
    for seed in 0..300 {
        println!("seed {seed}");
        let mut random = Random(seed);
        let store = FaultyStore::new(seed);
        let reopen = || open_on(Arc::new(store.clone()), Path::new(FOLDER));
        let mut log = reopen();
        let (mut expected, mut dirty) = (BTreeMap::new(), 0);
        for round in 0..4 {
            for _ in 0..30 {
                let key = format!("key {}", random.below(12));
                let value =
                    if random.one_in(6) { String::new() } else { format!("{round} {}", random.below(99)) };
                put(&mut log, &[(&key, &value)]);
                if value.is_empty() {
                    expected.remove(&key)
                } else {
                    expected.insert(key, value)
                };
                if random.one_in(7) {
                    log.roll(NOW_MS).expect("rolled");
                }
            }
            log.roll(NOW_MS).expect("rolled");
            log.flush().expect("flushed");
            // The power goes at a random flush of the cleaning, or a little later.
            let now_ms = NOW_MS + round * DAY_MS;
            store.lose_power_at_sync(random.below(12));
            let cleanable = log.cleanable(dirty, log.end_offset(), now_ms).expect("cleanable");
            let plan = log.plan_cleaning(&cleanable, &[], KEY_BYTES, now_ms).expect("a plan").expect("work");
            match plan.run().and_then(|cleaned| log.adopt(cleaned, now_ms)) {
                Ok(next) => dirty = next.expect("unchanged"),
                Err(_) => (dirty, interrupted) = (0, interrupted + 1),
            }
            store.lose_power();
            log = reopen();
            assert_eq!(state(&log), expected, "seed {seed} round {round}");
            let found = offsets(&log, 0);
            assert!(found.is_sorted_by(|left, right| left < right), "{found:?}");
        }
    }
    assert!(interrupted > 300, "only {interrupted} cleanings were interrupted");
}
