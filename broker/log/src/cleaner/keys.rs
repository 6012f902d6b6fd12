//! The newest offset of each key in the part of a log that was not cleaned. Keys are held whole, so that no two are
//! taken for one.

use std::collections::HashMap;

/// Bytes that an entry costs beside its key, about.
const ENTRY: usize = 64;

#[derive(Debug)]
pub(super) struct Keys {
    newest: HashMap<Box<[u8]>, i64>,
    limit: usize,
    used: usize,
    /// Offsets below this were looked at.
    end: i64,
}

impl Keys {
    /// Holds about `limit` bytes.
    pub(super) fn new(limit: usize, start: i64) -> Self {
        Self { newest: HashMap::new(), limit, used: 0, end: start }
    }

    pub(super) fn is_full(&self) -> bool {
        self.used >= self.limit
    }

    pub(super) fn put(&mut self, key: &[u8], offset: i64) {
        match self.newest.get_mut(key) {
            Some(newest) => *newest = offset,
            None => {
                self.used += ENTRY + key.len();
                self.newest.insert(key.into(), offset);
            }
        }
    }

    /// All records below `end` were looked at.
    pub(super) fn reach(&mut self, end: i64) {
        self.end = end;
    }

    pub(super) fn end(&self) -> i64 {
        self.end
    }

    /// Whether a newer record has the key.
    pub(super) fn is_superseded(&self, key: &[u8], offset: i64) -> bool {
        self.newest.get(key).is_some_and(|newest| offset < *newest)
    }
}
