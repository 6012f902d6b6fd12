//! Start-up with everything in place: a copier that was stopped is started again, and one record waits for it.

use bytes::Bytes;
use serde::Serialize;
use tracing::info;

use crate::copier::{CopierKind, Job};
use crate::dataset::single;
use crate::error::BenchError;
use crate::peers::Peers;
use crate::session::{Session, Setup};
use crate::statistics::median;
use crate::topic::Topic;

/// What to measure.
#[derive(Clone, Debug)]
pub struct StartOptions {
    pub setup: Setup,
    pub partitions: i32,
    /// Starts of each copier.
    pub rounds: u32,
}

#[derive(Clone, Debug, Serialize)]
pub struct StartReport {
    pub partitions: i32,
    pub copiers: Vec<StartMedians>,
    pub starts: Vec<Start>,
}

/// The median of a copier's starts.
#[derive(Clone, Debug, Serialize)]
pub struct StartMedians {
    pub copier: CopierKind,
    pub seconds: f64,
    pub cpu_seconds: f64,
}

/// One start, until the record was at the target.
#[derive(Clone, Debug, Serialize)]
pub struct Start {
    pub copier: CopierKind,
    pub seconds: f64,
    pub cpu_seconds: f64,
}

pub async fn measure(options: &StartOptions) -> Result<StartReport, BenchError> {
    let peers = Peers::new(&options.setup.site.script)?;
    let session = Session::open(&options.setup, &peers).await?;
    let mut starts = Vec::new();
    for kind in options.setup.copiers.clone() {
        let topic = format!("bench-start-{kind}-{}", std::process::id());
        let job = session.job("start", kind, &topic, options.partitions);
        let measured = measure_copier(&session, &job, options.rounds).await;
        session.clusters.clean(&job.alias).await?;
        session.clusters.clean(&topic).await?;
        starts.extend(measured?);
    }
    let copiers = options.setup.copiers.iter().filter_map(|kind| medians_of(*kind, &starts)).collect();
    Ok(StartReport { partitions: options.partitions, copiers, starts })
}

async fn measure_copier(session: &Session<'_>, job: &Job<'_>, rounds: u32) -> Result<Vec<Start>, BenchError> {
    let topic = Topic::create(&session.clusters.source.cluster, job.topic, job.partitions).await?;
    for partition in 0..job.partitions {
        produce_one(&topic, partition).await?;
    }
    let watcher = session.prepare(job).await?;
    let (mut running, _) = session.start_and_copy(job, &watcher, job.partitions as u64).await?;
    running.stop()?;
    let mut starts = Vec::new();
    for round in 0..rounds {
        produce_one(&topic, round as i32 % job.partitions).await?;
        let wanted = watcher.records().await + 1;
        let (mut running, samples) = session.start_and_copy(job, &watcher, wanted).await?;
        running.stop()?;
        let last = samples[samples.len() - 1];
        let start = Start { copier: job.kind, seconds: last.at.as_secs_f64(), cpu_seconds: last.cpu_seconds };
        info!(copier = %job.kind, seconds = start.seconds, cpu_seconds = start.cpu_seconds, "started");
        starts.push(start);
    }
    Ok(starts)
}

async fn produce_one(topic: &Topic, partition: i32) -> Result<(), BenchError> {
    let batch = single(None, &Bytes::from_static(b"a record that waits"))?;
    topic.produced(topic.produce(vec![(partition, batch)])?.await?)
}

fn medians_of(copier: CopierKind, starts: &[Start]) -> Option<StartMedians> {
    let of =
        |figure: fn(&Start) -> f64| median(starts.iter().filter(|start| start.copier == copier).map(figure));
    Some(StartMedians {
        copier,
        seconds: of(|start| start.seconds)?,
        cpu_seconds: of(|start| start.cpu_seconds)?,
    })
}
