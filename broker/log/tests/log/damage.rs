//! Flipped bits: a damaged batch is never given to a reader.

use std::path::Path;

use strait_broker_log::store::faulty::FaultyStore;
use strait_broker_log::{LogError, PartitionLog, Store};

use super::model::{FOLDER, Model, open};
use super::random::Random;
use super::support::NOW_MS;

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
        let read = cold.read(header.base_offset, 1 << 20, i64::MAX, true);
        let Err(LogError::CorruptBatch { path: named, position, .. }) = read else {
            panic!("seed {seed}: a damaged batch was read: {read:?}")
        };
        assert_eq!((named, position), (path, begins as u64), "seed {seed}");

        let recovered = open(&store, 0).expect("the log opens");
        assert_eq!(recovered.end_offset(), header.base_offset, "seed {seed}");
        model.truncate_to(header.base_offset);
        model.check(&recovered);
    }
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
