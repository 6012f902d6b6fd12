//! Entries of an index that were read last: who reads a log from one end to the other finds hundreds of places in them.

/// Entries that lie behind each other in the file.
#[derive(Debug)]
pub(super) struct Block<const WIDTH: usize> {
    /// How many lie before.
    first: u64,
    bytes: Vec<u8>,
}

impl<const WIDTH: usize> Block<WIDTH> {
    pub(super) fn new(first: u64, bytes: Vec<u8>) -> Self {
        Self { first, bytes }
    }

    /// How many entries of the file fulfil `is_before`, and the last of them; none where others have to be looked at. The
    /// file has `written` entries.
    pub(super) fn search(
        &self,
        is_before: impl Fn(&[u8; WIDTH]) -> bool,
        written: u64,
    ) -> Option<(u64, Option<[u8; WIDTH]>)> {
        let entries = self.bytes.as_chunks::<WIDTH>().0;
        let before = entries.partition_point(is_before);
        let is_first = before == 0 && self.first > 0;
        let is_last = before == entries.len() && self.first + (before as u64) < written;
        let last = before.checked_sub(1).and_then(|last| entries.get(last));
        (!is_first && !is_last).then(|| (self.first + before as u64, last.copied()))
    }
}
