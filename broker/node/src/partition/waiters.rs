//! Fetches that wait for records, woken by every change of a partition they wait for. Each connection waits for one
//! fetch at most, which bounds the list.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::Notify;

/// One fetch that waits, perhaps on many partitions.
#[derive(Debug, Default)]
pub(crate) struct Waiter {
    changed: Notify,
}

impl Waiter {
    /// Completes once after any number of changes since the last call.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }
}

type List = Mutex<Vec<(u64, Arc<Waiter>)>>;

/// Those who wait for one partition.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    list: Arc<List>,
}

/// Ends the waiting when it is dropped.
#[derive(Debug)]
pub(crate) struct Waiting {
    number: u64,
    list: Weak<List>,
}

impl Waiters {
    pub(super) fn add(&self, waiter: &Arc<Waiter>) -> Waiting {
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        let number = list.last().map_or(0, |(last, _)| last.wrapping_add(1));
        list.push((number, Arc::clone(waiter)));
        Waiting { number, list: Arc::downgrade(&self.list) }
    }

    /// Wakes all of them.
    pub(super) fn wake(&self) {
        for (_, waiter) in self.list.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            waiter.changed.notify_one();
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(list) = self.list.upgrade() {
            let mut list = list.lock().unwrap_or_else(PoisonError::into_inner);
            list.retain(|(number, _)| *number != self.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_stops_waiting_is_forgotten() {
        let waiters = Waiters::default();
        let waiter = Arc::new(Waiter::default());
        let first = waiters.add(&waiter);
        let second = waiters.add(&waiter);
        drop(first);
        let third = waiters.add(&waiter);
        assert_eq!(waiters.list.lock().expect("the list").len(), 2);
        drop((second, third));
        assert!(waiters.list.lock().expect("the list").is_empty());
        waiters.wake();
    }

    #[tokio::test]
    async fn a_change_before_the_wait_is_not_lost() {
        let waiters = Waiters::default();
        let waiter = Arc::new(Waiter::default());
        let _waiting = waiters.add(&waiter);
        waiters.wake();
        waiters.wake();
        waiter.changed().await;
    }
}
