//! What a copier costs that has nothing to copy.

use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use tokio::time::{Instant, sleep};
use tracing::info;

use crate::copier::{CopierKind, Job};
use crate::dataset::single;
use crate::error::BenchError;
use crate::peers::Peers;
use crate::session::{Session, Setup};
use crate::topic::Topic;

/// Partitions written in one request.
const CHUNK: usize = 500;

/// What to measure.
#[derive(Clone, Debug)]
pub struct IdleOptions {
    pub setup: Setup,
    pub partitions: i32,
    pub duration: Duration,
    /// Between the last record at the target and the first measured moment.
    pub settle: Duration,
}

#[derive(Clone, Debug, Serialize)]
pub struct IdleReport {
    pub partitions: i32,
    pub seconds: f64,
    pub copiers: Vec<IdleRun>,
}

/// What one copier used.
#[derive(Clone, Debug, Serialize)]
pub struct IdleRun {
    pub copier: CopierKind,
    /// Of one core.
    pub cpu_percent: f64,
    pub resident_bytes: u64,
    pub peak_resident_bytes: u64,
    pub source_broker_cpu_percent: Option<f64>,
    pub target_broker_cpu_percent: Option<f64>,
}

pub async fn measure(options: &IdleOptions) -> Result<IdleReport, BenchError> {
    let peers = Peers::new(&options.setup.site.script)?;
    let session = Session::open(&options.setup, &peers).await?;
    let mut copiers = Vec::new();
    for kind in options.setup.copiers.clone() {
        let topic = format!("bench-idle-{kind}-{}", std::process::id());
        let job = session.job("idle", kind, &topic, options.partitions);
        let measured = measure_copier(&session, &job, options).await;
        session.clusters.clean(&job.alias).await?;
        session.clusters.clean(&topic).await?;
        copiers.push(measured?);
    }
    let seconds = options.duration.as_secs_f64();
    Ok(IdleReport { partitions: options.partitions, seconds, copiers })
}

async fn measure_copier(
    session: &Session<'_>,
    job: &Job<'_>,
    options: &IdleOptions,
) -> Result<IdleRun, BenchError> {
    let (source, target) = (&session.clusters.source, &session.clusters.target);
    let topic = Topic::create(&source.cluster, job.topic, job.partitions).await?;
    // One record each proves that the copier is at work on every partition.
    let partitions: Vec<i32> = (0..job.partitions).collect();
    for chunk in partitions.chunks(CHUNK) {
        let batches =
            chunk.iter().map(|partition| Ok((*partition, single(None, &Bytes::from_static(b"a record"))?)));
        let batches = batches.collect::<Result<_, BenchError>>()?;
        topic.produced(topic.produce(batches)?.await?)?;
    }
    let watcher = session.prepare(job).await?;
    let (mut running, _) = session.start_and_copy(job, &watcher, job.partitions as u64).await?;
    sleep(options.settle).await;
    let (begun, cpu) = (Instant::now(), running.cpu_seconds()?);
    let brokers = (source.cpu_seconds()?, target.cpu_seconds()?);
    sleep(options.duration).await;
    running.check()?;
    let percent = |used: f64| used * 100.0 / begun.elapsed().as_secs_f64();
    let broker_percent = |after: Option<f64>, before: Option<f64>| Some(percent(after? - before?));
    let run = IdleRun {
        copier: job.kind,
        cpu_percent: percent(running.cpu_seconds()? - cpu),
        resident_bytes: running.resident_bytes()?,
        peak_resident_bytes: running.peak_resident_bytes()?,
        source_broker_cpu_percent: broker_percent(source.cpu_seconds()?, brokers.0),
        target_broker_cpu_percent: broker_percent(target.cpu_seconds()?, brokers.1),
    };
    info!(copier = %job.kind, cpu_percent = run.cpu_percent, resident_bytes = run.resident_bytes, "idle");
    Ok(run)
}
