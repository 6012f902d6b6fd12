//! What a call uses, and for how long its client is held back.

use std::time::Duration;

use strait_broker_core::quota::{QuotaClient, QuotaKind};

use crate::call::Call;
use crate::clock::now_ms;

const REQUESTS: QuotaKind = QuotaKind::RequestPercentage;

impl Call {
    /// Whose quotas these are.
    pub(crate) fn quota_client(&self) -> QuotaClient<'_> {
        let principal = self.session.principal.as_str();
        let user = principal.split_once(':').map_or(principal, |(_, name)| name);
        QuotaClient { user, client_id: &self.client_id }
    }

    /// Notes that the client used something. Gives for how many milliseconds it is held back.
    pub(crate) fn used(&self, kind: QuotaKind, amount: usize) -> i32 {
        self.record(kind, amount as f64)
    }

    fn record(&self, kind: QuotaKind, amount: f64) -> i32 {
        if !self.node.quotas.has(kind) {
            return 0;
        }
        let throttle_ms = self.node.quotas.usage().record(kind, self.quota_client(), amount, now_ms());
        i32::try_from(throttle_ms).unwrap_or(i32::MAX)
    }

    /// Notes that something is not used after all.
    pub(crate) fn gave_back(&self, kind: QuotaKind, amount: usize) {
        if self.node.quotas.has(kind) {
            self.node.quotas.usage().note(kind, self.quota_client(), -(amount as f64), now_ms());
        }
    }

    /// What the client may use at once.
    pub(crate) fn largest(&self, kind: QuotaKind) -> usize {
        if !self.node.quotas.has(kind) {
            return usize::MAX;
        }
        let largest = self.node.quotas.usage().largest(kind, self.quota_client());
        largest.map_or(usize::MAX, |largest| largest as usize)
    }

    /// Works on the request, and counts the time where there are quotas of it.
    pub(crate) async fn metered<T>(&self, work: impl Future<Output = T>) -> T {
        match self.node.quotas.has(REQUESTS) {
            true => self.thread_time.of(work).await,
            false => work.await,
        }
    }

    /// Counts the time of threads without holding the client back for it now.
    pub(crate) fn note_thread_time(&self) {
        if self.node.quotas.has(REQUESTS) {
            let percent = percent(self.thread_time.take());
            self.node.quotas.usage().note(REQUESTS, self.quota_client(), percent, now_ms());
        }
    }

    /// Counts the time of threads against the client's quota. Gives for how many milliseconds it is held back.
    pub(crate) fn request_throttle_ms(&self) -> i32 {
        if !self.node.quotas.has(REQUESTS) {
            return 0;
        }
        self.record(REQUESTS, percent(self.thread_time.take()))
    }
}

/// Of a thread's second.
fn percent(time: Duration) -> f64 {
    100.0 * time.as_secs_f64()
}
