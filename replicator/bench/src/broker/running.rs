//! A broker's process: Apache Kafka by the script of the tests, or ours.

use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde::Serialize;
use tempfile::TempDir;

use super::BrokerOptions;
use crate::error::BenchError;
use crate::peers::{BROKER_PROPERTIES, Peer, Peers};
use crate::{ports, process};

const START_LIMIT: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Whose broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BrokerKind {
    Strait,
    /// Another build of ours.
    Baseline,
    Kafka,
}

impl BrokerKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Strait => "strait",
            Self::Baseline => "baseline",
            Self::Kafka => "kafka",
        }
    }
}

/// A broker that runs on an empty folder. Dropping it ends it and removes its data.
pub(super) struct RunningBroker<'a> {
    pub(super) kind: BrokerKind,
    pub(super) address: String,
    pid: u32,
    _process: Process<'a>,
}

#[expect(dead_code, reason = "held to be dropped at the end")]
enum Process<'a> {
    Kafka(Peer<'a>),
    Strait(Own),
}

struct Own {
    child: Child,
    _folder: TempDir,
}

impl<'a> RunningBroker<'a> {
    pub(super) fn start(
        kind: BrokerKind,
        peers: &'a Peers,
        options: &BrokerOptions,
    ) -> Result<Self, BenchError> {
        match kind {
            BrokerKind::Kafka => {
                let (peer, address) = peers.start_broker("bench-broker")?;
                Ok(Self { kind, address, pid: peer.pid, _process: Process::Kafka(peer) })
            }
            BrokerKind::Strait => start_own(kind, peers, &options.setup.program),
            BrokerKind::Baseline => start_own(kind, peers, &options.baseline),
        }
    }

    pub(super) fn cpu_seconds(&self) -> Result<f64, BenchError> {
        process::cpu_seconds(self.pid)
    }

    /// Since the process began.
    pub(super) fn age_seconds(&self) -> Result<f64, BenchError> {
        process::age_seconds(self.pid)
    }

    pub(super) fn resident_bytes(&self) -> Result<u64, BenchError> {
        process::resident_bytes(self.pid)
    }

    pub(super) fn peak_resident_bytes(&self) -> Result<u64, BenchError> {
        process::peak_resident_bytes(self.pid)
    }
}

fn start_own<'a>(kind: BrokerKind, peers: &Peers, program: &Path) -> Result<RunningBroker<'a>, BenchError> {
    let folder = tempfile::Builder::new().prefix("own-broker-").tempdir_in(peers.folder());
    let folder = folder.map_err(|source| BenchError::File { path: peers.folder().to_owned(), source })?;
    let settings = folder.path().join("server.properties");
    std::fs::write(&settings, BROKER_PROPERTIES.join("\n"))
        .map_err(|source| BenchError::File { path: settings.clone(), source })?;
    let [port] = ports::free()?;
    let address = format!("127.0.0.1:{port}");
    let mut command = Command::new(program);
    command.arg("broker").arg("--data").arg(folder.path().join("data")).args(["--listen", &address]);
    command.arg("--config").arg(settings);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let spawned = command.spawn();
    let child =
        spawned.map_err(|source| BenchError::Spawn { program: program.display().to_string(), source })?;
    let pid = child.id();
    let own = Own { child, _folder: folder };
    wait_for_port(&address)?;
    Ok(RunningBroker { kind, address, pid, _process: Process::Strait(own) })
}

fn wait_for_port(address: &str) -> Result<(), BenchError> {
    let begun = Instant::now();
    while TcpStream::connect(address).is_err() {
        if begun.elapsed() > START_LIMIT {
            let (what, seen) = (format!("a broker on {address}"), "nobody listens".to_owned());
            return Err(BenchError::Deadline { what, after: START_LIMIT, seen });
        }
        std::thread::sleep(LOOK_AGAIN);
    }
    Ok(())
}

impl Drop for Own {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
