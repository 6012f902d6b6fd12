//! One-node clusters of a real Apache Kafka, through `tests/peers/kafka`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::own_broker::OwnBroker;
use crate::wait::Attempt;
use crate::{access, ports, topic, wait, world};

/// A release of Apache Kafka, and how it keeps its metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release {
    /// As Maven names it.
    pub version: &'static str,
    /// `kraft` or `zookeeper`.
    pub mode: &'static str,
}

/// Kafka 4.3.1.
pub const CURRENT: Release = Release { version: "4.3.1", mode: "kraft" };
/// Kafka 3.9.2 with KRaft.
pub const KRAFT_3_9: Release = Release { version: "3.9.2", mode: "kraft" };
/// Kafka 3.9.2 with ZooKeeper.
pub const ZOOKEEPER_3_9: Release = Release { version: "3.9.2", mode: "zookeeper" };
/// Kafka 2.8.2 with ZooKeeper.
pub const ZOOKEEPER_2_8: Release = Release { version: "2.8.2", mode: "zookeeper" };

/// `strait broker`.
pub const OURS: Release = Release { version: "ours", mode: "broker" };

const RELEASES: [Release; 5] = [CURRENT, KRAFT_3_9, ZOOKEEPER_3_9, ZOOKEEPER_2_8, OURS];
/// What `tests/peers/kafka` sets at every broker and tests rely on.
const COMMON: [&str; 4] = [
    "auto.create.topics.enable=false",
    "group.initial.rebalance.delay.ms=0",
    "offsets.topic.num.partitions=5",
    "transaction.state.log.num.partitions=5",
];

/// What tests of the copy read from: what `STRAIT_SOURCE` names, a version or `ours`; Kafka 4.3.1 by default.
pub fn source() -> Release {
    chosen("STRAIT_SOURCE")
}

/// What tests of the copy write to: what `STRAIT_TARGET` names, a version or `ours`; Kafka 4.3.1 by default.
pub fn target() -> Release {
    chosen("STRAIT_TARGET")
}

/// Panics on a name that is none of a release.
fn chosen(variable: &str) -> Release {
    let Ok(name) = env::var(variable) else { return CURRENT };
    let found = RELEASES.into_iter().find(|release| release.version == name);
    found.unwrap_or_else(|| panic!("{variable}={name}: no such release, only {RELEASES:?}"))
}

static STARTED: AtomicU32 = AtomicU32::new(0);

/// A running cluster of one broker. Dropping it kills it and forgets its data.
#[derive(Debug)]
pub struct Kafka {
    name: String,
    release: Release,
    port: u16,
    side_port: u16,
    /// Of the listener for people with names, where there is one.
    secured_port: Option<u16>,
    own: Option<OwnBroker>,
}

impl Kafka {
    /// Starts a new, empty cluster and waits until it answers.
    pub fn start(release: Release) -> Result<Self> {
        Self::start_with(release, &[])
    }

    /// Starts a cluster with more broker properties, each `key=value`.
    pub fn start_with(release: Release, properties: &[&str]) -> Result<Self> {
        let broker = Self::new(release);
        broker.launch(properties)?;
        Ok(broker)
    }

    /// Starts a KRaft cluster with access rules. The harness is a super user; who gives no name is `User:ANONYMOUS`.
    pub fn start_secured(release: Release) -> Result<Self> {
        Self::start_secured_with(release, &[])
    }

    /// The same with more broker properties.
    pub fn start_secured_with(release: Release, more: &[&str]) -> Result<Self> {
        let mut broker = Self::new(release);
        broker.secured_port = Some(ports::free());
        let mut properties = access::properties(broker.port, broker.side_port, broker.secured_port);
        properties.extend(more.iter().map(|property| (*property).to_owned()));
        broker.launch(&properties.iter().map(String::as_str).collect::<Vec<_>>())?;
        Ok(broker)
    }

    fn new(release: Release) -> Self {
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let name = format!("test-{}-{number}-{}-{}", std::process::id(), release.version, release.mode);
        let (port, side_port) = (ports::free(), ports::free());
        let own = (release == OURS).then(|| OwnBroker::new(port));
        Self { name, release, port, side_port, secured_port: None, own }
    }

    fn launch(&self, properties: &[&str]) -> Result<()> {
        if let Some(own) = &self.own {
            own.configure(&[&COMMON, properties].concat())?;
        }
        let port = self.port.to_string();
        let mut arguments = vec!["start", &self.name, &port];
        arguments.extend(properties);
        self.script(&arguments)?;
        self.wait_ready()
    }

    /// Its bootstrap address for the harness.
    pub fn address(&self) -> String {
        match self.secured_port {
            Some(port) => access::address(port),
            None => self.open_address(),
        }
    }

    /// Its bootstrap address for whoever gives no name.
    pub fn open_address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// What it runs.
    pub fn release(&self) -> Release {
        self.release
    }

    /// SIGKILL.
    pub fn kill(&self) -> Result<()> {
        self.script(&["kill", &self.name])
    }

    /// SIGTERM, and waits for its end.
    pub fn stop(&self) -> Result<()> {
        self.script(&["stop", &self.name])
    }

    /// Starts it again on its data and waits until it answers.
    pub fn restart(&self) -> Result<()> {
        self.script(&["restart", &self.name])?;
        self.wait_ready()
    }

    /// Waits until the broker is in its own metadata.
    pub fn wait_ready(&self) -> Result<()> {
        let consumer: BaseConsumer = topic::client(&self.address()).create()?;
        wait::until(&format!("{} answers", self.name), Duration::from_secs(60), || {
            let metadata = consumer.fetch_metadata(None, Duration::from_secs(2))?;
            Ok(match metadata.brokers().len() {
                0 => Attempt::NotYet("metadata without brokers".to_owned()),
                _ => Attempt::Done(()),
            })
        })
    }

    /// The folder of its properties, log and data.
    pub fn folder(&self) -> Result<PathBuf> {
        if let Some(own) = &self.own {
            return Ok(own.folder());
        }
        let output = self.command().args(["dir", &self.name]).output()?;
        Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
    }

    /// Copies the data of a stopped broker to `copy`.
    pub fn save_data(&self, copy: &Path) -> Result<()> {
        copy_folder(&self.folder()?.join("data"), copy)
    }

    /// Puts a copy back in place of the data of a stopped broker.
    pub fn load_data(&self, copy: &Path) -> Result<()> {
        let data = self.folder()?.join("data");
        fs::remove_dir_all(&data)?;
        copy_folder(copy, &data)
    }

    /// Runs one of Kafka's own tools of the same release and gives what it printed.
    pub fn tool(&self, class: &str, arguments: &[&str]) -> Result<String> {
        let output = self.command().arg("tool").arg(class).args(arguments).output()?;
        if !output.status.success() {
            bail!("{class}: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn script(&self, arguments: &[&str]) -> Result<()> {
        if let (Some(own), Some(action)) = (&self.own, arguments.first()) {
            return own.act(action);
        }
        let output =
            self.command().args(arguments).stdin(Stdio::null()).output().context("tests/peers/kafka")?;
        if !output.status.success() {
            bail!("tests/peers/kafka {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }

    fn command(&self) -> Command {
        // Kafka's tools speak to our broker too.
        let release = if self.own.is_some() { CURRENT } else { self.release };
        let mut command = Command::new(world::repository().join("tests/peers/kafka"));
        command
            .env("VERSION", release.version)
            .env("MODE", release.mode)
            .env("SIDE_PORT", self.side_port.to_string());
        command
    }
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let place = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy_folder(&entry.path(), &place)?,
            false => {
                fs::copy(entry.path(), place)?;
            }
        }
    }
    Ok(())
}

impl Drop for Kafka {
    fn drop(&mut self) {
        if std::thread::panicking() && std::env::var_os("STRAIT_KEEP").is_some() {
            eprintln!("{} keeps running at {}", self.name, self.address());
        } else if let Err(error) = self.script(&["wipe", &self.name]) {
            eprintln!("{error:#}");
        }
    }
}
