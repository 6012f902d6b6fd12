//! Records at the target over time.

use std::time::Duration;

use crate::watch::Sample;

/// From the last look without any records to the first one with all.
pub(super) struct Curve {
    samples: Vec<Sample>,
    total: u64,
}

impl Curve {
    pub(super) fn new(mut samples: Vec<Sample>, total: u64) -> Self {
        let first = samples.iter().position(|sample| sample.records > 0).unwrap_or(samples.len());
        samples.drain(..first.saturating_sub(1));
        Self { samples, total }
    }

    pub(super) fn last(&self) -> &Sample {
        &self.samples[self.samples.len() - 1]
    }

    pub(super) fn first_record(&self) -> Duration {
        self.samples.iter().find(|sample| sample.records > 0).map_or(Duration::MAX, |sample| sample.at)
    }

    pub(super) fn copy_time(&self) -> Duration {
        self.last().at - self.samples[0].at
    }

    pub(super) fn copy_cpu_seconds(&self) -> f64 {
        self.last().cpu_seconds - self.samples[0].cpu_seconds
    }

    /// Records a second between two parts of the whole.
    pub(super) fn rate(&self, from: f64, to: f64) -> f64 {
        let seconds = self.seconds_at(to) - self.seconds_at(from);
        self.total as f64 * (to - from) / seconds
    }

    /// When this part of the whole was there, between two looks by a straight line.
    fn seconds_at(&self, part: f64) -> f64 {
        let wanted = self.total as f64 * part;
        let later = self.samples.iter().position(|sample| sample.records as f64 >= wanted);
        let later = later.unwrap_or(self.samples.len() - 1);
        let (before, after) = (&self.samples[later.saturating_sub(1)], &self.samples[later]);
        let grown = (after.records - before.records) as f64;
        let share = if grown > 0.0 { (wanted - before.records as f64) / grown } else { 1.0 };
        before.at.as_secs_f64() + share * (after.at - before.at).as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(points: &[(u64, u64)]) -> Curve {
        let samples = points.iter().map(|(milliseconds, records)| Sample {
            at: Duration::from_millis(*milliseconds),
            records: *records,
            cpu_seconds: *milliseconds as f64 / 2_000.0,
        });
        Curve::new(samples.collect(), points[points.len() - 1].1)
    }

    #[test]
    fn a_steady_copy_has_one_rate() {
        let curve = curve(&[(0, 0), (1_000, 0), (2_000, 500), (3_000, 1_000)]);
        assert!((curve.rate(0.05, 0.95) - 500.0).abs() < 1e-6);
        assert!((curve.rate(0.0, 1.0) - 500.0).abs() < 1e-6);
        assert!((curve.copy_cpu_seconds() - 1.0).abs() < 1e-6);
        assert_eq!(curve.first_record(), Duration::from_secs(2));
    }

    #[test]
    fn a_slow_end_counts_in_the_whole_only() {
        let curve = curve(&[(0, 0), (1_000, 990), (10_000, 1_000)]);
        assert!(curve.rate(0.05, 0.95) > 900.0);
        assert!(curve.rate(0.0, 1.0) < 101.0);
    }
}
