//! Which bytes of a segment need not be checked again: those that this process wrote, and those that it read from the start
//! on and found whole.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug)]
pub(crate) struct Checked {
    /// Found whole up to here.
    read_to: AtomicU64,
    /// Written since the segment was opened.
    written_from: u64,
}

impl Checked {
    /// Of a segment that has so many bytes when it is opened.
    pub(super) fn new(bytes: u64) -> Self {
        Self { read_to: AtomicU64::new(0), written_from: bytes }
    }

    /// Whole batches were read and are as their checksums say.
    pub(crate) fn note(&self, range: Range<u64>) {
        let next = |read_to| (range.start <= read_to && read_to < range.end).then_some(range.end);
        // Nothing to note is no failure.
        let _ = self.read_to.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
    }

    pub(crate) fn covers(&self, range: Range<u64>) -> bool {
        let read_to = self.read_to.load(Ordering::Relaxed);
        range.start >= self.written_from || range.end <= read_to || read_to >= self.written_from
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_or_read_from_the_start_on_is_checked() {
        let checked = Checked::new(100);
        let covered = || [0..10, 50..60, 90..110, 100..200].map(|range| checked.covers(range));
        assert_eq!(covered(), [false, false, false, true]);
        checked.note(40..70);
        assert_eq!(covered(), [false, false, false, true], "something before it was not read");
        checked.note(0..50);
        assert_eq!(covered(), [true, false, false, true]);
        checked.note(20..30);
        checked.note(50..100);
        assert_eq!(covered(), [true; 4]);
    }
}
