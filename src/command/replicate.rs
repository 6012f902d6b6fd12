//! `strait replicate`: the daemon in the foreground.

use std::path::PathBuf;
use std::time::Duration;

use strait_replicator::configuration::Configuration;
use strait_replicator::status::DaemonStatus;

use super::live;
use crate::import::{self, Purpose};
use crate::stop::stop_requested;
use crate::{Failure, load};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// TOML or YAML file; see `strait config template`.
    #[arg(long, required_unless_present = "mm2")]
    config: Option<PathBuf>,
    /// MirrorMaker 2's properties file, in the place of `--config`.
    #[arg(long, value_name = "FILE", conflicts_with = "config")]
    mm2: Option<PathBuf>,
    /// With `--mm2`: only flows whose target is one of these aliases.
    #[arg(long, value_name = "ALIAS", value_delimiter = ',', num_args = 1.., requires = "mm2")]
    clusters: Vec<String>,
    /// Stop by itself after this time, e.g. `30s`.
    #[arg(long = "for", value_parser = humantime::parse_duration)]
    stop_after: Option<Duration>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let configuration = configuration(arguments)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Failure::Failed(error.into()))?;
    let stop = stop_requested(arguments.stop_after);
    let status = DaemonStatus::default();
    let run = async {
        tokio::select! {
            ended = strait_replicator::run(configuration, status.clone(), stop) => ended,
            () = shown_for_ever(status.clone()) => Ok(()),
        }
    };
    runtime.block_on(run).map_err(|error| Failure::Failed(error.into()))
}

async fn shown_for_ever(status: DaemonStatus) {
    live::show(status).await;
    std::future::pending().await
}

fn configuration(arguments: &Arguments) -> Result<Configuration, Failure> {
    match (&arguments.config, &arguments.mm2) {
        (_, Some(path)) => {
            let imported = import::mirror_maker(path, &arguments.clusters, Purpose::Run)?;
            imported.warn(path);
            let translated = imported.translated;
            load::checked(path, translated.configuration.clone(), |key| translated.name_of(key))
        }
        (Some(path), None) => load::configuration(path),
        (None, None) => Err(Failure::WrongInput("error: --config or --mm2 must be given".to_owned())),
    }
}
