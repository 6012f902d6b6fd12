//! A log on the files of this machine: what is appended is read, also after it was opened again.

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
    for log in [&log, &cold] {
        let all = log.read(1, usize::MAX >> 1, i64::MAX, false).expect("read");
        assert_eq!((all.next_offset, all.size as u64), (4, log.size()));
        let first = log.read(1, 1, i64::MAX, true).expect("read");
        assert_eq!(first.next_offset, 3);
        let none = log.read(1, 1, i64::MAX, false).expect("read");
        assert_eq!((none.next_offset, none.size), (1, 0));
        let bounded = log.read(0, 1 << 20, 3, true).expect("read");
        assert_eq!(bounded.next_offset, 3);
        assert_eq!(log.read(0, 1 << 20, 2, true).expect("read").size, 0);
        assert_eq!(log.read(4, 1 << 20, 4, true).expect("read").size, 0);
        assert!(log.read(5, 1 << 20, 5, true).is_err());
        assert!(log.read(-1, 1 << 20, 5, true).is_err());
    }
}
