//! `strait replicate` as a process: its configuration file, its log, its sudden death.

use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

pub use crate::plan::{Flow, Plan};
use crate::usage::Usage;
use crate::wait::Attempt;
use crate::{binary, ports, wait};

const START_LIMIT: Duration = Duration::from_secs(30);
const STOP_LIMIT: Duration = Duration::from_secs(20);

fn write_plan(folder: &Path, port: u16, plan: &Plan) -> Result<()> {
    Ok(fs::write(folder.join("strait.toml"), plan.to_toml(&folder.join("data"), port)?)?)
}

/// A Strait that runs, or ran. Dropping it stops it.
#[derive(Debug)]
pub struct Strait {
    folder: PathBuf,
    port: u16,
    /// What follows `replicate`.
    arguments: [String; 2],
    child: Option<Child>,
}

impl Strait {
    /// Writes the configuration into `folder` and starts the process.
    pub fn start(folder: &Path, plan: &Plan) -> Result<Self> {
        let (port, file) = (ports::free(), folder.join("strait.toml"));
        write_plan(folder, port, plan)?;
        Self::launch(folder, port, "--config", &file)
    }

    /// Starts the process again with another configuration.
    pub fn restart_with(&mut self, plan: &Plan) -> Result<()> {
        write_plan(&self.folder, self.port, plan)?;
        self.restart()
    }

    /// Starts the process on MirrorMaker 2's properties.
    pub fn start_on_properties(folder: &Path, file: &Path) -> Result<Self> {
        Self::launch(folder, ports::free(), "--mm2", file)
    }

    fn launch(folder: &Path, port: u16, option: &str, file: &Path) -> Result<Self> {
        let arguments = [option.to_owned(), file.to_string_lossy().into_owned()];
        let mut strait = Self { folder: folder.to_owned(), port, arguments, child: None };
        strait.restart()?;
        Ok(strait)
    }

    /// Starts the process again on the same configuration, data folder and port; does not wait for anything.
    pub fn restart(&mut self) -> Result<()> {
        assert!(self.child.is_none(), "strait runs already");
        let log = OpenOptions::new().create(true).append(true).open(self.log_path())?;
        let mut command = Command::new(binary::path());
        command.arg("replicate").args(&self.arguments).stdin(Stdio::null());
        command.env("NO_COLOR", "1").env("STRAIT_HTTP__LISTEN", format!("127.0.0.1:{}", self.port));
        command.stdout(log.try_clone()?).stderr(log);
        self.child = Some(command.spawn().with_context(|| format!("starting {}", binary::path().display()))?);
        Ok(())
    }

    /// SIGKILL, and waits until it is gone.
    pub fn kill(&mut self) -> Result<()> {
        let mut child = self.child.take().context("strait does not run")?;
        if let Some(status) = child.try_wait()? {
            bail!("strait ended by itself ({status}):\n{}", self.log_tail());
        }
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// SIGTERM; waits for its end and gives its exit code. Kills it when it does not end.
    pub fn stop(&mut self, limit: Duration) -> Result<Option<i32>> {
        let mut child = self.child.take().context("strait does not run")?;
        Command::new("kill").arg("-TERM").arg(child.id().to_string()).status()?;
        let outcome = wait::until("strait ends after SIGTERM", limit, || {
            Ok(match child.try_wait()? {
                Some(status) => Attempt::Done(status.code()),
                None => Attempt::NotYet("it runs".to_owned()),
            })
        });
        if outcome.is_err() {
            child.kill()?;
            child.wait()?;
        }
        outcome
    }

    /// Deletes the data folder of a process that has ended.
    pub fn delete_data(&self) -> Result<()> {
        assert!(self.child.is_none(), "strait runs");
        match fs::remove_dir_all(self.folder.join("data")) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// SIGSTOP: it does nothing until `resume`.
    pub fn suspend(&self) -> Result<()> {
        self.signal("-STOP")
    }

    /// SIGCONT.
    pub fn resume(&self) -> Result<()> {
        self.signal("-CONT")
    }

    fn signal(&self, signal: &str) -> Result<()> {
        let pid = self.pid().context("strait does not run")?;
        let status = Command::new("kill").arg(signal).arg(pid.to_string()).status()?;
        if !status.success() {
            bail!("kill {signal} {pid}: {status}");
        }
        Ok(())
    }

    /// The process id.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// CPU seconds and peak resident bytes of the running process so far.
    pub fn usage(&self) -> Result<Usage> {
        let pid = self.pid().context("strait does not run")?;
        Usage::of(pid)
    }

    /// Everything it has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// The last 40 lines of the log.
    pub fn log_tail(&self) -> String {
        let log = self.log();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    /// Waits for a text in the log.
    pub fn wait_log(&mut self, text: &str, limit: Duration) -> Result<()> {
        self.wait(&format!("`{text}` in the log"), limit, |strait| {
            Ok(match strait.log().contains(text) {
                true => Attempt::Done(()),
                false => Attempt::NotYet("not there".to_owned()),
            })
        })
    }

    /// Waits until the HTTP face answers.
    pub fn wait_up(&mut self) -> Result<()> {
        self.wait("strait answers", START_LIMIT, |strait| strait.get("/v1/flows").map(|_| Attempt::Done(())))
    }

    /// Waits until a flow is in this state.
    pub fn wait_state(&mut self, flow: &str, state: &str, limit: Duration) -> Result<()> {
        self.wait(&format!("{flow} is {state}"), limit, |strait| {
            let status = strait.flow(flow)?;
            Ok(match status["state"] == state {
                true => Attempt::Done(()),
                false => Attempt::NotYet(status.to_string()),
            })
        })
    }

    /// Waits for what `check` sees; fails at once, with the log, when the process has ended.
    pub fn wait<T>(
        &mut self,
        what: &str,
        limit: Duration,
        mut check: impl FnMut(&Self) -> Result<Attempt<T>>,
    ) -> Result<T> {
        let outcome = wait::until(what, limit, || {
            if let Some(status) = self.child.as_mut().context("strait does not run")?.try_wait()? {
                return Ok(Attempt::Done(Err(status)));
            }
            Ok(match check(self)? {
                Attempt::Done(value) => Attempt::Done(Ok(value)),
                Attempt::NotYet(seen) => Attempt::NotYet(seen),
            })
        });
        match outcome.with_context(|| format!("log of strait:\n{}", self.log_tail()))? {
            Ok(value) => Ok(value),
            Err(status) => bail!("{what}: strait ended ({status}):\n{}", self.log_tail()),
        }
    }

    /// Address of its HTTP server.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    fn log_path(&self) -> PathBuf {
        self.folder.join("strait.log")
    }
}

impl Drop for Strait {
    fn drop(&mut self) {
        // In good order, so that the next one need not wait until this one's hold on the flow has run out.
        if self.child.is_some() && self.stop(STOP_LIMIT).is_err() {
            eprintln!("strait did not end after SIGTERM");
        }
        if std::thread::panicking() {
            eprintln!("log of strait:\n{}", self.log_tail());
        }
    }
}
