//! The figures of one copy.

use serde::Serialize;

use super::Bench;
use super::curve::Curve;
use crate::copier::{CopierKind, Job};
use crate::dataset::Stored;
use crate::error::BenchError;
use crate::process;
use crate::topic::Topic;
use crate::watch;

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
    /// Of the whole machine, by processes that have no part in this; known where the brokers are ours.
    pub other_cpu_percent: Option<f64>,
}

pub(super) async fn copy(bench: &Bench<'_>, job: &Job<'_>, round: u32) -> Result<Run, BenchError> {
    let (source, target) = (&bench.session.clusters.source, &bench.session.clusters.target);
    let total = bench.stored.records;
    let watcher = bench.session.prepare(job).await?;
    let brokers_before = (source.cpu_seconds()?, target.cpu_seconds()?);
    let others = Others::begin()?;
    let (running, samples) = bench.session.start_and_copy(job, &watcher, total).await?;
    let peak_resident_bytes = running.peak_resident_bytes()?;
    let last_cpu_seconds = running.cpu_seconds()?;
    drop(running);
    let brokers = (source.cpu_seconds()?, target.cpu_seconds()?);
    let (source_broker, target_broker) =
        (difference(brokers.0, brokers_before.0), difference(brokers.1, brokers_before.1));
    let known = source_broker.zip(target_broker).map(|(source, target)| source + target + last_cpu_seconds);
    let other_cpu_percent = known.map(|known| others.percent(known)).transpose()?;
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
        source_broker_cpu_seconds: source_broker,
        target_broker_cpu_seconds: target_broker,
        other_cpu_percent,
    })
}

fn difference(after: Option<f64>, before: Option<f64>) -> Option<f64> {
    Some(after? - before?)
}

/// The machine and this process when a copy began.
struct Others {
    busy: f64,
    given: f64,
    own: f64,
}

impl Others {
    fn begin() -> Result<Self, BenchError> {
        let (busy, given) = process::machine_seconds()?;
        Ok(Self { busy, given, own: process::cpu_seconds(std::process::id())? })
    }

    /// What neither this process nor the `known` CPU seconds of copier and brokers used.
    fn percent(&self, known: f64) -> Result<f64, BenchError> {
        let now = Self::begin()?;
        let other = (now.busy - self.busy) - (now.own - self.own) - known;
        Ok((other * 100.0 / (now.given - self.given)).clamp(0.0, 100.0))
    }
}
