//! Batches that are sent out of their file are those that a read gives.

use std::fs::File;
use std::os::unix::fs::FileExt;

use bytes::BytesMut;
use proptest::prelude::*;
use strait_broker_log::{FileRange, PartitionLog, ReadLimits};

use super::support::{Folder, appended, batches};

const BATCHES: usize = 400;

/// A log in several segments, nothing of it in memory, with batches of all sizes from 2 to 8 KiB.
fn log(folder: &mut Folder) -> PartitionLog {
    folder.config.segment_bytes = 500 << 10;
    folder.config.tail_bytes = 0;
    let mut log = folder.open();
    for number in 0..BATCHES {
        let value = "v".repeat(1 << 10);
        appended(&mut log, &vec![value.as_str(); 2 + number % 7]);
    }
    log
}

fn may_stay(max_bytes: usize) -> ReadLimits {
    ReadLimits { may_stay: true, ..ReadLimits::in_memory(max_bytes) }
}

fn bytes_of(range: &FileRange) -> Vec<u8> {
    let file = File::from(range.descriptor().expect("a file").try_clone_to_owned().expect("opened again"));
    let mut bytes = vec![0; range.length];
    file.read_exact_at(&mut bytes, range.position).expect("read");
    bytes
}

/// What a reader from `offset` to `end` gets, and how much of it out of files.
fn read(log: &PartitionLog, offset: i64, end: i64, max_bytes: usize) -> (Vec<u8>, usize) {
    let (mut bytes, mut out_of_files, mut next) = (BytesMut::new(), 0, offset);
    while next < end {
        let read = log.read(next, end, may_stay(max_bytes)).expect("read");
        if let Some(range) = read.file {
            assert!(range.length <= max_bytes && read.batches.is_empty());
            out_of_files += range.length;
            bytes.extend_from_slice(&bytes_of(&range));
        }
        read.batches.iter().for_each(|slice| bytes.extend_from_slice(slice));
        if read.next_offset == next {
            break;
        }
        next = read.next_offset;
    }
    (bytes.to_vec(), out_of_files)
}

/// The same, all read into memory.
fn expected(log: &PartitionLog, offset: i64, end: i64) -> Vec<u8> {
    let batches = batches(log, offset).into_iter();
    let before_end = batches.take_while(|batch| batch.header().next_offset() <= end);
    before_end.flat_map(|batch| batch.bytes().to_vec()).collect()
}

#[test]
fn most_of_a_log_is_found_in_its_files() {
    let mut folder = Folder::new();
    let log = log(&mut folder);
    let (bytes, out_of_files) = read(&log, 0, log.end_offset(), 1 << 20);
    assert_eq!(bytes, expected(&log, 0, log.end_offset()));
    assert_eq!(out_of_files, bytes.len(), "up to the end of each segment");
    let at_end = log.read(log.end_offset(), i64::MAX, may_stay(1 << 20)).expect("nothing");
    assert!(at_end.file.is_none() && at_end.size == 0);
    log.read(-1, i64::MAX, may_stay(1 << 20)).expect_err("out of range");
}

#[test]
fn what_an_earlier_process_wrote_is_checked_once() {
    let mut folder = Folder::new();
    log(&mut folder).close().expect("closed");
    let log = folder.open();
    let end = log.end_offset();
    let (first, second) = (read(&log, 0, end, 1 << 20), read(&log, 0, end, 1 << 20));
    assert_eq!(first.1, 0);
    assert!(second.1 > 0);
    assert_eq!(first.0, second.0);
}

#[test]
fn what_is_in_memory_is_not_read_from_a_file() {
    let mut folder = Folder::new();
    let mut log = log(&mut folder);
    folder.config.tail_bytes = usize::MAX;
    log.set_config(folder.config.clone());
    let from = log.end_offset();
    for _ in 0..BATCHES {
        appended(&mut log, &["v".repeat(1 << 10).as_str()]);
    }
    let in_file = |offset| log.read(offset, i64::MAX, may_stay(1 << 20)).expect("read").file;
    assert!(in_file(from).is_none());
    assert!(in_file(0).is_some());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn any_part_is_what_a_read_gives(from in 0_i64..2_000, length in 0_i64..2_000, max_bytes in 1_000_usize..600_000) {
        let mut folder = Folder::new();
        let log = log(&mut folder);
        let end = (from + length).min(log.end_offset());
        prop_assert_eq!(read(&log, from, end, max_bytes).0, expected(&log, from, end));
    }
}
