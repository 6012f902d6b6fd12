//! A copier that is this executable with other arguments.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::Job;
use crate::clusters::Clusters;
use crate::error::BenchError;
use crate::peers::Peers;

/// Killed when dropped.
pub(super) struct Child {
    child: std::process::Child,
    log: PathBuf,
}

impl Child {
    /// Starts `command` with its output in a file of `name`.
    pub(super) fn start(mut command: Command, peers: &Peers, name: &str) -> Result<Self, BenchError> {
        let log = peers.folder().join(format!("{name}.log"));
        let failed = |source| BenchError::File { path: log.clone(), source };
        let file = File::options().create(true).append(true).open(&log).map_err(failed)?;
        let copy = file.try_clone().map_err(failed)?;
        command.stdin(Stdio::null()).stdout(copy).stderr(file);
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command.spawn().map_err(|source| BenchError::Spawn { program, source })?;
        Ok(Self { child, log })
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    pub(super) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_else(|error| error.to_string())
    }

    pub(super) fn stop(&mut self) -> Result<(), BenchError> {
        let failed = |source| BenchError::Spawn { program: "kill".to_owned(), source };
        Command::new("kill").arg("-TERM").arg(self.pid().to_string()).status().map_err(failed)?;
        self.child.wait().map(drop).map_err(failed)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait().map(drop)) {
            tracing::debug!(pid = self.pid(), %error, "a copier can't be killed");
        }
    }
}

pub(super) fn start_floor(
    job: &Job<'_>,
    peers: &Peers,
    clusters: &Clusters<'_>,
) -> Result<Child, BenchError> {
    let mut command = Command::new(job.program);
    command.args(["bench", "floor", "--source", &clusters.source.address]);
    command.args(["--target", &clusters.target.address, "--topic", job.topic]);
    command.args(["--remote-topic", &job.remote_topic(), "--partitions", &job.partitions.to_string()]);
    Child::start(command, peers, &job.alias)
}
