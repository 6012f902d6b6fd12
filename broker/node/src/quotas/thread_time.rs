//! How long a request keeps threads of the broker busy, without what it waits (`Request.requestThreadTimeNanos`).

use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

#[derive(Debug, Default)]
struct Spent {
    before: Duration,
    /// While a thread works on it.
    since: Option<Instant>,
}

/// The time of one request.
#[derive(Debug, Default)]
pub(crate) struct ThreadTime(Mutex<Spent>);

impl Clone for ThreadTime {
    /// A copy counts for itself.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl ThreadTime {
    fn spent(&self) -> MutexGuard<'_, Spent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts the time of the work.
    pub(super) async fn of<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        std::future::poll_fn(|context| {
            self.spent().since = Some(Instant::now());
            let polled = work.as_mut().poll(context);
            let mut spent = self.spent();
            if let Some(since) = spent.since.take() {
                spent.before += since.elapsed();
            }
            polled
        })
        .await
    }

    /// What was spent since this was asked last.
    pub(super) fn take(&self) -> Duration {
        let mut spent = self.spent();
        let now = Instant::now();
        let running = spent.since.as_mut().map(|since| std::mem::replace(since, now));
        let running = running.map(|since| now.saturating_duration_since(since)).unwrap_or_default();
        std::mem::take(&mut spent.before) + running
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn waiting_is_not_counted() {
        let time = ThreadTime::default();
        let busy = Duration::from_millis(20);
        let work = async {
            let since = Instant::now();
            while since.elapsed() < busy {}
            assert!(time.take() >= busy, "what runs counts");
            tokio::time::sleep(Duration::from_millis(200)).await;
        };
        time.of(work).await;
        assert!(time.take() < Duration::from_millis(100));
    }
}
