//! The figures of one copy.

use std::time::Duration;

use serde::Serialize;

use super::Bench;
use crate::copier::{CopierKind, Job};
use crate::dataset::Stored;
use crate::error::BenchError;
use crate::topic::Topic;
use crate::watch::{self, Sample};

/// What one copier did in one round.
#[derive(Clone, Debug, Serialize)]
pub struct Run {
    pub round: u32,
    pub copier: CopierKind,
    /// Between 5 % and 95 % of all records.
    pub records_per_second: f64,
    /// From the first record to the last.
    pub whole_records_per_second: f64,
    /// From the start of the process to the first record at the target.
    pub first_record_seconds: f64,
    pub copy_seconds: f64,
    /// Of the copier, start-up included.
    pub cpu_seconds: f64,
    /// Of the copier while records arrived.
    pub copy_cpu_seconds: f64,
    /// The CPU time while records arrived, for each GiB of the source's batches.
    pub cpu_seconds_per_gib: f64,
    pub peak_resident_bytes: u64,
    pub target: Stored,
    pub source_broker_cpu_seconds: Option<f64>,
    pub target_broker_cpu_seconds: Option<f64>,
}

pub(super) async fn copy(bench: &Bench<'_>, job: &Job<'_>, round: u32) -> Result<Run, BenchError> {
    let (source, target) = (&bench.session.clusters.source, &bench.session.clusters.target);
    let total = bench.stored.records;
    let watcher = bench.session.prepare(job).await?;
    let brokers_before = (source.cpu_seconds()?, target.cpu_seconds()?);
    let (running, samples) = bench.session.start_and_copy(job, &watcher, total).await?;
    let peak_resident_bytes = running.peak_resident_bytes()?;
    drop(running);
    let brokers = (source.cpu_seconds()?, target.cpu_seconds()?);
    let remote = Topic::open(&target.cluster, &job.remote_topic(), job.partitions).await?;
    let found = watch::scan(&remote, watcher.records().await).await?;
    if found.records < total {
        let (copier, found) = (job.kind.to_string(), found.records);
        return Err(BenchError::RecordsMissing { copier, found, expected: total });
    }
    let curve = Curve::new(samples, total);
    let copy_cpu_seconds = curve.copy_cpu_seconds();
    Ok(Run {
        round,
        copier: job.kind,
        records_per_second: curve.rate(0.05, 0.95),
        whole_records_per_second: curve.rate(0.0, 1.0),
        first_record_seconds: curve.first_record().as_secs_f64(),
        copy_seconds: curve.copy_time().as_secs_f64(),
        cpu_seconds: curve.last().cpu_seconds,
        copy_cpu_seconds,
        cpu_seconds_per_gib: copy_cpu_seconds / bench.stored.gibibytes(),
        peak_resident_bytes,
        target: found,
        source_broker_cpu_seconds: difference(brokers.0, brokers_before.0),
        target_broker_cpu_seconds: difference(brokers.1, brokers_before.1),
    })
}

fn difference(after: Option<f64>, before: Option<f64>) -> Option<f64> {
    Some(after? - before?)
}

/// Records at the target over time, from the last look without any.
struct Curve {
    samples: Vec<Sample>,
    total: u64,
}

impl Curve {
    fn new(mut samples: Vec<Sample>, total: u64) -> Self {
        let first = samples.iter().position(|sample| sample.records > 0).unwrap_or(samples.len());
        samples.drain(..first.saturating_sub(1));
        Self { samples, total }
    }

    fn last(&self) -> &Sample {
        &self.samples[self.samples.len() - 1]
    }

    fn first_record(&self) -> Duration {
        self.samples.iter().find(|sample| sample.records > 0).map_or(Duration::MAX, |sample| sample.at)
    }

    fn copy_time(&self) -> Duration {
        self.last().at - self.samples[0].at
    }

    fn copy_cpu_seconds(&self) -> f64 {
        self.last().cpu_seconds - self.samples[0].cpu_seconds
    }

    /// Records a second between two parts of the whole.
    fn rate(&self, from: f64, to: f64) -> f64 {
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
