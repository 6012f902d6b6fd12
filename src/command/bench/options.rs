//! Options that several benchmarks share.

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use strait_bench::{Compression, CopierKind, Setup, Site};

use super::Output;
use crate::Failure;

#[derive(clap::Args)]
pub(super) struct SetupArguments {
    /// Script that starts Apache Kafka and MirrorMaker 2.
    #[arg(long, default_value = "tests/peers/kafka")]
    peers: PathBuf,
    /// Address of a source that runs already; one broker.
    #[arg(long, requires = "target")]
    source: Option<String>,
    /// Address of a target that runs already; one broker.
    #[arg(long, requires = "source")]
    target: Option<String>,
    /// Longest time of one copy.
    #[arg(long, default_value = "10m", value_parser = humantime::parse_duration)]
    timeout: Duration,
    /// Fewer rounds, less time: a look, not a figure.
    #[arg(long)]
    pub(super) quick: bool,
    #[arg(long, value_enum, default_value_t = Output::Table)]
    pub(super) output: Output,
}

impl SetupArguments {
    pub(super) fn setup(&self, copiers: &[Copier]) -> Result<Setup, Failure> {
        let running = self.source.clone().zip(self.target.clone());
        Ok(Setup {
            site: Site { script: self.peers.clone(), running },
            copiers: copiers.iter().map(|copier| (*copier).into()).collect(),
            limit: self.timeout,
            program: std::env::current_exe().map_err(|error| Failure::Failed(error.into()))?,
        })
    }

    /// What was asked for, or the default of a full or a quick run.
    pub(super) fn choose<T>(&self, asked: Option<T>, full: T, quick: T) -> T {
        asked.unwrap_or(if self.quick { quick } else { full })
    }
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Codec {
    None,
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

impl From<Codec> for Compression {
    fn from(codec: Codec) -> Self {
        match codec {
            Codec::None => Self::None,
            Codec::Gzip => Self::Gzip,
            Codec::Snappy => Self::Snappy,
            Codec::Lz4 => Self::Lz4,
            Codec::Zstd => Self::Zstd,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Copier {
    Strait,
    Floor,
    Mm2,
    Mm2Tuned,
    Mm2Eos,
}

impl From<Copier> for CopierKind {
    fn from(copier: Copier) -> Self {
        match copier {
            Copier::Strait => Self::Strait,
            Copier::Floor => Self::Floor,
            Copier::Mm2 => Self::Mm2,
            Copier::Mm2Tuned => Self::Mm2Tuned,
            Copier::Mm2Eos => Self::Mm2Eos,
        }
    }
}
