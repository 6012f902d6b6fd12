//! Added latency at a fixed rate: when a record can be read at the target, against when it can be read at the source.

// Numbered records at a fixed rate.
mod load;
// When a record was first read.
mod probe;

use std::time::Duration;

use serde::Serialize;
use tokio::time::{Instant, timeout};
use tracing::info;

use crate::copier::{CopierKind, Job};
use crate::error::BenchError;
use crate::peers::Peers;
use crate::session::{Session, Setup};
use crate::statistics::percentile;
use crate::topic::Topic;
use load::{Load, Window};
use probe::Probe;

/// For the last records to arrive.
const TAIL: Duration = Duration::from_secs(10);

/// What to measure.
#[derive(Clone, Debug)]
pub struct LatencyOptions {
    pub setup: Setup,
    pub partitions: i32,
    /// Records a second.
    pub rate: u32,
    pub duration: Duration,
    /// Load before the first measured record.
    pub warm_up: Duration,
    pub record_size: usize,
    pub seed: u64,
}

#[derive(Clone, Debug, Serialize)]
pub struct LatencyReport {
    pub partitions: i32,
    pub rate: u32,
    pub seconds: f64,
    pub copiers: Vec<LatencyRun>,
}

/// Latencies from the send, in milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Latency {
    pub p50: f64,
    pub p99: f64,
    pub highest: f64,
}

/// One copier's figures.
#[derive(Clone, Debug, Serialize)]
pub struct LatencyRun {
    pub copier: CopierKind,
    pub records: usize,
    pub source: Latency,
    pub target: Latency,
    /// Percentiles at the target less those at the source.
    pub added_p50: f64,
    pub added_p99: f64,
    /// Of each record: when it was read at the target less when it was read at the source.
    pub behind: Latency,
    /// Of one core.
    pub cpu_percent: f64,
    pub peak_resident_bytes: u64,
}

pub async fn measure(options: &LatencyOptions) -> Result<LatencyReport, BenchError> {
    let peers = Peers::new(&options.setup.site.script)?;
    let session = Session::open(&options.setup, &peers).await?;
    // The brokers' first work is compiled meanwhile.
    let warm = LatencyOptions { duration: options.warm_up, ..options.clone() };
    measure_copier(&session, "warm", CopierKind::Floor, &warm).await?;
    let mut copiers = Vec::new();
    for kind in options.setup.copiers.clone() {
        let run = measure_copier(&session, "latency", kind, options).await?;
        info!(copier = %kind, added_p50 = run.added_p50, added_p99 = run.added_p99, "measured");
        copiers.push(run);
    }
    let seconds = options.duration.as_secs_f64();
    Ok(LatencyReport { partitions: options.partitions, rate: options.rate, seconds, copiers })
}

async fn measure_copier(
    session: &Session<'_>,
    name: &str,
    kind: CopierKind,
    options: &LatencyOptions,
) -> Result<LatencyRun, BenchError> {
    let topic = format!("bench-{name}-{kind}-{}", std::process::id());
    let job = session.job(name, kind, &topic, options.partitions);
    let measured = measure_job(session, &job, options).await;
    session.clusters.clean(&job.alias).await?;
    session.clusters.clean(&topic).await?;
    measured
}

async fn measure_job(
    session: &Session<'_>,
    job: &Job<'_>,
    options: &LatencyOptions,
) -> Result<LatencyRun, BenchError> {
    let (source, target) = (&session.clusters.source.cluster, &session.clusters.target.cluster);
    let mut load = Load::new(Topic::create(source, job.topic, job.partitions).await?, options);
    let watcher = session.prepare(job).await?;
    load.prime().await?;
    let (running, _) = session.start_and_copy(job, &watcher, job.partitions as u64).await?;
    let mut at_source = Probe::new(Topic::open(source, job.topic, job.partitions).await?);
    let mut at_target = Probe::new(Topic::open(target, &job.remote_topic(), job.partitions).await?);
    let window = tokio::select! {
        window = load.run(&running) => window?,
        Err(error) = at_source.run(usize::MAX) => return Err(error),
        Err(error) = at_target.run(usize::MAX) => return Err(error),
    };
    let total = load.sent.len();
    if let Ok(rest) =
        timeout(TAIL, async { tokio::try_join!(at_source.run(total), at_target.run(total)) }).await
    {
        rest?;
    }
    summary(job, &load.sent, &window, (&at_source, &at_target))
}

fn summary(
    job: &Job<'_>,
    sent: &[Instant],
    window: &Window,
    (at_source, at_target): (&Probe, &Probe),
) -> Result<LatencyRun, BenchError> {
    let measured = window.first_number..sent.len();
    let lost = measured.clone().filter(|number| at_target.seen_at(*number).is_none()).count();
    if lost > 0 {
        let (copier, expected) = (job.kind.to_string(), measured.len() as u64);
        return Err(BenchError::RecordsMissing { copier, found: expected - lost as u64, expected });
    }
    let of = |probe: &Probe| {
        latency(
            measured.clone().filter_map(|number| Some(milliseconds(sent[number], probe.seen_at(number)?))),
        )
    };
    let behind = latency(
        measured
            .clone()
            .filter_map(|number| Some(milliseconds(at_source.seen_at(number)?, at_target.seen_at(number)?))),
    );
    let nothing = BenchError::NothingMeasured { reason: "the time was too short" };
    let ((source, target), behind) = of(at_source).zip(of(at_target)).zip(behind).ok_or(nothing)?;
    Ok(LatencyRun {
        copier: job.kind,
        records: measured.len(),
        source,
        target,
        added_p50: target.p50 - source.p50,
        added_p99: target.p99 - source.p99,
        behind,
        cpu_percent: window.cpu_percent,
        peak_resident_bytes: window.peak_resident_bytes,
    })
}

/// Milliseconds from one moment to another, below zero when it came first.
fn milliseconds(earlier: Instant, later: Instant) -> f64 {
    let ahead = earlier.saturating_duration_since(later).as_secs_f64();
    (later.saturating_duration_since(earlier).as_secs_f64() - ahead) * 1_000.0
}

fn latency(times: impl Iterator<Item = f64>) -> Option<Latency> {
    let times: Vec<f64> = times.collect();
    let at = |percent| percentile(times.iter().copied(), percent);
    Some(Latency { p50: at(50.0)?, p99: at(99.0)?, highest: at(100.0)? })
}
