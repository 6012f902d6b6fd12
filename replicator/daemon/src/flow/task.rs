//! Starts the parts of a flow, and starts them again after a failure of its clusters.

// Why one can't start.
mod error;
// What is done once for the flow.
mod once;
// Its tasks, on clusters that are ready.
mod start;

use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use strait_client::{ClientError, Cluster};
use strait_replicator_core::lane::StateName;
use strait_replicator_core::shares::Part;
use tokio::sync::watch;
use tracing::{error, info, warn};

use super::lane::{LaneEnd, LaneTask};
use super::owner::Ownership;
use super::planner::Planner;
use super::provenance::Ends;
use super::witness::Witness;
use crate::configuration::{self, Flow, Limits};
use crate::state_topic::StateTopic;
use crate::status::DaemonStatus;
use crate::store::Store;
use error::StartError;

/// Between attempts to start a flow.
const RESTART_BACKOFF: Duration = Duration::from_secs(1);

/// What a part of a flow runs on.
#[derive(Clone)]
pub(crate) struct FlowParts {
    pub(crate) flow: Flow,
    /// What of the flow runs.
    pub(crate) part: Part,
    /// Who saw signs of life of other instances.
    pub(crate) witness: Witness,
    pub(crate) instance: String,
    pub(crate) source: configuration::Cluster,
    pub(crate) target: configuration::Cluster,
    pub(crate) limits: Limits,
    pub(crate) status: DaemonStatus,
    pub(crate) store: Option<Store>,
}

/// How a part of a flow ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It was told to.
    Stopped,
    /// Another instance has taken it over.
    Fenced,
}

/// Runs a part of a flow on the current thread until `shutdown` says true, or another instance takes it over.
pub(crate) async fn run(parts: FlowParts, mut shutdown: watch::Receiver<bool>) -> Ended {
    let part = &parts.part;
    if parts.flow.paused {
        info!(flow = %part, "flow is paused");
        parts.status.update_part(part, |part| part.state = StateName::Paused);
        return Ended::Stopped;
    }
    while !*shutdown.borrow() {
        match parts.attempt(&mut shutdown).await {
            Ok(LaneEnd::Stopped) => return Ended::Stopped,
            Ok(LaneEnd::Fenced) => {
                error!(flow = %part, "fenced: another instance copies this flow, this one has stopped");
                parts.status.update_part(part, |part| part.stop_all(StateName::Fenced));
                return Ended::Fenced;
            }
            Ok(LaneEnd::MustReload) => info!(flow = %part, "flow starts again from the state topic"),
            Err(error) => parts.show_failure(&error),
        }
        tokio::select! {
            () = tokio::time::sleep(RESTART_BACKOFF) => {}
            _ = shutdown.changed() => return Ended::Stopped,
        }
    }
    Ended::Stopped
}

impl FlowParts {
    /// Claims the part and runs it until something ends it.
    async fn attempt(&self, shutdown: &mut watch::Receiver<bool>) -> Result<LaneEnd, StartError> {
        let stopped = async |stop: &mut watch::Receiver<bool>| {
            // An error means that the sender is gone: stop too.
            let _ = stop.wait_for(|stop| *stop).await;
        };
        let (clusters, ownership) = tokio::select! {
            claimed = claim(self) => claimed?,
            () = stopped(shutdown) => return Ok(LaneEnd::Stopped),
        };
        let started = tokio::select! {
            started = start::start(self, clusters, &ownership) => started?,
            () = stopped(shutdown) => {
                ownership.release().await;
                return Ok(LaneEnd::Stopped);
            }
        };
        Ok(started.until_stopped(ownership, shutdown).await)
    }

    /// Says why the flow can't start: in the log when the reason is another one than before.
    fn show_failure(&self, error: &StartError) {
        let (name, reason) = (&self.part, error.to_string());
        self.status.update_part(name, |part| {
            part.state =
                if error.is_unauthorized() { StateName::Unauthorized } else { StateName::Unreachable };
            if part.last_error.as_ref() != Some(&reason) {
                warn!(flow = %name, error = %reason, "flow can't start, retrying each {RESTART_BACKOFF:?}");
                part.last_error = Some(reason);
            }
        });
    }
}

struct Running {
    part: Part,
    lane: LaneTask,
    planner: Planner,
    state: StateTopic,
    /// What is done once for the flow.
    beside: LocalBoxFuture<'static, ()>,
}

impl Running {
    async fn until_stopped(self, mut ownership: Ownership, shutdown: &mut watch::Receiver<bool>) -> LaneEnd {
        let planner = self.planner;
        let plan = async move {
            tokio::select! {
                () = planner.run() => {}
                // Dropping the planner closes the lane's assignments: it drains and ends.
                _ = shutdown.wait_for(|stop| *stop) => {}
            }
        };
        let copy = async {
            tokio::select! {
                (_, end) = async { tokio::join!(plan, self.lane.run()) } => end,
                () = self.beside => LaneEnd::MustReload,
            }
        };
        tokio::pin!(copy);
        let mut end = tokio::select! {
            end = &mut copy => end,
            // Fenced: the lane sees it by its lease and ends without a drain.
            () = ownership.keep() => copy.await,
        };
        // Who took the flow over fences our transactions too, which may be seen first.
        if end == LaneEnd::MustReload && ownership.is_fenced().await {
            end = LaneEnd::Fenced;
        }
        if end == LaneEnd::Stopped {
            ownership.release().await;
            self.state.refresh_copy().await;
        }
        info!(flow = %self.part, ?end, "flow is stopped");
        end
    }
}

/// The clusters of a flow, by connections of its part's own, and the state topic.
struct Ready {
    ends: Ends,
    state: StateTopic,
}

/// Connects, and waits until the part is this instance's.
async fn claim(parts: &FlowParts) -> Result<(Ready, Ownership), StartError> {
    let flow = &parts.flow;
    let (source, target) = tokio::join!(connect(&parts.source), connect(&parts.target));
    let source = source.map_err(|error| StartError::Source { alias: flow.source.clone(), source: error })?;
    let target = target.map_err(|error| StartError::Target { alias: flow.target.clone(), source: error })?;
    let cluster_id = |cluster: &Cluster, alias: &str| {
        cluster.cluster_id().ok_or_else(|| StartError::NoClusterId { alias: alias.to_owned() })
    };
    let source_cluster_id = cluster_id(&source, &flow.source)?;
    let target_cluster_id = cluster_id(&target, &flow.target)?;
    let state = StateTopic::open(target.clone(), flow.replication_factor, parts.store.clone()).await?;
    let (part, instance, witness) = (parts.part.clone(), parts.instance.clone(), parts.witness.clone());
    let acquired = Ownership::acquire(state.clone(), part, instance, witness, |owner| {
        parts.status.update_part(&parts.part, |part| {
            part.stop_all(StateName::Standby);
            part.last_error = Some(format!("instance {owner} owns the flow"));
        });
    });
    let ownership = acquired.await?;
    let ends = Ends { source, source_cluster_id, target, target_cluster_id };
    Ok((Ready { ends, state }, ownership))
}

async fn connect(cluster: &configuration::Cluster) -> Result<Cluster, ClientError> {
    Cluster::connect(cluster.client_config()).await
}
