//! A log on the files of this machine: what is appended is read, also after it was opened again.

use strait_broker_log::{LogConfig, ReadLimits};

use super::support::{Folder, appended, offsets, values};

#[test]
fn what_is_appended_is_read_from_memory_and_from_files() {
    let folder = Folder::new();
    let mut log = folder.open();
    for value in ["a", "b", "c"] {
        appended(&mut log, &[value]);
    }
    assert_eq!((log.start_offset(), log.end_offset()), (0, 3));
    assert_eq!(values(&log, 1), ["b", "c"]);
    log.close().expect("closed");

    let log = folder.open();
    assert_eq!(log.end_offset(), 3);
    assert_eq!(offsets(&log, 0), [0, 1, 2]);
    assert_eq!(values(&log, 1), ["b", "c"]);
}

#[test]
fn a_read_gives_whole_batches_below_its_bounds() {
    let folder = Folder::new();
    let mut log = folder.open();
    appended(&mut log, &["a", "b", "c"]);
    appended(&mut log, &["d"]);
    log.close().expect("closed");
    let cold = folder.open();
    let only = ReadLimits { at_least_one: false, ..ReadLimits::in_memory(usize::MAX >> 1) };
    for log in [&log, &cold] {
        let all = log.read(1, i64::MAX, only).expect("read");
        assert_eq!((all.next_offset, all.size as u64), (4, log.size()));
        let first = log.read(1, i64::MAX, ReadLimits::in_memory(1)).expect("read");
        assert_eq!(first.next_offset, 3);
        let none = log.read(1, i64::MAX, ReadLimits { max_bytes: 1, ..only }).expect("read");
        assert_eq!((none.next_offset, none.size), (1, 0));
        let bounded = log.read(0, 3, ReadLimits::in_memory(1 << 20)).expect("read");
        assert_eq!(bounded.next_offset, 3);
        assert_eq!(log.read(0, 2, ReadLimits::in_memory(1 << 20)).expect("read").size, 0);
        assert_eq!(log.read(4, 4, ReadLimits::in_memory(1 << 20)).expect("read").size, 0);
        assert!(log.read(5, 5, ReadLimits::in_memory(1 << 20)).is_err());
        assert!(log.read(-1, 5, ReadLimits::in_memory(1 << 20)).is_err());
    }
}

#[test]
fn who_reads_on_finds_what_a_first_read_finds() {
    let mut folder = Folder::new();
    folder.config = LogConfig { segment_bytes: 1_000, tail_bytes: 0, ..LogConfig::default() };
    let mut log = folder.open();
    for _ in 0..60 {
        appended(&mut log, &["some value", "another"]);
    }
    // Each read but the first begins where another ended.
    let read_all = |max_bytes| {
        let (mut next, mut bytes) = (0, Vec::new());
        while next < log.end_offset() {
            let read = log.read(next, i64::MAX, ReadLimits::in_memory(max_bytes)).expect("read");
            assert!(read.next_offset > next);
            next = read.next_offset;
            bytes.extend(read.batches.concat());
        }
        bytes
    };
    let by_batches = read_all(1);
    assert_eq!(by_batches.len() as u64, log.size());
    assert!(read_all(500) == by_batches && read_all(1 << 20) == by_batches);
    assert_eq!(offsets(&log, 0), (0..120).collect::<Vec<i64>>());
    // A place that was remembered lies inside a longer batch now.
    log.truncate_to(50).expect("cut");
    let middle = log.read(0, 10, ReadLimits::in_memory(usize::MAX >> 1)).expect("read").next_offset;
    log.truncate_to(middle - 2).expect("cut");
    appended(&mut log, &["a longer value than before", "b", "c", "d"]);
    assert_eq!(offsets(&log, middle), [middle, middle + 1]);
}
