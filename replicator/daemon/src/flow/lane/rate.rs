//! How fast a growing count grows, smoothed.

/// Time after which an old rate counts for about a third, in seconds.
const SMOOTHING_SECONDS: f64 = 5.0;

/// A count's growth in units a second.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rate {
    per_second: f64,
    count: u64,
    at_ms: u64,
}

impl Rate {
    /// Takes in the count at a moment of the lane's clock; gives the rate.
    pub(super) fn update(&mut self, count: u64, now_ms: u64) -> f64 {
        let seconds = now_ms.saturating_sub(self.at_ms) as f64 / 1_000.0;
        if seconds > 0.0 {
            let grown = count.saturating_sub(self.count) as f64 / seconds;
            let weight = 1.0 - (-seconds / SMOOTHING_SECONDS).exp();
            self.per_second += (grown - self.per_second) * weight;
            (self.count, self.at_ms) = (count, now_ms);
        }
        self.per_second
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_count_has_its_rate_and_an_idle_one_none() {
        let mut rate = Rate::default();
        let after = |rate: &mut Rate, from: u64, step: u64| {
            let looks = (from + 1..=from + 400)
                .map(|look| rate.update(from * 100 + (look - from) * step, look * 250));
            looks.last().expect("a look")
        };
        assert!((after(&mut rate, 0, 100) - 400.0).abs() < 0.1);
        assert!(after(&mut rate, 400, 0) < 0.1);
    }

    #[test]
    fn two_looks_at_one_moment_change_nothing() {
        let mut rate = Rate::default();
        let once = rate.update(1_000, 1_000);
        assert_eq!(rate.update(5_000, 1_000).to_bits(), once.to_bits());
    }
}
