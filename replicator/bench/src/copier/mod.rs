//! What is measured: how each copier is started, and its process while it runs.

// One file for each program.
mod child;
mod mirror_maker;
mod strait;

use std::fmt;
use std::path::Path;

use serde::Serialize;

use crate::clusters::Clusters;
use crate::error::BenchError;
use crate::peers::{Peer, Peers};
use crate::process;
use crate::topic::Topic;
use child::Child;

/// A program that copies topics, and how it is tuned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CopierKind {
    /// `strait replicate`.
    Strait,
    /// Raw fetch and raw produce of the same batches.
    Floor,
    /// MirrorMaker 2 as it comes.
    Mm2,
    /// MirrorMaker 2 tuned for large batches.
    Mm2Tuned,
    /// The tuned one, exactly once.
    Mm2Eos,
}

impl CopierKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Strait => "strait",
            Self::Floor => "floor",
            Self::Mm2 => "mm2",
            Self::Mm2Tuned => "mm2-tuned",
            Self::Mm2Eos => "mm2-eos",
        }
    }
}

impl fmt::Display for CopierKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// One copy: of which topic, under which alias of the source.
#[derive(Clone, Debug)]
pub(crate) struct Job<'a> {
    pub(crate) kind: CopierKind,
    /// Different for each copy, so that each begins from nothing.
    pub(crate) alias: String,
    pub(crate) topic: &'a str,
    pub(crate) partitions: i32,
    /// Kafka's name of the codec that the source's batches have.
    pub(crate) codec: &'static str,
    /// The executable of Strait.
    pub(crate) program: &'a Path,
    /// Groups to follow each second; none are followed otherwise than by default.
    pub(crate) groups: Option<&'a str>,
}

impl Job<'_> {
    /// The topic's name at the target.
    pub(crate) fn remote_topic(&self) -> String {
        format!("{}.{}", self.alias, self.topic)
    }

    /// Makes what the copier expects to be there.
    pub(crate) async fn prepare(&self, clusters: &Clusters<'_>) -> Result<(), BenchError> {
        if self.kind == CopierKind::Floor {
            Topic::create(&clusters.target.cluster, &self.remote_topic(), self.partitions).await?;
        }
        Ok(())
    }

    /// Starts the copier; a second start goes on where the first was stopped.
    pub(crate) fn start<'p>(
        &self,
        peers: &'p Peers,
        clusters: &Clusters<'_>,
    ) -> Result<Running<'p>, BenchError> {
        let process = match self.kind {
            CopierKind::Strait => Process::Child(strait::start(self, peers, clusters)?),
            CopierKind::Floor => Process::Child(child::start_floor(self, peers, clusters)?),
            CopierKind::Mm2 | CopierKind::Mm2Tuned | CopierKind::Mm2Eos => {
                Process::Peer(mirror_maker::start(self, peers, clusters)?)
            }
        };
        Ok(Running { kind: self.kind, process })
    }
}

/// A copier that was started. Dropping it kills it.
pub(crate) struct Running<'p> {
    kind: CopierKind,
    process: Process<'p>,
}

enum Process<'p> {
    Child(Child),
    Peer(Peer<'p>),
}

impl Running<'_> {
    pub(crate) fn name(&self) -> &'static str {
        self.kind.name()
    }

    pub(crate) fn cpu_seconds(&self) -> Result<f64, BenchError> {
        process::cpu_seconds(self.pid())
    }

    pub(crate) fn peak_resident_bytes(&self) -> Result<u64, BenchError> {
        process::peak_resident_bytes(self.pid())
    }

    pub(crate) fn resident_bytes(&self) -> Result<u64, BenchError> {
        process::resident_bytes(self.pid())
    }

    fn pid(&self) -> u32 {
        match &self.process {
            Process::Child(child) => child.pid(),
            Process::Peer(peer) => peer.pid,
        }
    }

    /// Fails with the end of its log when it ended by itself.
    pub(crate) fn check(&mut self) -> Result<(), BenchError> {
        let ended = match &mut self.process {
            Process::Child(child) => child.has_ended(),
            Process::Peer(peer) => process::cpu_seconds(peer.pid).is_err(),
        };
        if !ended {
            return Ok(());
        }
        let log = match &self.process {
            Process::Child(child) => child.log(),
            Process::Peer(peer) => peer.log(),
        };
        let lines: Vec<&str> = log.lines().collect();
        let log = lines[lines.len().saturating_sub(20)..].join("\n");
        Err(BenchError::CopierEnded { copier: self.kind.to_string(), log })
    }

    /// SIGTERM, and waits for its end.
    pub(crate) fn stop(&mut self) -> Result<(), BenchError> {
        match &mut self.process {
            Process::Child(child) => child.stop(),
            Process::Peer(peer) => peer.stop(),
        }
    }
}
