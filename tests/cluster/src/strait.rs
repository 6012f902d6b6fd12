//! `strait replicate` as a process: its configuration file, its log, its HTTP face, its sudden death.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::wait::Attempt;
use crate::{ports, wait, world};

const START_LIMIT: Duration = Duration::from_secs(30);

/// What to write into the configuration file.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Name and bootstrap address of each cluster.
    pub clusters: Vec<(String, String)>,
    /// The flows.
    pub flows: Vec<Flow>,
}

/// One flow of a plan.
#[derive(Clone, Debug)]
pub struct Flow {
    /// A cluster's name.
    pub source: String,
    /// A cluster's name.
    pub target: String,
    /// Full-match regular expressions.
    pub topics: Vec<String>,
    /// More lines of TOML in the flow's table.
    pub extra: String,
}

impl Plan {
    /// One flow of `topics` from `east` to `west`.
    pub fn one_flow(east: &str, west: &str, topics: &str) -> Self {
        let cluster = |name: &str, address: &str| (name.to_owned(), address.to_owned());
        Self {
            clusters: vec![cluster("east", east), cluster("west", west)],
            flows: vec![Flow {
                source: "east".to_owned(),
                target: "west".to_owned(),
                topics: vec![topics.to_owned()],
                extra: String::new(),
            }],
        }
    }

    fn to_toml(&self, data: &Path, port: u16) -> Result<String> {
        let mut text = String::new();
        writeln!(
            text,
            "data_dir = {}\n[http]\nlisten = \"127.0.0.1:{port}\"",
            quoted(&data.to_string_lossy())
        )?;
        for (name, address) in &self.clusters {
            writeln!(text, "[clusters.{}]\nbootstrap = [{}]", quoted(name), quoted(address))?;
        }
        for flow in &self.flows {
            let topics: Vec<_> = flow.topics.iter().map(|topic| quoted(topic)).collect();
            writeln!(
                text,
                "[[flows]]\nsource = {}\ntarget = {}",
                quoted(&flow.source),
                quoted(&flow.target)
            )?;
            writeln!(text, "topics = [{}]\nreplication_factor = 1\n{}", topics.join(", "), flow.extra)?;
        }
        Ok(text)
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A Strait that runs, or ran. Dropping it kills it.
#[derive(Debug)]
pub struct Strait {
    folder: PathBuf,
    port: u16,
    child: Option<Child>,
}

impl Strait {
    /// Writes the configuration into `folder` and starts the process.
    pub fn start(folder: &Path, plan: &Plan) -> Result<Self> {
        let port = ports::free();
        fs::write(folder.join("strait.toml"), plan.to_toml(&folder.join("data"), port)?)?;
        let mut strait = Self { folder: folder.to_owned(), port, child: None };
        strait.restart()?;
        Ok(strait)
    }

    /// Starts the process again on the same configuration, data folder and port; does not wait for anything.
    pub fn restart(&mut self) -> Result<()> {
        assert!(self.child.is_none(), "strait runs already");
        let log = OpenOptions::new().create(true).append(true).open(self.log_path())?;
        let mut command = Command::new(binary());
        command.arg("replicate").arg("--config").arg(self.folder.join("strait.toml"));
        command.env("NO_COLOR", "1").stdin(Stdio::null());
        command.stdout(log.try_clone()?).stderr(log);
        self.child = Some(command.spawn().with_context(|| format!("starting {}", binary().display()))?);
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

    /// SIGTERM; waits for its end and gives its exit code.
    pub fn stop(&mut self, limit: Duration) -> Result<Option<i32>> {
        let mut child = self.child.take().context("strait does not run")?;
        Command::new("kill").arg("-TERM").arg(child.id().to_string()).status()?;
        wait::until("strait ends after SIGTERM", limit, || {
            Ok(match child.try_wait()? {
                Some(status) => Attempt::Done(status.code()),
                None => Attempt::NotYet("it runs".to_owned()),
            })
        })
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

    /// The status of one flow, such as `east--west`.
    pub fn flow(&self, id: &str) -> Result<Value> {
        let answer = self.get("/v1/flows")?;
        let flows = answer["flows"].as_array().context("no flows in the answer")?;
        flows
            .iter()
            .find(|flow| flow["id"] == id)
            .cloned()
            .with_context(|| format!("no flow {id} in {answer}"))
    }

    /// GETs a path and parses the JSON of the answer.
    pub fn get(&self, path: &str) -> Result<Value> {
        let body = self.get_text(path)?;
        serde_json::from_str(&body).with_context(|| format!("{path} answers {body}"))
    }

    /// GETs a path; anything but 200 is an error.
    pub fn get_text(&self, path: &str) -> Result<String> {
        let limit = Some(Duration::from_secs(5));
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(limit)?;
        stream.set_write_timeout(limit)?;
        // HTTP/1.0 keeps the answer free of chunks and ends it by closing.
        write!(stream, "GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").context("an answer without end of head")?;
        let status = head.split(' ').nth(1).context("an answer without status")?;
        if status != "200" {
            bail!("{path} answers {status}: {body}");
        }
        Ok(body.to_owned())
    }

    fn log_path(&self) -> PathBuf {
        self.folder.join("strait.log")
    }
}

impl Drop for Strait {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take()
            && child.kill().is_ok()
        {
            let _ended = child.wait();
        }
        if std::thread::panicking() {
            eprintln!("log of strait:\n{}", self.log_tail());
        }
    }
}

/// The executable under test: `STRAIT_BIN`, or the one built beside this test, or the newest of release and debug.
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("STRAIT_BIN") {
        return path.into();
    }
    let beside = std::env::current_exe().ok().and_then(|test| Some(test.parent()?.parent()?.join("strait")));
    let target = world::repository().join("target");
    let candidates = beside
        .into_iter()
        .chain(["release", "ci", "debug"].map(|profile| target.join(profile).join("strait")));
    candidates
        .into_iter()
        .find(|path| File::open(path).is_ok())
        .expect("no strait to test: build it with `cargo build --release`, or set STRAIT_BIN")
}

/// What a process has used, from /proc.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usage {
    /// User and system time, in seconds.
    pub cpu_seconds: f64,
    /// Peak resident set, in MiB.
    pub peak_mib: f64,
}

impl Usage {
    /// Of the process with this id.
    pub fn of(pid: u32) -> Result<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // The name in parentheses may hold spaces; fields are counted after it.
        let fields: Vec<_> = stat.rsplit_once(')').context("stat")?.1.split_whitespace().collect();
        let ticks: f64 = fields.get(11).context("utime")?.parse::<f64>()?
            + fields.get(12).context("stime")?.parse::<f64>()?;
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM")?;
        let kib: f64 = peak.trim().trim_end_matches(" kB").trim().parse()?;
        Ok(Self { cpu_seconds: ticks / 100.0, peak_mib: kib / 1024.0 })
    }
}
