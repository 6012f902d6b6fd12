//! Apache Kafka and MirrorMaker 2 as processes, by the script `tests/peers/kafka`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::error::BenchError;
use crate::ports;

const VERSION: &str = "4.3.1";
const BROKER_HEAP: &str = "1g";
/// Nothing is deleted while it is measured; what is deleted between does not stay in memory.
pub(crate) const BROKER_PROPERTIES: [&str; 3] =
    ["log.retention.ms=-1", "log.retention.bytes=-1", "log.segment.delete.delay.ms=100"];

/// Where the clusters come from.
#[derive(Clone, Debug)]
pub struct Site {
    /// The script that starts Apache Kafka and MirrorMaker 2.
    pub script: PathBuf,
    /// Addresses of a source and a target that run already.
    pub running: Option<(String, String)>,
}

/// The script with a folder for its state, which goes away with it.
#[derive(Debug)]
pub(crate) struct Peers {
    script: PathBuf,
    folder: TempDir,
    libraries: PathBuf,
}

/// A process that the script started. Dropping it kills it and forgets its data.
#[derive(Debug)]
pub(crate) struct Peer<'a> {
    peers: &'a Peers,
    name: String,
    pub(crate) pid: u32,
}

impl Peers {
    pub(crate) fn new(script: &Path) -> Result<Self, BenchError> {
        let script = std::fs::canonicalize(script)
            .map_err(|source| BenchError::File { path: script.to_owned(), source })?;
        let folder = tempfile::Builder::new().prefix("strait-bench-").tempdir();
        let folder = folder.map_err(|source| BenchError::File { path: std::env::temp_dir(), source })?;
        let set = ["STRAIT_KAFKA_LIBS", "STRAIT_PEERS"].into_iter().find_map(std::env::var_os);
        let beside = script.ancestors().nth(3).unwrap_or(Path::new(".")).join("target/peers");
        let libraries = set.map_or(beside, PathBuf::from);
        Ok(Self { script, folder, libraries })
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts a one-node cluster; gives its address too.
    pub(crate) fn start_broker(&self, name: &str) -> Result<(Peer<'_>, String), BenchError> {
        let [port, side_port] = ports::free()?;
        let port_text = port.to_string();
        let mut command = self.command();
        command.env("HEAP", BROKER_HEAP).env("HEAP_MIN", BROKER_HEAP).env("SIDE_PORT", side_port.to_string());
        command.args(["start", name, &port_text]).args(BROKER_PROPERTIES);
        output(command)?;
        Ok((self.peer(name)?, format!("127.0.0.1:{port}")))
    }

    /// Starts MirrorMaker 2 on a file of properties.
    pub(crate) fn start_mirror_maker(&self, name: &str, properties: &Path) -> Result<Peer<'_>, BenchError> {
        let mut command = self.command();
        command.args(["mm2", name]).arg(properties);
        output(command)?;
        self.peer(name)
    }

    fn peer(&self, name: &str) -> Result<Peer<'_>, BenchError> {
        let mut peer = Peer { peers: self, name: name.to_owned(), pid: 0 };
        let answer = self.ask(&["pid", name])?;
        let unreadable = |_| BenchError::Script { command: format!("pid {name}"), output: answer.clone() };
        peer.pid = answer.trim().parse().map_err(unreadable)?;
        Ok(peer)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.script);
        command
            .env("VERSION", VERSION)
            .env("STRAIT_PEERS", self.folder.path())
            .env("STRAIT_KAFKA_LIBS", &self.libraries)
            .stdin(Stdio::null());
        command
    }

    /// Runs the script; gives what it prints.
    pub(crate) fn ask(&self, arguments: &[&str]) -> Result<String, BenchError> {
        let mut command = self.command();
        command.args(arguments);
        output(command)
    }
}

/// Runs a command to its end; gives what it prints.
pub(crate) fn output(mut command: Command) -> Result<String, BenchError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|source| BenchError::Spawn { program, source })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let [told, said] = [&output.stderr, &output.stdout].map(|bytes| String::from_utf8_lossy(bytes));
    let output = format!("{}\n{told}\n{said}", output.status);
    Err(BenchError::Script { command: format!("{command:?}"), output })
}

impl Peer<'_> {
    /// SIGTERM, and waits for its end; its data stays.
    pub(crate) fn stop(&self) -> Result<(), BenchError> {
        self.peers.ask(&["stop", &self.name]).map(drop)
    }

    pub(crate) fn log(&self) -> String {
        self.peers.ask(&["log", &self.name]).unwrap_or_else(|error| error.to_string())
    }
}

impl Drop for Peer<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.peers.ask(&["wipe", &self.name]) {
            tracing::warn!(name = %self.name, %error, "a process of the benchmark may still run");
        }
    }
}
