//! A `strait broker` that runs, or ran. Dropping it kills it.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rdkafka::consumer::{BaseConsumer, Consumer};
use strait_cluster_tests::wait::{self, Attempt};
use strait_cluster_tests::{binary, ports, topic};

const START_LIMIT: Duration = Duration::from_secs(30);
const STOP_LIMIT: Duration = Duration::from_secs(20);

pub(crate) struct Broker {
    folder: PathBuf,
    port: u16,
    http_port: u16,
    properties: Vec<String>,
    /// By an option, not by the properties.
    listens_by_option: bool,
    child: Option<Child>,
}

impl Broker {
    /// Starts a broker on a new folder and waits until it answers. `properties` are Kafka's, each `key=value`.
    pub(crate) fn start(folder: &Path, properties: &[&str]) -> Result<Self> {
        let properties = properties.iter().map(|property| (*property).to_owned()).collect();
        Self::new(folder, ports::free(), properties, true)
    }

    /// The same with listeners that the properties name; `port` is that of a plain one.
    pub(crate) fn start_listening(folder: &Path, port: u16, properties: Vec<String>) -> Result<Self> {
        Self::new(folder, port, properties, false)
    }

    fn new(folder: &Path, port: u16, properties: Vec<String>, listens_by_option: bool) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let (folder, http_port) = (folder.to_owned(), ports::free());
        let mut broker = Self { folder, port, http_port, properties, listens_by_option, child: None };
        broker.restart()?;
        Ok(broker)
    }

    /// Starts it again on its data.
    pub(crate) fn restart(&mut self) -> Result<()> {
        assert!(self.child.is_none(), "the broker runs already");
        let config = self.folder.join("server.properties");
        fs::write(&config, self.properties.join("\n"))?;
        let log = OpenOptions::new().create(true).append(true).open(self.folder.join("broker.log"))?;
        let mut command = Command::new(binary::path());
        command.arg("broker").arg("--data").arg(self.folder.join("data"));
        if self.listens_by_option {
            command.arg("--listen").arg(self.address());
        }
        command.arg("--http").arg(self.http_address());
        command.arg("--config").arg(&config).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        self.child = Some(command.spawn().with_context(|| format!("starting {}", binary::path().display()))?);
        let consumer: BaseConsumer = topic::client(&self.address()).create()?;
        wait::until("the broker answers", START_LIMIT, || {
            let metadata = consumer.fetch_metadata(None, Duration::from_secs(2))?;
            Ok(match metadata.brokers().len() {
                0 => Attempt::NotYet("metadata without brokers".to_owned()),
                _ => Attempt::Done(()),
            })
        })
        .with_context(|| self.log())
    }

    /// Its process.
    pub(crate) fn process_id(&self) -> Result<u32> {
        Ok(self.child.as_ref().context("the broker does not run")?.id())
    }

    /// Its bootstrap address.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Where it tells of its health.
    pub(crate) fn http_address(&self) -> String {
        format!("127.0.0.1:{}", self.http_port)
    }

    /// The folder of its data.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) -> Result<()> {
        let mut child = self.child.take().context("the broker does not run")?;
        if let Some(status) = child.try_wait()? {
            bail!("the broker ended by itself ({status}):\n{}", self.log());
        }
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// SIGTERM, and waits for a good end.
    pub(crate) fn stop(&mut self) -> Result<()> {
        let mut child = self.child.take().context("the broker does not run")?;
        Command::new("kill").arg("-TERM").arg(child.id().to_string()).status()?;
        let ended = wait::until("the broker ends after SIGTERM", STOP_LIMIT, || {
            Ok(child.try_wait()?.map_or_else(|| Attempt::NotYet("it runs".to_owned()), Attempt::Done))
        });
        match ended {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => bail!("the broker ended with {status}:\n{}", self.log()),
            Err(error) => {
                child.kill()?;
                child.wait()?;
                Err(error)
            }
        }
    }

    /// What it logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.join("broker.log")).unwrap_or_default()
    }

    /// Runs one of Kafka's tools of release 4.3.1 and gives what it printed.
    pub(crate) fn tool(&self, class: &str, arguments: &[&str]) -> Result<String> {
        self.tool_with_input(class, arguments, "")
    }

    /// The same with something on its standard input.
    pub(crate) fn tool_with_input(&self, class: &str, arguments: &[&str], input: &str) -> Result<String> {
        self.tool_at(&self.address(), class, arguments, input)
    }

    /// The same with another bootstrap address.
    pub(crate) fn tool_at(
        &self,
        address: &str,
        class: &str,
        arguments: &[&str],
        input: &str,
    ) -> Result<String> {
        let input_file = self.folder.join("input");
        fs::write(&input_file, input)?;
        let script = strait_cluster_tests::world::repository().join("tests/peers/kafka");
        let output = Command::new("timeout")
            .arg("60")
            .arg(script)
            .args(["tool", class, "--bootstrap-server", address])
            .args(arguments)
            .env("VERSION", "4.3.1")
            .stdin(fs::File::open(input_file)?)
            .output()?;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            bail!("{class}: {printed}{}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(printed)
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            eprintln!("log of the broker:\n{}", self.log());
        }
    }
}
