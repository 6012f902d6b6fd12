//! Permits that come at a steady rate and pile up to a burst (`TokenBucket`, KIP-599).

/// `controller.quota.window.num` times `controller.quota.window.size.seconds`: what a full bucket holds.
const BURST_SECONDS: f64 = 11.0;

/// The permits of a client. A new bucket is full.
#[derive(Clone, Debug, Default)]
pub(super) struct TokenBucket {
    /// Until it is full.
    missing: f64,
    updated_ms: i64,
}

impl TokenBucket {
    fn refill(&mut self, limit: f64, now_ms: i64) {
        let elapsed_ms = now_ms.saturating_sub(self.updated_ms).max(0);
        self.missing = (self.missing - limit * elapsed_ms as f64 / 1_000.0).max(0.0);
        self.updated_ms = now_ms;
    }

    /// Takes permits, also those that are not there yet. `limit` is what comes in a second.
    pub(super) fn take(&mut self, permits: f64, limit: f64, now_ms: i64) {
        self.refill(limit, now_ms);
        self.missing += permits;
    }

    /// Milliseconds until nothing is owed.
    pub(super) fn throttle_ms(&mut self, limit: f64, now_ms: i64) -> i64 {
        self.refill(limit, now_ms);
        let owed = self.missing - BURST_SECONDS * limit;
        if owed <= 0.0 { 0 } else { (owed / limit * 1_000.0).round() as i64 }
    }

    /// Whether it is as good as a new one.
    pub(super) fn is_full(&self, limit: f64, now_ms: i64) -> bool {
        let mut later = self.clone();
        later.refill(limit, now_ms);
        later.missing == 0.0
    }
}
