//! Deadlines by name: one for each key, the earliest first.

use std::collections::{BTreeMap, BTreeSet};

/// Deadlines in milliseconds.
#[derive(Clone, Debug)]
pub(crate) struct Timers<K> {
    deadlines: BTreeMap<K, i64>,
    order: BTreeSet<(i64, K)>,
}

impl<K: Ord + Clone> Timers<K> {
    pub(crate) fn new() -> Self {
        Self { deadlines: BTreeMap::new(), order: BTreeSet::new() }
    }

    /// Sets the deadline of `key`; an earlier one is forgotten.
    pub(crate) fn schedule(&mut self, key: K, deadline_ms: i64) {
        self.cancel(&key);
        self.order.insert((deadline_ms, key.clone()));
        self.deadlines.insert(key, deadline_ms);
    }

    pub(crate) fn cancel(&mut self, key: &K) {
        if let Some((key, deadline_ms)) = self.deadlines.remove_entry(key) {
            self.order.remove(&(deadline_ms, key));
        }
    }

    pub(crate) fn next_deadline(&self) -> Option<i64> {
        self.order.first().map(|(deadline_ms, _)| *deadline_ms)
    }

    /// Takes the earliest key whose deadline is reached.
    pub(crate) fn pop_due(&mut self, now_ms: i64) -> Option<K> {
        let (deadline_ms, _) = self.order.first()?;
        if *deadline_ms > now_ms {
            return None;
        }
        let (_, key) = self.order.pop_first()?;
        self.deadlines.remove(&key);
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_comes_first_and_a_key_has_one_deadline() {
        let mut timers = Timers::new();
        timers.schedule("a", 10);
        timers.schedule("b", 5);
        timers.schedule("a", 3);
        assert_eq!(timers.next_deadline(), Some(3));
        assert_eq!(timers.pop_due(2), None);
        assert_eq!(timers.pop_due(10), Some("a"));
        timers.cancel(&"b");
        assert_eq!((timers.pop_due(10), timers.next_deadline()), (None, None));
    }
}
