//! Entries of an index that were read last: who reads a log from one end to the other finds hundreds of places in them.

/// How many entries of a table fulfil a condition, and the last of them.
pub(super) type Found<const WIDTH: usize> = (u64, Option<[u8; WIDTH]>);

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

    /// What fulfils `is_before`, where all entries before these do and none behind them does.
    pub(super) fn find(&self, is_before: impl Fn(&[u8; WIDTH]) -> bool) -> Found<WIDTH> {
        let entries = self.entries();
        let before = entries.partition_point(is_before);
        let last = before.checked_sub(1).and_then(|last| entries.get(last));
        (self.first + before as u64, last.copied())
    }

    /// The same for any condition; none where others of the `written` entries of the file have to be looked at.
    pub(super) fn find_here(
        &self,
        is_before: impl Fn(&[u8; WIDTH]) -> bool,
        written: u64,
    ) -> Option<Found<WIDTH>> {
        let end = self.first + self.entries().len() as u64;
        let found = self.find(is_before);
        let may_be_earlier = found.0 == self.first && self.first > 0;
        let may_be_later = found.0 == end && end < written;
        (!may_be_earlier && !may_be_later).then_some(found)
    }

    fn entries(&self) -> &[[u8; WIDTH]] {
        self.bytes.as_chunks::<WIDTH>().0
    }
}
