//! MirrorMaker 2 in its dedicated mode, through `tests/peers/kafka`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::{kafka, world};

/// What a file needs where each cluster has one broker.
pub const ONE_BROKER: &str = "replication.factor = 1
checkpoints.topic.replication.factor = 1
heartbeats.topic.replication.factor = 1
offset-syncs.topic.replication.factor = 1
offset.storage.replication.factor = 1
status.storage.replication.factor = 1
config.storage.replication.factor = 1
";

/// A running MirrorMaker 2. Dropping it kills it.
#[derive(Debug)]
pub struct MirrorMaker {
    name: String,
}

impl MirrorMaker {
    /// Starts the current release on a properties file; `name` differs for each.
    pub fn start(name: &str, file: &Path) -> Result<Self> {
        let name = format!("mm2-{}-{name}", std::process::id());
        script(&["mm2", &name, &file.to_string_lossy()])?;
        Ok(Self { name })
    }

    /// SIGTERM, and waits for its end.
    pub fn stop(&self) -> Result<()> {
        script(&["stop", &self.name]).map(drop)
    }

    /// SIGKILL.
    pub fn kill(&self) -> Result<()> {
        script(&["kill", &self.name]).map(drop)
    }

    /// The end of what it has logged.
    pub fn log_tail(&self) -> String {
        let log = script(&["log", &self.name]).unwrap_or_else(|error| error.to_string());
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

impl Drop for MirrorMaker {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("log of {}:\n{}", self.name, self.log_tail());
        }
        if let Err(error) = script(&["wipe", &self.name]) {
            eprintln!("{error:#}");
        }
    }
}

fn script(arguments: &[&str]) -> Result<String> {
    let path: PathBuf = world::repository().join("tests/peers/kafka");
    let output = Command::new(path)
        .env("VERSION", kafka::CURRENT.version)
        .env("HEAP", "768m")
        .args(arguments)
        .output()?;
    if !output.status.success() {
        bail!("tests/peers/kafka {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
