//! Catch-up of a full backlog: rounds of copiers on the same brokers, each into topics of its own.

// Records at the target over time.
mod curve;
// The figures of one copy.
mod run;
// Medians and ratios over all copies.
mod report;

use tracing::{info, warn};

use crate::copier::{CopierKind, Job};
use crate::dataset::{DataSet, Stored};
use crate::error::BenchError;
use crate::peers::Peers;
use crate::session::{Session, Setup};
use crate::topic::Topic;
pub use report::{CopierMedians, Ratio, ReplicateReport};
pub use run::Run;

/// More of the machine used by others makes a figure doubtful.
const BUSY_PERCENT: f64 = 10.0;

/// What to measure.
#[derive(Clone, Debug)]
pub struct ReplicateOptions {
    pub setup: Setup,
    pub data: DataSet,
    pub rounds: u32,
}

/// A data set at the source, ready to be copied.
struct Bench<'a> {
    options: &'a ReplicateOptions,
    session: Session<'a>,
    topic: String,
    stored: Stored,
}

/// Starts clusters, fills the source, and runs every copier once a round, in the other order every other round.
pub async fn measure(options: &ReplicateOptions) -> Result<ReplicateReport, BenchError> {
    let peers = Peers::new(&options.setup.site.script)?;
    let session = Session::open(&options.setup, &peers).await?;
    let topic = format!("bench-{}", std::process::id());
    let source = Topic::create(&session.clusters.source.cluster, &topic, options.data.partitions).await?;
    info!(topic, records = options.data.records, "filling the source");
    let stored = options.data.fill(&source).await?;
    info!(records = stored.records, batches = stored.batches, bytes = stored.bytes, "the source is full");
    let bench = Bench { options, session, topic, stored };
    let runs = bench.rounds().await;
    bench.session.clusters.clean(&bench.topic).await?;
    Ok(ReplicateReport::new(options.data.clone(), stored, runs?))
}

impl Bench<'_> {
    async fn rounds(&self) -> Result<Vec<Run>, BenchError> {
        // The brokers' first work is compiled meanwhile.
        self.copy("warm", 0, CopierKind::Floor).await?;
        let mut runs = Vec::new();
        for round in 1..=self.options.rounds {
            let mut copiers = self.options.setup.copiers.clone();
            if round % 2 == 0 {
                copiers.reverse();
            }
            for kind in copiers {
                let run = self.copy(&format!("r{round}"), round, kind).await?;
                info!(
                    round, copier = %kind, records_per_second = run.records_per_second.round(),
                    cpu_seconds_per_gib = run.cpu_seconds_per_gib, "copied"
                );
                if let Some(percent) = run.other_cpu_percent.filter(|percent| *percent > BUSY_PERCENT) {
                    warn!(round, copier = %kind, percent, "other processes used the machine meanwhile");
                }
                runs.push(run);
            }
        }
        Ok(runs)
    }

    async fn copy(&self, prefix: &str, round: u32, kind: CopierKind) -> Result<Run, BenchError> {
        let codec = self.options.data.compression.name();
        let job = self.session.job(prefix, kind, &self.topic, self.options.data.partitions);
        let job = Job { codec, ..job };
        let run = run::copy(self, &job, round).await;
        self.session.clusters.clean(&job.alias).await?;
        run
    }
}
