//! Sleeps until the next deadline of any shard.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

use super::shard::Shard;
use crate::clock::now_ms;

/// When the task wakes.
#[derive(Debug)]
pub(super) struct Alarm {
    deadline_ms: AtomicI64,
    earlier: Notify,
}

impl Default for Alarm {
    fn default() -> Self {
        Self { deadline_ms: AtomicI64::new(i64::MAX), earlier: Notify::new() }
    }
}

impl Alarm {
    /// Wakes at this time or before.
    pub(super) fn set(&self, deadline_ms: i64) {
        if self.deadline_ms.fetch_min(deadline_ms, Ordering::AcqRel) > deadline_ms {
            self.earlier.notify_one();
        }
    }
}

pub(super) async fn run<'a>(alarm: &Alarm, shards: impl Fn() -> &'a [Arc<Shard>]) {
    loop {
        let wait = alarm.deadline_ms.load(Ordering::Acquire).saturating_sub(now_ms());
        let wait = Duration::from_millis(u64::try_from(wait).unwrap_or(0));
        // An earlier deadline ends the sleep.
        if tokio::time::timeout(wait, alarm.earlier.notified()).await.is_ok() {
            continue;
        }
        alarm.deadline_ms.store(i64::MAX, Ordering::Release);
        for shard in shards() {
            if let Some(deadline) = shard.expire(now_ms()) {
                alarm.deadline_ms.fetch_min(deadline, Ordering::AcqRel);
            }
        }
    }
}
