//! How long it takes until all groups that moved at the source have moved at the target, and what it costs.

// Commits at the source, and waiting for them at the target.
mod moving;

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
use crate::statistics::median;
use crate::topic::Topic;
use moving::Moving;

/// Rounds before, which are not measured: a broker's first answers are slow.
const WARM_UP_ROUNDS: u32 = 3;
/// New records of each partition before groups move: MirrorMaker 2 tells anew where an offset lies after each 100.
const STEP: i64 = 200;
/// What was copied is known to be copied after this time: MirrorMaker 2 reads back what it writes of it.
const SETTLE: Duration = Duration::from_secs(2);
/// Between looks of a copier.
const LOOKS: Duration = Duration::from_secs(1);

/// What to measure.
#[derive(Clone, Debug)]
pub struct GroupsOptions {
    pub setup: Setup,
    pub groups: u32,
    pub partitions: i32,
    /// How often all groups move; before, they do so once unmeasured.
    pub rounds: u32,
    /// Afterwards nothing moves for so long.
    pub idle: Duration,
}

#[derive(Clone, Debug, Serialize)]
pub struct GroupsReport {
    pub groups: u32,
    pub partitions: i32,
    pub copiers: Vec<GroupsMedians>,
    pub rounds: Vec<GroupsRound>,
}

/// The medians of a copier's rounds.
#[derive(Clone, Debug, Serialize)]
pub struct GroupsMedians {
    pub copier: CopierKind,
    pub seconds: f64,
    pub cpu_seconds: f64,
    /// Of one core, while nothing moves.
    pub idle_cpu_percent: f64,
    pub peak_resident_bytes: u64,
}

/// All groups moved once.
#[derive(Clone, Debug, Serialize)]
pub struct GroupsRound {
    pub copier: CopierKind,
    /// From the last commit at the source until all groups have moved at the target.
    pub seconds: f64,
    /// Of the copier, from the first commit at the source on.
    pub cpu_seconds: f64,
}

pub async fn measure(options: &GroupsOptions) -> Result<GroupsReport, BenchError> {
    let peers = Peers::new(&options.setup.site.script)?;
    let session = Session::open(&options.setup, &peers).await?;
    let (mut copiers, mut rounds) = (Vec::new(), Vec::new());
    info!("warming the brokers");
    let warm_up = GroupsOptions { rounds: WARM_UP_ROUNDS, idle: Duration::ZERO, ..options.clone() };
    copier(&session, CopierKind::Strait, "warm-up", &warm_up).await?;
    for kind in options.setup.copiers.clone() {
        let (medians, of_copier) = copier(&session, kind, "groups", options).await?;
        copiers.push(medians);
        rounds.extend(of_copier);
    }
    Ok(GroupsReport { groups: options.groups, partitions: options.partitions, copiers, rounds })
}

async fn copier(
    session: &Session<'_>,
    kind: CopierKind,
    name: &str,
    options: &GroupsOptions,
) -> Result<(GroupsMedians, Vec<GroupsRound>), BenchError> {
    let topic = format!("bench-{name}-{kind}-{}", std::process::id());
    let pattern = format!("{topic}-.*");
    let job = Job { groups: Some(&pattern), ..session.job(name, kind, &topic, options.partitions) };
    let measured = measure_copier(session, &job, options).await;
    session.clusters.clean(&job.alias).await?;
    session.clusters.clean(&topic).await?;
    measured
}

async fn measure_copier(
    session: &Session<'_>,
    job: &Job<'_>,
    options: &GroupsOptions,
) -> Result<(GroupsMedians, Vec<GroupsRound>), BenchError> {
    let source = &session.clusters.source.cluster;
    let topic = Topic::create(source, job.topic, job.partitions).await?;
    produce_step(&topic).await?;
    let watcher = session.prepare(job).await?;
    let moving = Moving { session, job, groups: options.groups };
    moving.commit(STEP).await?;
    let total = |round: u32| (i64::from(round) + 1) * STEP;
    let all = |offset: i64| offset.unsigned_abs() * job.partitions.unsigned_abs() as u64;
    let (mut running, _) = session.start_and_copy(job, &watcher, all(STEP)).await?;
    moving.until_moved(0, &mut running).await?;
    let mut rounds = Vec::new();
    for round in 1..=options.rounds {
        let end = total(round);
        produce_step(&topic).await?;
        watcher.until(all(end), &mut running, Instant::now(), options.setup.limit).await?;
        // Rounds begin all over the time between two looks of a copier.
        sleep(SETTLE + LOOKS * round / options.rounds).await;
        let cpu = running.cpu_seconds()?;
        moving.commit(end).await?;
        let begun = Instant::now();
        let moved_at = moving.until_moved(total(round - 1), &mut running).await?;
        let (seconds, cpu_seconds) = ((moved_at - begun).as_secs_f64(), running.cpu_seconds()? - cpu);
        info!(copier = %job.kind, seconds, cpu_seconds, "all groups have moved");
        rounds.push(GroupsRound { copier: job.kind, seconds, cpu_seconds });
    }
    let (begun, cpu) = (Instant::now(), running.cpu_seconds()?);
    sleep(options.idle).await;
    running.check()?;
    let idle_cpu_percent = (running.cpu_seconds()? - cpu) * 100.0 / begun.elapsed().as_secs_f64();
    let of = |figure: fn(&GroupsRound) -> f64| median(rounds.iter().map(figure)).unwrap_or_default();
    let medians = GroupsMedians {
        copier: job.kind,
        seconds: of(|round| round.seconds),
        cpu_seconds: of(|round| round.cpu_seconds),
        idle_cpu_percent,
        peak_resident_bytes: running.peak_resident_bytes()?,
    };
    Ok((medians, rounds))
}

/// More records in each partition, one request for one of each.
async fn produce_step(topic: &Topic) -> Result<(), BenchError> {
    for _ in 0..STEP {
        let value = Bytes::from_static(b"a record that groups read");
        let batches = (0..topic.partitions).map(|partition| Ok((partition, single(None, &value)?)));
        let batches = batches.collect::<Result<_, BenchError>>()?;
        topic.produced(topic.produce(batches)?.await?)?;
    }
    Ok(())
}
