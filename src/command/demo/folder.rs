//! The demo's folder: data, logs, and a file that says which processes run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::Failure;

const NAME: &str = "strait-demo";
const RUNNING: &str = "running.json";

/// Process ids by name, and the demo's own.
#[derive(Default, Deserialize, Serialize)]
pub(super) struct Running {
    pub(super) demo: u32,
    pub(super) processes: BTreeMap<String, u32>,
}

/// A folder that one demo uses at a time.
pub(super) struct Folder {
    path: PathBuf,
    is_kept: bool,
}

impl Folder {
    /// The folder that was given, or one that goes away at the end.
    pub(super) fn at(kept: Option<PathBuf>) -> Self {
        let is_kept = kept.is_some();
        Self { path: kept.unwrap_or_else(|| std::env::temp_dir().join(NAME)), is_kept }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What a command must be told to find this folder.
    pub(super) fn option(&self) -> String {
        if self.is_kept { format!(" --keep {}", self.path.display()) } else { String::new() }
    }

    /// Makes the folder, unless a demo runs in it.
    pub(super) fn claim(&self) -> Result<(), Failure> {
        if let Some(running) = self.running().filter(|running| is_running(running.demo)) {
            let (path, id) = (self.path.display(), running.demo);
            let message =
                format!("error: a demo runs in {path} already (process {id}); --keep names another folder");
            return Err(Failure::WrongInput(message));
        }
        if !self.is_kept {
            self.release();
        }
        let made = std::fs::create_dir_all(&self.path);
        made.map_err(|error| Failure::WrongInput(format!("error: {}: {error}", self.path.display())))
    }

    /// Removes what is not to be kept.
    pub(super) fn release(&self) {
        let removed = match self.is_kept {
            true => std::fs::remove_file(self.path.join(RUNNING)),
            false => std::fs::remove_dir_all(&self.path),
        };
        if let Err(error) = removed
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(folder = %self.path.display(), %error, "the demo's folder can't be cleaned");
        }
    }

    /// Says which processes run.
    pub(super) fn write(&self, processes: BTreeMap<String, u32>) -> anyhow::Result<()> {
        let running = Running { demo: std::process::id(), processes };
        Ok(std::fs::write(self.path.join(RUNNING), serde_json::to_vec_pretty(&running)?)?)
    }

    fn running(&self) -> Option<Running> {
        serde_json::from_slice(&std::fs::read(self.path.join(RUNNING)).ok()?).ok()
    }

    /// SIGKILL for a process of the demo that runs in this folder.
    pub(super) fn kill(&self, name: &str) -> Result<(), Failure> {
        let running = self.running().filter(|running| is_running(running.demo));
        let Some(running) = running else {
            let message =
                format!("error: no demo runs in {}; --keep names another folder", self.path.display());
            return Err(Failure::WrongInput(message));
        };
        let Some(id) = running.processes.get(name) else {
            let names: Vec<&str> = running.processes.keys().map(String::as_str).collect();
            let message = format!("error: {name}: allowed are {}", names.join(", "));
            return Err(Failure::WrongInput(message));
        };
        let killed = Command::new("kill").args(["-KILL", &id.to_string()]).status();
        match killed {
            Ok(status) if status.success() => {
                println!("{name} (process {id}) is killed; the demo starts it again");
                Ok(())
            }
            Ok(status) => Err(Failure::Failed(anyhow::anyhow!("kill {id}: {status}"))),
            Err(error) => Err(Failure::Failed(error.into())),
        }
    }
}

fn is_running(id: u32) -> bool {
    Path::new("/proc").join(id.to_string()).exists()
}
