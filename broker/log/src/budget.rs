//! Memory that the newest batches of all logs of a broker may take together.

use std::sync::atomic::{AtomicUsize, Ordering};

/// A number of bytes that logs share ([`crate::PartitionLog::share_tail_budget`]).
#[derive(Debug)]
pub struct TailBudget {
    limit: usize,
    used: AtomicUsize,
}

impl TailBudget {
    pub fn new(limit_bytes: usize) -> Self {
        Self { limit: limit_bytes, used: AtomicUsize::new(0) }
    }

    /// Bytes in use by all logs.
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// Takes `bytes`, whole or not at all.
    pub(crate) fn take(&self, bytes: usize) -> bool {
        let taken = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
            used.checked_add(bytes).filter(|used| *used <= self.limit)
        });
        taken.is_ok()
    }

    pub(crate) fn give_back(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}
