//! This daemon as a worker of groups, by target.

use std::sync::PoisonError;

use strait_client::Cluster;

use super::DaemonStatus;
use crate::state_topic::StateTopic;

/// A worker of the group at one target.
#[derive(Clone)]
pub(crate) struct WorkerStatus {
    pub(crate) group: String,
    /// Shares that it is to run.
    pub(crate) shares: usize,
    pub(crate) rebalances_total: u64,
    /// Whom to ask about the group, once the target was reached.
    pub(crate) handle: Option<WorkerHandle>,
}

/// Where the group is.
#[derive(Clone)]
pub(crate) struct WorkerHandle {
    pub(crate) cluster: Cluster,
    pub(crate) state: StateTopic,
}

impl std::fmt::Debug for WorkerStatus {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("WorkerStatus").field("group", &self.group).finish_non_exhaustive()
    }
}

impl WorkerStatus {
    pub(crate) fn new(group: &str) -> Self {
        Self { group: group.to_owned(), shares: 0, rebalances_total: 0, handle: None }
    }
}

impl DaemonStatus {
    pub(crate) fn add_worker(&self, target: &str, worker: WorkerStatus) {
        let mut workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        workers.insert(target.to_owned(), worker);
    }

    /// Changes one worker's status; unknown targets are ignored.
    pub(crate) fn update_worker(&self, target: &str, change: impl FnOnce(&mut WorkerStatus)) {
        let mut workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(worker) = workers.get_mut(target) {
            change(worker);
        }
    }

    /// With the aliases of their targets.
    pub(crate) fn workers(&self) -> Vec<(String, WorkerStatus)> {
        let workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        workers.iter().map(|(target, worker)| (target.clone(), worker.clone())).collect()
    }
}
