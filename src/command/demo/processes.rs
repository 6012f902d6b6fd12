//! The demo's processes, each of this same program. One that ends is started again.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use super::folder::Folder;
use crate::screen;

const START_LIMIT: Duration = Duration::from_secs(30);
const STOP_LIMIT: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// How long a process that was killed stays away.
const AWAY: Duration = Duration::from_secs(3);
/// Ports that are taken where they are free.
const PORTS: [u16; 3] = [19_092, 19_192, 18_080];

/// One process and how it is started.
struct Process {
    name: &'static str,
    address: String,
    arguments: Vec<String>,
    log: PathBuf,
    child: Child,
    ended_at: Option<Instant>,
}

pub(super) struct Processes {
    processes: Vec<Process>,
    folder: PathBuf,
}

impl Processes {
    /// Starts both brokers and the replicator, and waits until they listen.
    pub(super) async fn start(folder: &Folder) -> anyhow::Result<Self> {
        let [east, west, http] = [free_port(PORTS[0])?, free_port(PORTS[1])?, free_port(PORTS[2])?];
        let path = folder.path();
        let broker = |name: &str, address: &str| {
            let data = path.join(name).display().to_string();
            ["broker", "--data", &data, "--listen", address, "--partitions", "3"].map(str::to_owned).to_vec()
        };
        let config = path.join("strait.toml");
        std::fs::write(&config, configuration(&east, &west, &http)).context("strait.toml")?;
        let replicate = ["replicate", "--config", &config.display().to_string()].map(str::to_owned).to_vec();
        let mut started = Self { processes: Vec::new(), folder: path.to_owned() };
        started.add("east", east.clone(), broker("east", &east))?;
        started.add("west", west.clone(), broker("west", &west))?;
        started.wait_for(2).await?;
        started.add("strait", http, replicate)?;
        started.wait_for(3).await?;
        started.write()?;
        Ok(started)
    }

    fn add(&mut self, name: &'static str, address: String, arguments: Vec<String>) -> anyhow::Result<()> {
        let log = self.folder.join(format!("{name}.log"));
        let child = spawn(&arguments, &log)?;
        self.processes.push(Process { name, address, arguments, log, child, ended_at: None });
        Ok(())
    }

    async fn wait_for(&mut self, count: usize) -> anyhow::Result<()> {
        let begun = Instant::now();
        for process in &mut self.processes[..count] {
            while TcpStream::connect(&process.address).is_err() {
                if let Some(status) = process.child.try_wait()? {
                    bail!("{} ended with {status}, its log is {}", process.name, process.log.display());
                }
                if begun.elapsed() > START_LIMIT {
                    bail!("{} does not listen on {}", process.name, process.address);
                }
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        }
        Ok(())
    }

    fn write(&self) -> anyhow::Result<()> {
        let ids: BTreeMap<String, u32> =
            self.processes.iter().map(|process| (process.name.to_owned(), process.child.id())).collect();
        Folder::at(Some(self.folder.clone())).write(ids)
    }

    fn address(&self, name: &str) -> &str {
        let found = self.processes.iter().find(|process| process.name == name);
        found.map_or("", |process| process.address.as_str())
    }

    pub(super) fn east(&self) -> &str {
        self.address("east")
    }

    pub(super) fn west(&self) -> &str {
        self.address("west")
    }

    pub(super) fn http(&self) -> String {
        format!("http://{}", self.address("strait"))
    }

    /// Starts processes again that ended some seconds ago.
    pub(super) fn keep_running(&mut self) -> anyhow::Result<()> {
        let mut is_changed = false;
        for process in &mut self.processes {
            match process.ended_at {
                Some(ended_at) if ended_at.elapsed() >= AWAY => {
                    process.child = spawn(&process.arguments, &process.log)?;
                    process.ended_at = None;
                    is_changed = true;
                    screen::say(&format!("{} is started again", process.name))?;
                }
                Some(_) => {}
                None => {
                    if let Some(status) = process.child.try_wait()? {
                        screen::say(&format!("{} has ended ({status})", process.name))?;
                        process.ended_at = Some(Instant::now());
                    }
                }
            }
        }
        if is_changed { self.write() } else { Ok(()) }
    }

    /// Which of them run.
    pub(super) fn states(&self) -> String {
        let state = |process: &Process| match process.ended_at {
            None => format!("{} runs", process.name),
            Some(_) => format!("{} is DOWN", process.name),
        };
        self.processes.iter().map(state).collect::<Vec<_>>().join(", ")
    }

    /// Ends all of them in good order, the replicator first.
    pub(super) fn stop(&mut self) {
        for process in self.processes.iter_mut().rev() {
            let _ = Command::new("kill").arg(process.child.id().to_string()).stderr(Stdio::null()).status();
            let begun = Instant::now();
            while matches!(process.child.try_wait(), Ok(None)) && begun.elapsed() < STOP_LIMIT {
                std::thread::sleep(LOOK_AGAIN);
            }
        }
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        for process in &mut self.processes {
            let _ = process.child.kill();
            let _ = process.child.wait();
        }
    }
}

fn spawn(arguments: &[String], log: &std::path::Path) -> anyhow::Result<Child> {
    let log = OpenOptions::new().create(true).append(true).open(log)?;
    let program = std::env::current_exe()?;
    let mut command = Command::new(&program);
    command.args(arguments).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    // Of its own, so that Ctrl-C ends the demo, and the demo ends the others when it has seen that all was copied.
    command.process_group(0);
    command.spawn().with_context(|| format!("starting {}", program.display()))
}

/// The port that was asked for, or any free one.
fn free_port(wanted: u16) -> anyhow::Result<String> {
    let listener = TcpListener::bind(("127.0.0.1", wanted)).or_else(|_| TcpListener::bind("127.0.0.1:0"))?;
    Ok(listener.local_addr()?.to_string())
}

fn configuration(east: &str, west: &str, http: &str) -> String {
    format!(
        "[http]\nlisten = \"{http}\"\n\n[clusters.east]\nbootstrap = [\"{east}\"]\n\n[clusters.west]\nbootstrap = [\"{west}\"]\n\n\
         [[flows]]\nsource = \"east\"\ntarget = \"west\"\ntopics = ['orders']\ngroup_interval_ms = 1000\n"
    )
}
