//! `strait broker`: one Kafka-compatible broker in the foreground.

use std::path::{Path, PathBuf};

use strait_broker::Settings;

use super::replicate::stop_requested;
use crate::{Failure, load, properties};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Folder of the broker's data, made when it is missing.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Where clients connect.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9092")]
    listen: String,
    /// Serve health and metrics here.
    #[arg(long, value_name = "HOST:PORT")]
    http: Option<String>,
    /// Settings by Kafka's names, as in `server.properties`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { data, listen, http, config } = arguments;
    let mut settings = Settings::new(data, listen);
    if let Some(http) = http {
        settings = settings.with_http(http);
    }
    if let Some(path) = config {
        read(&path, &mut settings)?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Failed(error.into()))?;
    let served = async {
        // In a task of its own: work that blocks may then move other tasks to another thread.
        tokio::spawn(async move { strait_broker::run(settings, stop_requested(None)).await }).await
    };
    let outcome = runtime.block_on(served).map_err(|error| Failure::Failed(error.into()))?;
    outcome.map_err(|error| Failure::Failed(error.into()))
}

/// Keys that mean nothing here are named and left out, as Kafka does.
fn read(path: &Path, settings: &mut Settings) -> Result<(), Failure> {
    let bytes = std::fs::read(path).map_err(|error| load::wrong(path, &format!("can't be read: {error}")))?;
    let entries = properties::parse(&bytes).map_err(|error| load::wrong(path, &error.to_string()))?;
    for entry in entries {
        let line = entry.line;
        match settings.set(&entry.key, &entry.value) {
            Ok(true) => {}
            Ok(false) => tracing::warn!(key = entry.key, line, "this key means nothing here"),
            Err(error) => return Err(load::wrong(path, &format!("line {line}: {error}"))),
        }
    }
    Ok(())
}
