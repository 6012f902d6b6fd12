//! `strait broker` as a process, in the place of a real Kafka.

use std::fs::{self, File, OpenOptions};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::wait::Attempt;
use crate::{binary, wait};

const PROPERTIES: &str = "server.properties";
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// A broker of our own and its folder.
#[derive(Debug)]
pub(crate) struct OwnBroker {
    folder: TempDir,
    port: u16,
    child: Mutex<Option<Child>>,
}

impl OwnBroker {
    pub(crate) fn new(port: u16) -> Self {
        let folder = tempfile::Builder::new().prefix("strait-broker-").tempdir().expect("a temporary folder");
        Self { folder, port, child: Mutex::default() }
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// Kafka's properties, each `key=value`, for the next start.
    pub(crate) fn configure(&self, properties: &[&str]) -> Result<()> {
        Ok(fs::write(self.folder.path().join(PROPERTIES), properties.join("\n"))?)
    }

    /// What `tests/peers/kafka` does with a real one.
    pub(crate) fn act(&self, action: &str) -> Result<()> {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        match action {
            "start" | "restart" => *child = Some(self.spawn()?),
            "kill" => kill(child.take().context("the broker does not run")?)?,
            "stop" => stop(child.take().context("the broker does not run")?)?,
            "wipe" => child.take().map_or(Ok(()), kill)?,
            _ => bail!("{action} is nothing that a broker of ours can do"),
        }
        Ok(())
    }

    fn spawn(&self) -> Result<Child> {
        let folder = self.folder.path();
        let log: File = OpenOptions::new().create(true).append(true).open(folder.join("log"))?;
        let mut command = Command::new(binary::path());
        command.arg("broker").arg("--data").arg(folder.join("data"));
        command.arg("--config").arg(folder.join(PROPERTIES));
        command.arg("--listen").arg(format!("127.0.0.1:{}", self.port)).stdin(Stdio::null());
        command.stdout(log.try_clone()?).stderr(log);
        command.spawn().with_context(|| format!("starting {}", binary::path().display()))
    }
}

fn kill(mut child: Child) -> Result<()> {
    if let Some(status) = child.try_wait()? {
        bail!("the broker ended by itself: {status}");
    }
    child.kill()?;
    child.wait()?;
    Ok(())
}

fn stop(mut child: Child) -> Result<()> {
    Command::new("kill").arg(child.id().to_string()).status()?;
    let status = wait::until("the broker stops", STOP_LIMIT, || {
        Ok(child.try_wait()?.map_or(Attempt::NotYet("it runs".to_owned()), Attempt::Done))
    })?;
    if !status.success() {
        bail!("the broker stopped with {status}");
    }
    Ok(())
}
