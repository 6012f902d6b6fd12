//! How fast a client is: a sum over the last windows (`Rate`, `SampledStat`).

use std::collections::VecDeque;

/// `quota.window.num` and `quota.window.size.seconds`.
pub(super) const WINDOWS: usize = 11;
pub(super) const WINDOW_MS: i64 = 1_000;

#[derive(Clone, Copy, Debug)]
struct Window {
    start_ms: i64,
    amount: f64,
}

/// What a client used lately.
#[derive(Clone, Debug, Default)]
pub struct QuotaRate {
    windows: VecDeque<Window>,
}

impl QuotaRate {
    /// Notes that something was used.
    pub fn record(&mut self, amount: f64, now_ms: i64) {
        self.forget(now_ms);
        match self.windows.back_mut() {
            Some(window) if now_ms < window.start_ms.saturating_add(WINDOW_MS) => window.amount += amount,
            _ => self.windows.push_back(Window { start_ms: now_ms, amount }),
        }
        if self.windows.len() > WINDOWS {
            self.windows.pop_front();
        }
    }

    fn forget(&mut self, now_ms: i64) {
        let oldest_ms = now_ms.saturating_sub(WINDOWS as i64 * WINDOW_MS);
        while self.windows.front().is_some_and(|window| window.start_ms <= oldest_ms) {
            self.windows.pop_front();
        }
    }

    /// Whether nothing of it is left to be remembered.
    pub(super) fn is_idle(&self, now_ms: i64) -> bool {
        let oldest_ms = now_ms.saturating_sub(WINDOWS as i64 * WINDOW_MS);
        self.windows.back().is_none_or(|window| window.start_ms <= oldest_ms)
    }

    /// Milliseconds over which is measured: never less than all but the window at hand.
    fn elapsed_ms(&self, now_ms: i64) -> i64 {
        let first_ms = self.windows.front().map_or(now_ms, |window| window.start_ms);
        let elapsed_ms = now_ms.saturating_sub(first_ms).max(0);
        let missing = (WINDOWS as i64 - 1 - elapsed_ms / WINDOW_MS).max(0);
        elapsed_ms.saturating_add(missing * WINDOW_MS)
    }

    /// What was used in a second.
    pub fn per_second(&mut self, now_ms: i64) -> f64 {
        self.forget(now_ms);
        let total: f64 = self.windows.iter().map(|window| window.amount).sum();
        total * 1_000.0 / self.elapsed_ms(now_ms) as f64
    }

    /// For how many milliseconds the client is held back so that its rate falls to the limit; at most `longest_ms`.
    pub fn throttle_ms(&mut self, limit: f64, longest_ms: i64, now_ms: i64) -> i64 {
        let rate = self.per_second(now_ms);
        if rate <= limit || limit <= 0.0 {
            return 0;
        }
        let above = (rate - limit) / limit * self.elapsed_ms(now_ms) as f64;
        (above.round() as i64).min(longest_ms)
    }
}
