//! Batches that are written together leave the same files as one after the other.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use strait_broker_log::store::faulty::Random;
use strait_broker_log::{AppendInfo, LogError, PartitionLog, PlacedBatch};
use strait_wire::batch::AssignedBatch;

use super::model::{Model, small_config};
use super::support::{Folder, NOW_MS, append, batch};

const SEEDS: u64 = 200;
const BATCHES: u64 = 60;
const LONGEST_RUN: u64 = 9;

fn placed(batches: &[AssignedBatch]) -> Vec<PlacedBatch<'_>> {
    batches.iter().map(|batch| PlacedBatch { header: &batch.header, slices: &batch.segments }).collect()
}

/// Appends all; gives what was told of each, and how many writes it took.
fn append_runs(log: &mut PartitionLog, batches: &[AssignedBatch]) -> (Vec<AppendInfo>, usize) {
    let (mut told, mut writes) = (Vec::new(), 0);
    while told.len() < batches.len() {
        let appended = log.append_run(&placed(&batches[told.len()..]), NOW_MS).expect("appended");
        assert!(!appended.is_empty(), "a run goes on");
        told.extend(appended);
        writes += 1;
    }
    (told, writes)
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder).expect("a folder").map(|entry| {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("text");
        (name, fs::read(entry.path()).expect("a file"))
    });
    files.collect()
}

#[test]
fn runs_leave_what_single_appends_leave() {
    let (mut batches_written, mut writes) = (0, 0);
    for seed in 0..SEEDS {
        let mut random = Random(seed);
        let mut config = small_config();
        config.segment_bytes = 1_000 + random.below(20_000) as u32;
        config.segment_index_bytes = 24 + 8 * random.below(30) as u32;
        config.segment_ms = if random.one_in(2) { i64::MAX } else { 20 };
        let [mut single, mut together] = [Folder::new(), Folder::new()];
        single.config = config.clone();
        together.config = config;
        let (mut one, mut other) = (single.open(), together.open());
        let mut model = Model::default();
        for _ in 0..BATCHES {
            let batch = model.next_batch(&mut random);
            model.push(batch);
        }
        let expected: Vec<_> = model.batches.iter().map(|batch| append(&mut one, batch)).collect();
        let (mut told, mut rest) = (Vec::new(), &model.batches[..]);
        while !rest.is_empty() {
            let (run, behind) = rest.split_at(rest.len().min(1 + random.below(LONGEST_RUN) as usize));
            let (appended, count) = append_runs(&mut other, run);
            told.extend(appended);
            writes += count;
            rest = behind;
        }
        assert_eq!(told, expected, "seed {seed}");
        model.check(&other);
        one.close().expect("closed");
        other.close().expect("closed");
        assert!(files(&single.path()) == files(&together.path()), "seed {seed}: other files");
        batches_written += model.batches.len();
    }
    assert!(writes < batches_written * 2 / 3, "{writes} writes for {batches_written} batches");
}

#[test]
fn what_does_not_follow_is_left_for_the_next_run() {
    let folder = Folder::new();
    let mut log = folder.open();
    let first = batch(0, NOW_MS, &["first"]);
    assert_eq!(append_runs(&mut log, &[first, batch(1, NOW_MS, &["second"])]).1, 2, "a segment begins alone");
    let run = [batch(2, NOW_MS, &["third"]), batch(5, NOW_MS, &["gap"])];
    assert_eq!(log.append_run(&placed(&run), NOW_MS).expect("appended").len(), 1);
    assert_eq!(append_runs(&mut log, &run[1..]).0[0].base_offset, 5);
    // A batch that says another length is told of when its turn comes.
    let mut wrong = batch(7, NOW_MS, &["wrong"]);
    wrong.segments[1].truncate(3);
    let run = [batch(6, NOW_MS, &["sixth"]), wrong];
    assert_eq!(log.append_run(&placed(&run), NOW_MS).expect("appended").len(), 1);
    let refused = log.append_run(&placed(&run[1..]), NOW_MS);
    assert!(matches!(refused, Err(LogError::WrongLength { base_offset: 7, .. })), "{refused:?}");
    assert_eq!(log.end_offset(), 7);
    assert!(log.append_run(&[], NOW_MS).expect("nothing").is_empty());
}
