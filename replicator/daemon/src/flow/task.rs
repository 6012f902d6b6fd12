//! Starts the parts of a flow, and starts them again after a failure of its clusters.

// Why one can't start.
mod error;

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use strait_client::{ClientError, Cluster};
use strait_replicator_core::acl_plan::AclRules;
use strait_replicator_core::lane::{Settings, StateName};
use strait_replicator_core::principal_plan::PrincipalRules;
use strait_replicator_core::shares::Part;
use strait_replicator_core::topic_plan::TopicRules;
use strait_wire::batch::DecompressionLimit;
use tokio::sync::{Mutex, Notify, mpsc, watch};
use tracing::{error, info, warn};

use super::acls::{AclParts, AclTask};
use super::elsewhere::Elsewhere;
use super::groups::{GroupParts, GroupTask};
use super::handle::FlowHandle;
use super::heartbeats;
use super::lane::{LaneEnd, LaneParts, LaneTask};
use super::loading;
use super::map_topic::MapTopic;
use super::owner::Ownership;
use super::planner::{Planner, PlannerParts};
use super::principals::{self, PrincipalParts};
use super::provenance::{Ends, Provenance};
use super::take_over::TakeOver;
use super::translation::Translator;
use super::witness::Witness;
use crate::configuration::{self, Flow, Limits, OffsetSyncs};
use crate::internal_topic::InternalTopic;
use crate::state_topic::StateTopic;
use crate::status::DaemonStatus;
use crate::store::Store;
use error::StartError;

/// Between attempts to start a flow.
const RESTART_BACKOFF: Duration = Duration::from_secs(1);
/// Questions about groups that wait for an answer.
const QUESTIONS_WAITING: usize = 8;
/// With so many Connect makes its topic of positions (`offset.storage.partitions`).
const POSITION_PARTITIONS: i32 = 25;
/// What opening one batch may need.
const DECOMPRESSION_LIMIT: DecompressionLimit = DecompressionLimit(256 << 20);

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
            started = start(self, clusters, &ownership) => started?,
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

async fn start(
    parts: &FlowParts,
    Ready { ends, state }: Ready,
    ownership: &Ownership,
) -> Result<Running, StartError> {
    let (flow, part, generation) = (parts.flow.clone(), parts.part.clone(), ownership.generation);
    let id = flow.id();
    let Ends { source, source_cluster_id, target, target_cluster_id } = ends.clone();
    let map_topic = MapTopic::new(
        target.clone(),
        state.offset_map(),
        flow.replication_factor,
        id.clone(),
        source_cluster_id.clone(),
    );
    let loaded = loading::load(&state, &map_topic, &flow, (&part, generation), &ends).await?;
    let take_over = TakeOver::read(&flow, &source, &target).await?.map(Rc::new);
    let (assignments, assigned) = mpsc::channel(1);
    let elsewhere = Elsewhere::new(&part, &ends, state.clone(), map_topic.clone());
    let (translator, questions) = Translator::new(map_topic.clone(), elsewhere);
    let (group_questions, groups_asked) = mpsc::channel(QUESTIONS_WAITING);
    let policy = flow.policy().map_err(StartError::Configuration)?;
    let refresh = Arc::new(Notify::new());
    parts.status.set_ledger(&part, loaded.losses);
    parts.status.update_part(&part, |part| part.last_error = None);
    let handle = FlowHandle {
        source: source.clone(),
        target: target.clone(),
        translator: translator.clone(),
        groups: group_questions,
        policy,
    };
    if part.is_first() {
        parts.status.update(&id, |flow| flow.handle = Some(handle));
    }
    let groups = GroupTask::new(GroupParts {
        flow: flow.clone(),
        part: part.clone(),
        source: source.clone(),
        target: target.clone(),
        translator,
        lease: ownership.lease(),
        questions: groups_asked,
        take_over: take_over.clone(),
        status: parts.status.clone(),
    })?;
    let selection = flow.selection(flow.policy().map_err(StartError::Configuration)?)?;
    let acls = AclTask::new(AclParts {
        flow: flow.clone(),
        rules: AclRules {
            selection: selection.clone(),
            source_alias: flow.source.clone(),
            source_cluster_id: source_cluster_id.clone(),
            target_cluster_id: target_cluster_id.clone(),
        },
        source: source.clone(),
        target: target.clone(),
        state: state.clone(),
        made: loaded.acls,
        lease: ownership.lease(),
        status: parts.status.clone(),
    });
    let principals = principals::run(PrincipalParts {
        flow: flow.clone(),
        rules: PrincipalRules {
            flow: id.clone(),
            source_cluster_id: source_cluster_id.clone(),
            target_cluster_id: target_cluster_id.clone(),
        },
        source: source.clone(),
        target: target.clone(),
        state: state.clone(),
        made: loaded.principals,
        lease: ownership.lease(),
        status: parts.status.clone(),
    });
    let heartbeats = heartbeats::run(flow.clone(), source.clone(), target.clone(), ownership.lease());
    let is_first = part.is_first();
    let beside = async move {
        if !is_first {
            return std::future::pending().await;
        }
        tokio::join!(groups.run(), acls.run(), principals, heartbeats);
    };
    let provenance =
        Provenance::new(&flow, ends, state.clone(), loaded.identities.clone(), loaded.origins.clone());
    let lane = LaneTask::new(LaneParts {
        flow: flow.clone(),
        part: part.clone(),
        source: source.clone(),
        target: target.clone(),
        source_cluster_id: source_cluster_id.clone(),
        target_cluster_id,
        settings: Settings {
            window: parts.limits.requests_in_flight,
            queue_bytes: parts.limits.partition_fetch_bytes.saturating_mul(2),
            decompression_limit: DECOMPRESSION_LIMIT,
            delivery: flow.delivery.into(),
        },
        identities: loaded.identities,
        origins: loaded.origins,
        provenance: Rc::new(Mutex::new(provenance)),
        state: state.clone(),
        generation,
        lease: ownership.lease(),
        limits: parts.limits.clone(),
        old_after_ms: super::probe::old_after_ms(&flow, &target).await,
        assignments: assigned,
        questions,
        offset_syncs: offset_syncs(&flow, &source, &target)?,
        hand_over: hand_over(&flow, &target),
        map_topic,
        chunks: loaded.chunks,
        refresh: refresh.clone(),
        status: parts.status.clone(),
    });
    let planner = Planner::new(PlannerParts {
        selection,
        rules: TopicRules { replication_factor: flow.replication_factor, configs: flow.config_rules()? },
        source,
        target,
        source_cluster_id,
        state: state.clone(),
        generation,
        take_over,
        stored: loaded.positions,
        has_lost_positions: loaded.has_lost_positions,
        refresh,
        assignments,
        status: parts.status.clone(),
        flow,
        part: part.clone(),
    });
    info!(flow = %part, generation, "flow is started");
    Ok(Running { part, lane, planner, state, beside: Box::pin(beside) })
}

/// The topic for offset syncs, if they are wanted.
fn offset_syncs(
    flow: &Flow,
    source: &Cluster,
    target: &Cluster,
) -> Result<Option<InternalTopic>, StartError> {
    let policy = flow.policy().map_err(StartError::Configuration)?;
    let (cluster, other) = match flow.offset_syncs {
        OffsetSyncs::Off => return Ok(None),
        OffsetSyncs::Target => (target, &flow.source),
        OffsetSyncs::Source => (source, &flow.target),
    };
    let name = policy.offset_syncs_topic(other);
    Ok(Some(InternalTopic::new(cluster.clone(), name, flow.replication_factor)))
}

/// The topic for MirrorMaker 2's positions, if they are wanted.
fn hand_over(flow: &Flow, target: &Cluster) -> Option<InternalTopic> {
    let (name, factor) = (flow.hand_over.clone(), flow.replication_factor);
    let topic = || InternalTopic::with_partitions(target.clone(), name, POSITION_PARTITIONS, factor);
    (!flow.hand_over.is_empty()).then(topic)
}

async fn connect(cluster: &configuration::Cluster) -> Result<Cluster, ClientError> {
    Cluster::connect(cluster.client_config()).await
}
