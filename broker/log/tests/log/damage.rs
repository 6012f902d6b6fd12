//! Flipped bits: a damaged batch is never given to a reader.

use std::path::{Path, PathBuf};

use strait_broker_log::store::faulty::{FaultyStore, Random};
use strait_broker_log::{Damage, LogError, PartitionLog, ReadLimits, Store};

use super::model::{FOLDER, Model, open, reopen, reopen_strictly};
use super::support::{NOW_MS, appended, batches};
use strait_wire::batch::AssignedBatch;

fn filled(store: &FaultyStore, random: &mut Random) -> (PartitionLog, Model) {
    let mut model = Model::default();
    let mut log = open(store, 0).expect("the log opens");
    for _ in 0..20 {
        let batch = model.next_batch(random);
        let appended = log.append(&batch.segments, &batch.header, NOW_MS).expect("appended");
        // With a snapshot for each segment nothing before it is read for producer state.
        if let Some(offset) = appended.rolled_at {
            log.write_producer_snapshot(offset, &[]).expect("written");
        }
        model.push(batch);
    }
    log.flush().expect("flushed");
    (log, model)
}

#[test]
fn a_flipped_bit_is_an_error_of_the_read_and_the_end_of_a_recovery() {
    for seed in 0..500 {
        let mut random = Random(seed);
        let store = FaultyStore::new(seed);
        let (mut log, mut model) = filled(&store, &mut random);
        log.write_producer_snapshot(log.end_offset(), &[]).expect("written");
        log.close().expect("closed");
        // The first segment holds the first batches without a gap; the tail is in memory and elsewhere.
        let batch = random.below(3) as usize;
        let begins: usize = model.batches[..batch].iter().map(|batch| batch.segments.concat().len()).sum();
        let size = model.batches[batch].segments.concat().len() as u64;
        // Base offset and leader epoch lie outside the checksum.
        let at = 16 + random.below(size - 16);
        let path = Path::new(FOLDER).join("00000000000000000000.log");
        store.flip_bit(&path, begins as u64 + at, random.below(8) as u8).expect("flipped");

        let header = model.batches[batch].header;
        let cold = open(&store, log.end_offset()).expect("the log opens");
        let read = cold.read(header.base_offset, i64::MAX, ReadLimits::in_memory(1 << 20));
        let (named, position) = match read {
            Err(
                LogError::CorruptBatch { path, position, .. } | LogError::CorruptFile { path, position, .. },
            ) => (path, position),
            read => panic!("seed {seed}: a damaged batch was read: {read:?}"),
        };
        assert_eq!((named, position), (path, begins as u64), "seed {seed}");

        let mut recovered = open(&store, 0).expect("the log opens");
        assert_eq!(recovered.end_offset(), header.base_offset, "seed {seed}");
        assert!(recovered.take_damages().iter().all(|damage| matches!(damage, Damage::PutAside { .. })));
        let aside = aside(&store);
        for batch in &model.batches[batch + 1..] {
            let bytes = bytes(batch);
            let is_there = aside.iter().any(|file| file.windows(bytes.len()).any(|found| found == bytes));
            assert!(is_there, "seed {seed}: offset {} is gone", batch.header.base_offset);
        }
        model.truncate_to(header.base_offset);
        model.check(&recovered);
    }
}

fn bytes(batch: &AssignedBatch) -> Vec<u8> {
    batch.segments.concat()
}

/// What lies in files beside the log.
fn aside(store: &FaultyStore) -> Vec<Vec<u8>> {
    let entries = store.list(Path::new(FOLDER)).expect("listed");
    let names = entries.into_iter().map(|entry| entry.name).filter(|name| name.contains(".aside"));
    let read = names.map(|name| {
        let file = store.open(&Path::new(FOLDER).join(name)).expect("opened");
        let mut bytes = vec![0; file.length().expect("a length") as usize];
        file.read_at(0, &mut bytes).expect("read");
        bytes
    });
    read.collect()
}

const HEADER_BYTES: u64 = 61;

/// The first segment with 20 batches that were flushed, a damaged one among them.
fn damaged(seed: u64) -> (FaultyStore, Model, usize) {
    let (store, mut random) = (FaultyStore::new(seed), Random(seed));
    let (mut log, model) = filled(&store, &mut random);
    log.close().expect("closed");
    let batch = random.below(3) as usize;
    let begins: usize = model.batches[..batch].iter().map(|batch| bytes(batch).len()).sum();
    // Any byte of its records. A damaged header may name other offsets or another length, and hide its neighbour.
    let at = HEADER_BYTES + random.below(bytes(&model.batches[batch]).len() as u64 - HEADER_BYTES);
    store.flip_bit(&first_segment(), begins as u64 + at, random.below(8) as u8).expect("flipped");
    (store, model, batch)
}

fn first_segment() -> PathBuf {
    Path::new(FOLDER).join("00000000000000000000.log")
}

#[test]
fn flushed_batches_around_a_damaged_one_stay_where_they_are() {
    for seed in 0..100 {
        let (store, model, damaged) = damaged(seed);
        let end = model.end();
        // Without its index the whole segment is looked at.
        store.remove(&first_segment().with_extension("index")).expect("removed");
        let mut log = open(&store, end).expect("the log opens");
        assert_eq!(log.end_offset(), end, "seed {seed}");
        let told = log.take_damages();
        for (index, batch) in model.batches.iter().enumerate().filter(|(index, _)| *index != damaged) {
            for offset in batch.header.base_offset..batch.header.next_offset() {
                let read = log.read(offset, i64::MAX, ReadLimits::in_memory(1));
                let read = read.unwrap_or_else(|error| panic!("seed {seed}, batch {index}: {error}"));
                assert_eq!(read.batches.concat(), bytes(batch), "seed {seed}, batch {index}");
            }
        }
        let header = model.batches[damaged].header;
        match log.read(header.base_offset, i64::MAX, ReadLimits::in_memory(1)) {
            // The leader epoch lies outside the checksum.
            Ok(read) => assert_eq!(read.batches.concat()[16..], bytes(&model.batches[damaged])[16..]),
            Err(error) => {
                assert!(error.to_string().contains("00000000000000000000.log is damaged"), "{error}");
                let [Damage::Unreadable { from, to, .. }] = told.as_slice() else { panic!("{told:?}") };
                assert_eq!((*from, *to), (header.base_offset, header.next_offset()), "seed {seed}");
            }
        }
        appended(&mut log, &["goes on"]);
        assert_eq!(log.end_offset(), end + 1);
    }
}

#[test]
fn offsets_of_flushed_records_that_are_gone_are_not_used_again() {
    for clean in [true, false] {
        let store = FaultyStore::new(1);
        let (mut log, model) = filled(&store, &mut Random(1));
        let end = log.end_offset();
        log.close().expect("closed");
        let entries = store.list(Path::new(FOLDER)).expect("listed");
        let last = entries.iter().map(|entry| &entry.name).filter(|name| name.ends_with(".log")).max();
        let path = Path::new(FOLDER).join(last.expect("a segment"));
        let file = store.open_to_write(&path).expect("opened");
        file.truncate(file.length().expect("a length") - 10).expect("cut");
        let mut log = reopen(&store, end, clean).expect("the log opens");
        assert_eq!(log.end_offset(), end);
        let told = log.take_damages();
        let missing = told.iter().find_map(|damage| match damage {
            Damage::Missing { path, from, to, .. } => Some((path.clone(), *from, *to)),
            _ => None,
        });
        let before = model.batches.last().expect("a batch").header.base_offset;
        assert_eq!(missing, Some((path, before, end)), "{told:?}");
        appended(&mut log, &["new"]);
        let last = batches(&log, before);
        assert_eq!(last.iter().map(|batch| batch.header().base_offset).collect::<Vec<_>>(), [end]);
    }
}

#[test]
fn a_log_that_refuses_damage_is_not_changed() {
    for seed in 0..100 {
        let (store, mut random) = (FaultyStore::new(seed), Random(seed));
        let (log, model) = filled(&store, &mut random);
        drop(log);
        let size = bytes(&model.batches[0]).len() as u64;
        store.flip_bit(&first_segment(), 16 + random.below(size - 16), 3).expect("flipped");
        for _ in 0..2 {
            let refused = reopen_strictly(&store);
            assert!(matches!(&refused, Err(LogError::CorruptFile { .. })), "seed {seed}: {refused:?}");
        }
        assert!(aside(&store).is_empty());
    }
}

#[test]
fn damaged_leader_epochs_are_found_in_the_records() {
    let store = FaultyStore::new(3);
    let (mut log, mut model) = filled(&store, &mut Random(3));
    log.close().expect("closed");
    let path = Path::new(FOLDER).join("leader-epoch-checkpoint");
    store.flip_bit(&path, 0, 6).expect("flipped");
    let log = open(&store, log.end_offset()).expect("the log opens");
    model.flushed_end = model.end();
    model.check_after_crash(&log);
}

#[test]
fn a_missing_index_is_made_again_and_costs_nothing() {
    let store = FaultyStore::new(0);
    let (mut log, mut model) = filled(&store, &mut Random(0));
    assert!(log.segment_count() > 2);
    log.close().expect("closed");
    for extension in ["index", "timeindex"] {
        let path = Path::new(FOLDER).join(format!("{:020}.{extension}", 0));
        store.remove(&path).expect("removed");
        let log = open(&store, log.end_offset()).expect("the log opens");
        model.flushed_end = model.end();
        model.check_after_crash(&log);
        assert!(store.open(&path).is_ok(), "{extension}");
    }
}
