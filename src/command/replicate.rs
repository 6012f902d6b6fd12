//! `strait replicate`: the daemon in the foreground.

use std::path::PathBuf;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use crate::{Failure, load};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// TOML or YAML file; see `strait config template`.
    #[arg(long)]
    config: PathBuf,
    /// Stop by itself after this time, e.g. `30s`.
    #[arg(long = "for", value_parser = humantime::parse_duration)]
    stop_after: Option<Duration>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let configuration = load::configuration(&arguments.config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Failure::Failed(error.into()))?;
    let stop = stop_requested(arguments.stop_after);
    runtime
        .block_on(async { strait_replicator::run(configuration, stop).await })
        .map_err(|error| Failure::Failed(error.into()))
}

/// Completes on SIGTERM, SIGINT, or when the time is over.
pub(super) async fn stop_requested(stop_after: Option<Duration>) {
    let time_over = async {
        match stop_after {
            Some(time) => tokio::time::sleep(time).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = received(SignalKind::terminate()) => {}
        () = received(SignalKind::interrupt()) => {}
        () = time_over => {}
    }
}

async fn received(kind: SignalKind) {
    match signal(kind) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(error) => {
            tracing::warn!(%error, signal = kind.as_raw_value(), "signal can't be watched");
            std::future::pending::<()>().await;
        }
    }
}
