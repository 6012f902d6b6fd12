//! The tasks of a part: what the flow left is read, then each gets what it needs.

use std::rc::Rc;
use std::sync::Arc;

use strait_client::Cluster;
use strait_replicator_core::lane::Settings;
use strait_replicator_core::topic_plan::TopicRules;
use strait_wire::batch::DecompressionLimit;
use tokio::sync::{Mutex, Notify, mpsc};
use tracing::info;

use super::error::StartError;
use super::once::{GroupsHere, Once};
use super::{FlowParts, Ready, Running};
use crate::configuration::{Flow, OffsetSyncs};
use crate::flow::elsewhere::Elsewhere;
use crate::flow::handle::FlowHandle;
use crate::flow::lane::{LaneParts, LaneTask};
use crate::flow::map_topic::MapTopic;
use crate::flow::owner::Ownership;
use crate::flow::planner::{Planner, PlannerParts};
use crate::flow::provenance::{Ends, Provenance};
use crate::flow::take_over::TakeOver;
use crate::flow::translation::Translator;
use crate::flow::{loading, probe};
use crate::internal_topic::InternalTopic;

/// Questions about groups that wait for an answer.
const QUESTIONS_WAITING: usize = 8;
/// With so many Connect makes its topic of positions (`offset.storage.partitions`).
const POSITION_PARTITIONS: i32 = 25;
/// What opening one batch may need.
const DECOMPRESSION_LIMIT: DecompressionLimit = DecompressionLimit(256 << 20);

/// Makes the tasks of a part that is this instance's, and reads what they begin with.
pub(super) async fn start(
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
    let selection = flow.selection(policy.clone())?;
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
    let once = Once {
        flow: &flow,
        ends: &ends,
        state: &state,
        ownership,
        selection: &selection,
        status: &parts.status,
    };
    let beside = match part.is_first() {
        true => once.tasks(
            GroupsHere {
                part: part.clone(),
                translator,
                questions: groups_asked,
                take_over: take_over.clone(),
            },
            loaded.acls,
            loaded.principals,
        )?,
        false => Box::pin(std::future::pending()),
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
        old_after_ms: probe::old_after_ms(&flow, &target).await,
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
    Ok(Running { part, lane, planner, state, beside })
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
