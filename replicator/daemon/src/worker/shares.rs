//! The shares that run here, each on a thread of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;

use strait_replicator_core::lane::StateName;
use strait_replicator_core::shares::Part;
use tokio::sync::watch;
use tracing::{error, warn};

use crate::daemon::spawn_part;
use crate::flow::{Ended, FlowParts};
use crate::status::DaemonStatus;

/// All shares of the worker's flows, and which of them run.
pub(super) struct Shares {
    all: BTreeMap<Part, FlowParts>,
    wanted: BTreeSet<Part>,
    running: BTreeMap<Part, Running>,
    /// Others took these over: they are not claimed again before the group has confirmed that they are ours.
    fenced: BTreeSet<Part>,
    status: DaemonStatus,
}

struct Running {
    stop: watch::Sender<bool>,
    thread: thread::JoinHandle<Ended>,
}

impl Shares {
    pub(super) fn new(all: BTreeMap<Part, FlowParts>, status: DaemonStatus) -> Self {
        let (wanted, running, fenced) = (BTreeSet::new(), BTreeMap::new(), BTreeSet::new());
        Self { all, wanted, running, fenced, status }
    }

    pub(super) fn wanted(&self) -> &BTreeSet<Part> {
        &self.wanted
    }

    /// Stops what is not wanted; `start` starts the others.
    pub(super) fn want(&mut self, wanted: BTreeSet<Part>) {
        self.wanted = wanted;
        for (_, running) in self.running.iter().filter(|(part, _)| !self.wanted.contains(part)) {
            running.stop.send_replace(true);
        }
        self.fenced.retain(|part| self.wanted.contains(part));
    }

    /// Takes in what ended.
    pub(super) fn reap(&mut self) {
        let ended = self.running.iter().filter(|(_, running)| running.thread.is_finished());
        let ended: Vec<Part> = ended.map(|(part, _)| part.clone()).collect();
        for part in ended {
            let Some(running) = self.running.remove(&part) else { continue };
            self.on_ended(&part, running.thread.join());
        }
    }

    fn on_ended(&mut self, part: &Part, joined: thread::Result<Ended>) {
        match joined {
            Ok(Ended::Stopped) => {}
            Ok(Ended::Fenced) => drop(self.fenced.insert(part.clone())),
            Err(_) => error!(flow = %part, "flow ended in a panic, it is started again"),
        }
        if !self.wanted.contains(part) {
            self.fenced.remove(part);
            self.status.remove_part(part);
        }
    }

    /// The group still has this worker: what was fenced may be claimed again.
    pub(super) fn confirm(&mut self) {
        self.fenced.clear();
    }

    /// Starts what is wanted and does not run.
    pub(super) fn start(&mut self) {
        for part in self.wanted.difference(&self.fenced) {
            let Some(parts) = self.all.get(part).filter(|_| !self.running.contains_key(part)) else {
                continue;
            };
            let (stop, stopped) = watch::channel(false);
            match spawn_part(parts.clone(), stopped) {
                Ok(thread) => drop(self.running.insert(part.clone(), Running { stop, thread })),
                Err(error) => warn!(flow = %part, %error, "its thread can't be started, retrying"),
            }
        }
    }

    /// Stops all and waits until they have ended. Who was fenced shows it from then on.
    pub(super) async fn stop(&mut self, is_fenced: bool) {
        self.want(BTreeSet::new());
        for (part, running) in std::mem::take(&mut self.running) {
            match tokio::task::spawn_blocking(move || running.thread.join()).await {
                Ok(joined) => self.on_ended(&part, joined),
                Err(error) => error!(flow = %part, %error, "its thread can't be waited for"),
            }
        }
        for part in self.all.keys().filter(|part| is_fenced && part.is_first()) {
            self.status.update_part(part, |part| part.stop_all(StateName::Fenced));
        }
    }
}
