//! MirrorMaker 2 in its dedicated mode, and Connect, on which its connectors run too, through `tests/peers/kafka`.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::wait::{self, Attempt};
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
    command: &'static str,
    file: PathBuf,
}

impl MirrorMaker {
    /// Starts the current release on a properties file; `name` differs for each.
    pub fn start(name: &str, file: &Path) -> Result<Self> {
        Self::run("mm2", name, file)
    }

    /// Starts a worker of a Connect cluster on its properties file; connectors come afterwards.
    pub fn start_connect(name: &str, file: &Path) -> Result<Self> {
        Self::run("connect", name, file)
    }

    fn run(command: &'static str, name: &str, file: &Path) -> Result<Self> {
        let name = format!("{command}-{}-{name}", std::process::id());
        let made = Self { name, command, file: file.to_owned() };
        made.restart()?;
        Ok(made)
    }

    /// Starts it again on the same file, after it was stopped or killed.
    pub fn restart(&self) -> Result<()> {
        script(&[self.command, &self.name, &self.file.to_string_lossy()]).map(drop)
    }

    /// Makes a connector, as soon as the worker at this port of REST takes it.
    pub fn create_connector(&self, port: u16, connector: &Value, limit: Duration) -> Result<()> {
        let created = wait::until("Connect takes a connector", limit, || {
            let (status, body) = post(port, "/connectors", connector)?;
            match status.as_str() {
                "201" => Ok(Attempt::Done(())),
                _ => Ok(Attempt::NotYet(format!("{status}: {body}"))),
            }
        });
        created.with_context(|| self.log_tail())
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

/// POSTs JSON; gives status and body of the answer.
fn post(port: u16, path: &str, body: &Value) -> Result<(String, String)> {
    let (body, limit) = (body.to_string(), Some(Duration::from_secs(30)));
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(limit)?;
    stream.set_write_timeout(limit)?;
    let length = body.len();
    // HTTP/1.0 keeps the answer free of chunks and ends it by closing.
    write!(
        stream,
        "POST {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("an answer without end of head")?;
    let status = head.split(' ').nth(1).context("an answer without status")?;
    Ok((status.to_owned(), body.to_owned()))
}
