//! `strait replicate` on a configuration of one flow.

use std::fs;
use std::process::Command;

use super::Job;
use super::child::Child;
use crate::clusters::Clusters;
use crate::error::BenchError;
use crate::peers::Peers;

pub(super) fn start(job: &Job<'_>, peers: &Peers, clusters: &Clusters<'_>) -> Result<Child, BenchError> {
    let path = peers.folder().join(format!("{}.toml", job.alias));
    fs::write(&path, configuration(job, clusters))
        .map_err(|source| BenchError::File { path: path.clone(), source })?;
    let mut command = Command::new(job.program);
    command.arg("replicate").arg("--config").arg(path);
    Child::start(command, peers, &job.alias)
}

/// Everything that is not named keeps its default.
fn configuration(job: &Job<'_>, clusters: &Clusters<'_>) -> String {
    let (alias, topic) = (&job.alias, job.topic);
    let (source, target) = (&clusters.source.address, &clusters.target.address);
    let groups = job.groups.map(|groups| format!("groups = [\"{groups}\"]\ngroup_interval_ms = 100\n"));
    let groups = groups.unwrap_or_default();
    format!(
        r#"[http]
listen = "127.0.0.1:0"
[clusters.{alias}]
bootstrap = ["{source}"]
[clusters.target]
bootstrap = ["{target}"]
[[flows]]
source = "{alias}"
target = "target"
topics = ["{topic}"]
{groups}"#,
    )
}
