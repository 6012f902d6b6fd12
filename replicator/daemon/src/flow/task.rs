//! Starts the parts of a flow, and starts them again after a failure of its clusters.

use std::sync::Arc;
use std::time::Duration;

use strait_client::{ClientError, Cluster};
use strait_replicator_core::lane::{Position, Settings};
use strait_replicator_core::selection::{FlowSelection, PatternError, TopicFilter};
use strait_wire::batch::DecompressionLimit;
use tokio::sync::{Notify, mpsc, watch};
use tracing::{info, warn};

use super::assignment::PartitionName;
use super::lane_task::{LaneParts, LaneTask};
use super::planner::{PlanError, Planner, position_key, position_value, producer_identity};
use crate::configuration::{self, Flow, Limits};
use crate::state_topic::{StateError, StateTopic};
use crate::status::DaemonStatus;

/// Between attempts to start a flow.
const RESTART_BACKOFF: Duration = Duration::from_secs(1);
/// What opening one batch may need.
const DECOMPRESSION_LIMIT: DecompressionLimit = DecompressionLimit(256 << 20);

/// What one flow runs on.
pub(crate) struct FlowParts {
    pub(crate) flow: Flow,
    pub(crate) source: configuration::Cluster,
    pub(crate) target: configuration::Cluster,
    pub(crate) limits: Limits,
    pub(crate) status: DaemonStatus,
}

#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error("source {alias}: {source}")]
    Source { alias: String, source: ClientError },
    #[error("target {alias}: {source}")]
    Target { alias: String, source: ClientError },
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Pattern(#[from] PatternError),
    #[error("{} = {}: allowed is {}", .0.key, .0.value, .0.allowed)]
    Configuration(configuration::Problem),
    #[error("{alias} tells no cluster id")]
    NoClusterId { alias: String },
}

/// Runs a flow on the current thread until `shutdown` says true.
pub(crate) async fn run(parts: FlowParts, mut shutdown: watch::Receiver<bool>) {
    let id = parts.flow.id();
    while !*shutdown.borrow() {
        let started = tokio::select! {
            started = start(&parts) => started,
            _ = shutdown.changed() => return,
        };
        match started {
            Ok(running) => {
                running.until_stopped(&mut shutdown).await;
                return;
            }
            Err(error) => {
                warn!(flow = %id, %error, "flow can't start, retrying");
                parts.status.update(&id, |flow| {
                    flow.state = "unreachable".to_owned();
                    flow.last_error = Some(error.to_string());
                });
            }
        }
        tokio::select! {
            () = tokio::time::sleep(RESTART_BACKOFF) => {}
            _ = shutdown.changed() => return,
        }
    }
}

struct Running {
    id: String,
    lane: LaneTask,
    planner: Planner,
    positions: PositionWriter,
}

impl Running {
    async fn until_stopped(self, shutdown: &mut watch::Receiver<bool>) {
        let planner = self.planner;
        let plan = async move {
            tokio::select! {
                () = planner.run() => {}
                // Dropping the planner closes the lane's assignments: it drains and ends.
                _ = shutdown.wait_for(|stop| *stop) => {}
            }
        };
        tokio::join!(plan, self.lane.run(), self.positions.run());
        info!(flow = %self.id, "flow is stopped");
    }
}

async fn start(parts: &FlowParts) -> Result<Running, StartError> {
    let flow = parts.flow.clone();
    let (source, target) = tokio::join!(connect(&parts.source), connect(&parts.target));
    let source = source.map_err(|error| StartError::Source { alias: flow.source.clone(), source: error })?;
    let target = target.map_err(|error| StartError::Target { alias: flow.target.clone(), source: error })?;
    let source_cluster_id =
        source.cluster_id().ok_or_else(|| StartError::NoClusterId { alias: flow.source.clone() })?;
    let state = Arc::new(StateTopic::open(target.clone(), flow.replication_factor).await?);
    let mut stored = state.load().await?;
    let identity = producer_identity(&state, &mut stored, &flow, &source_cluster_id, &target).await?;
    let (assignments, assigned) = mpsc::channel(1);
    let (changed, positions) = mpsc::channel(1);
    let refresh = Arc::new(Notify::new());
    let lane = LaneTask::new(LaneParts {
        flow: flow.id(),
        source: source.clone(),
        target: target.clone(),
        settings: Settings {
            producer_id: identity.producer_id,
            producer_epoch: identity.producer_epoch,
            window: parts.limits.requests_in_flight,
            queue_bytes: parts.limits.partition_fetch_bytes.saturating_mul(2),
            decompression_limit: DECOMPRESSION_LIMIT,
        },
        limits: parts.limits.clone(),
        position_interval: Duration::from_millis(flow.position_interval_ms),
        assignments: assigned,
        positions: changed,
        refresh: refresh.clone(),
        status: parts.status.clone(),
    });
    let positions = PositionWriter {
        flow: flow.clone(),
        source_cluster_id: source_cluster_id.clone(),
        state: state.clone(),
        changed: positions,
    };
    let planner = Planner {
        selection: FlowSelection {
            filter: TopicFilter::new(&flow.topics, &flow.topics_exclude)?,
            policy: flow.policy().map_err(StartError::Configuration)?,
            target_alias: flow.target.clone(),
            heartbeats: false,
        },
        source,
        target,
        source_cluster_id,
        state,
        stored,
        refresh,
        assignments,
        begun: std::collections::BTreeMap::new(),
        flow,
    };
    info!(flow = %planner.flow.id(), producer_id = identity.producer_id, "flow is started");
    Ok(Running { id: planner.flow.id(), lane, planner, positions })
}

async fn connect(cluster: &configuration::Cluster) -> Result<Cluster, ClientError> {
    Cluster::connect(cluster.client_config()).await
}

/// Writes positions to the state topic, one write at a time.
struct PositionWriter {
    flow: Flow,
    source_cluster_id: String,
    state: Arc<StateTopic>,
    changed: mpsc::Receiver<Vec<(PartitionName, Position)>>,
}

impl PositionWriter {
    async fn run(mut self) {
        while let Some(changed) = self.changed.recv().await {
            let records = changed.iter().map(|(name, position)| {
                (position_key(&self.flow, &self.source_cluster_id, name), position_value(position))
            });
            if let Err(error) = self.state.write(records.collect()).await {
                warn!(flow = %self.flow.id(), %error, "positions are not written, a restart reads more of the source");
            }
        }
    }
}
