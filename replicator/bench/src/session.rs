//! What every benchmark holds: clusters, their processes, and how copiers are started on them.

use std::path::PathBuf;
use std::time::Duration;

use tokio::time::Instant;

use crate::clusters::Clusters;
use crate::copier::{CopierKind, Job, Running};
use crate::error::BenchError;
use crate::peers::{Peers, Site};
use crate::watch::{Sample, Watcher};

/// What a benchmark is made with.
#[derive(Clone, Debug)]
pub struct Setup {
    pub site: Site,
    pub copiers: Vec<CopierKind>,
    /// For one copy.
    pub limit: Duration,
    /// The executable of Strait.
    pub program: PathBuf,
}

pub(crate) struct Session<'a> {
    pub(crate) setup: &'a Setup,
    pub(crate) peers: &'a Peers,
    pub(crate) clusters: Clusters<'a>,
}

impl<'a> Session<'a> {
    pub(crate) async fn open(setup: &'a Setup, peers: &'a Peers) -> Result<Self, BenchError> {
        Ok(Self { setup, peers, clusters: Clusters::open(peers, &setup.site).await? })
    }

    /// A copy of `topic` that begins from nothing: `name` differs for each.
    pub(crate) fn job<'t>(
        &'t self,
        name: &str,
        kind: CopierKind,
        topic: &'t str,
        partitions: i32,
    ) -> Job<'t> {
        Job {
            kind,
            alias: format!("{name}-{kind}-{}", std::process::id()),
            topic,
            partitions,
            codec: "none",
            program: &self.setup.program,
            groups: None,
        }
    }

    /// Makes what the job needs, and looks at what it writes.
    pub(crate) async fn prepare(&self, job: &Job<'_>) -> Result<Watcher, BenchError> {
        job.prepare(&self.clusters).await?;
        Watcher::new(&self.clusters.target.address, &job.remote_topic(), job.partitions).await
    }

    /// Starts the copier and waits until `total` records are there.
    pub(crate) async fn start_and_copy(
        &self,
        job: &Job<'_>,
        watcher: &Watcher,
        total: u64,
    ) -> Result<(Running<'a>, Vec<Sample>), BenchError> {
        let begun = Instant::now();
        let mut running = job.start(self.peers, &self.clusters)?;
        let samples = watcher.until(total, &mut running, begun, self.setup.limit).await?;
        Ok((running, samples))
    }
}
