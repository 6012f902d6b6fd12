//! Lists topics on both sides, creates, widens and configures remote topics, and keeps the lane's assignments true.

// Settings that differ.
mod drift;
// First positions of partitions, and topics that were made again.
mod positions;
// Settings of topics on both sides.
mod settings;
// Creating, widening and configuring remote topics.
mod topics;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use strait_client::{ClientError, Cluster, Metadata, Topic};
use strait_replicator_core::lane::Position;
use strait_replicator_core::selection::FlowSelection;
use strait_replicator_core::shares::Part;
use strait_replicator_core::topic_plan::TopicRules;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;
use tracing::warn;

use super::assignment::{Assignment, End, PartitionName};
use super::selected::selected_topics;
use super::take_over::{TakeOver, TakeOverError};
use crate::configuration::Flow;
use crate::state_topic::{StateError, StateTopic};
use crate::status::DaemonStatus;
pub(super) use positions::position_of;
use settings::Settings;

/// Between two looks at the clusters that were asked for, and while something is on its way.
const SOONEST: Duration = Duration::from_millis(100);
/// How long a plan that is not complete is looked at again at once.
const IMPATIENT_FOR: Duration = Duration::from_secs(5);

/// Why a plan could not be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum PlanError {
    #[error("source: {0}")]
    Source(ClientError),
    #[error("target: {0}")]
    Target(ClientError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error("MirrorMaker 2's positions: {0}")]
    TakeOver(#[from] TakeOverError),
    #[error("the lane is gone")]
    LaneGone,
}

/// What a planner is made with.
pub(super) struct PlannerParts {
    pub(super) flow: Flow,
    /// What of the flow is planned.
    pub(super) part: Part,
    pub(super) source: Cluster,
    pub(super) target: Cluster,
    pub(super) source_cluster_id: String,
    pub(super) selection: FlowSelection,
    pub(super) rules: TopicRules,
    pub(super) state: StateTopic,
    pub(super) generation: i64,
    /// What MirrorMaker 2 left, where the flow goes on with it.
    pub(super) take_over: Option<Rc<TakeOver>>,
    /// Positions that were stored when the flow started.
    pub(super) stored: BTreeMap<PartitionName, Position>,
    /// Partitions without one may have had one.
    pub(super) has_lost_positions: bool,
    pub(super) refresh: Arc<Notify>,
    pub(super) assignments: mpsc::Sender<Vec<Assignment>>,
    pub(super) status: DaemonStatus,
}

/// Where a partition begins.
#[derive(Clone, Debug)]
struct Begun {
    position: Position,
    adopt_sequences: bool,
    recreated_at: Option<i64>,
}

/// Keeps one flow's lane supplied.
pub(super) struct Planner {
    parts: PlannerParts,
    settings: Settings,
    /// Positions given to the lane, so that each partition is begun once.
    begun: BTreeMap<PartitionName, Begun>,
    /// Remote topics that can't be planned, said once.
    conflicts: BTreeSet<String>,
    said: BTreeSet<String>,
    /// Partitions that are not begun since their positions are lost.
    untouched: BTreeSet<PartitionName>,
    /// The reading of settings that was compared last.
    compared: Option<Instant>,
    /// Settings written since the start.
    written: u64,
}

/// A selected topic of the source and its name at the target.
struct Selected<'a> {
    topic: &'a Topic,
    remote: String,
}

impl Planner {
    pub(super) fn new(parts: PlannerParts) -> Self {
        Self {
            parts,
            settings: Settings::default(),
            begun: BTreeMap::new(),
            conflicts: BTreeSet::new(),
            said: BTreeSet::new(),
            untouched: BTreeSet::new(),
            compared: None,
            written: 0,
        }
    }

    /// Plans at the interval and when asked to, until the lane is gone.
    pub(super) async fn run(mut self) {
        let interval = Duration::from_millis(self.parts.flow.refresh_interval_ms);
        let mut complete_at = Instant::now();
        loop {
            let mut is_complete = true;
            match self.plan().await {
                Ok(complete) => is_complete = complete,
                Err(PlanError::LaneGone) => return,
                Err(error) => self.fail(&error),
            }
            tokio::time::sleep(SOONEST).await;
            if is_complete {
                complete_at = Instant::now();
            } else if complete_at.elapsed() < IMPATIENT_FOR {
                continue;
            }
            tokio::select! {
                () = tokio::time::sleep(interval) => {}
                () = self.parts.refresh.notified() => {}
            }
        }
    }

    fn fail(&self, error: &PlanError) {
        let part = &self.parts.part;
        warn!(flow = %part, %error, "topics can't be listed, retrying");
        self.parts.status.update_part(part, |part| part.last_error = Some(error.to_string()));
    }

    /// One look at both clusters; false when something that was begun is not there yet.
    async fn plan(&mut self) -> Result<bool, PlanError> {
        let parts = &self.parts;
        let (source, target) = tokio::join!(parts.source.refresh(None), parts.target.refresh(None));
        let (source, mut target) = (source.map_err(PlanError::Source)?, target.map_err(PlanError::Target)?);
        let selected = self.selected(&source);
        self.settings.read(&self.parts, &selected, &target).await?;
        if self.apply(&selected, &target).await? {
            target = self.parts.target.refresh(None).await.map_err(PlanError::Target)?;
            self.settings.read(&self.parts, &selected, &target).await?;
        }
        let selected: Vec<Selected<'_>> =
            selected.into_iter().filter(|topic| !self.conflicts.contains(&topic.remote)).collect();
        self.begin_new(&selected, &target).await?;
        let (assignments, is_complete) = self.assignments(&selected, &target);
        self.parts.assignments.send(assignments).await.map_err(|_| PlanError::LaneGone)?;
        Ok(is_complete)
    }

    fn selected<'a>(&self, source: &'a Metadata) -> Vec<Selected<'a>> {
        let selection = &self.parts.selection;
        selected_topics(selection, source)
            .map(|topic| Selected {
                topic,
                remote: selection.policy.remote_topic(&self.parts.flow.source, &topic.name),
            })
            .collect()
    }

    fn assignments(&self, selected: &[Selected<'_>], target: &Metadata) -> (Vec<Assignment>, bool) {
        let mut assignments = Vec::new();
        let mut is_complete = true;
        for Selected { topic, remote } in selected {
            let remote_topic = target.topics.get(remote);
            let own = topic.partitions.iter().filter(|(index, _)| self.parts.part.has(&topic.name, **index));
            for (index, partition) in own {
                let name = PartitionName { topic: topic.name.clone(), partition: *index };
                let remote_partition = remote_topic.and_then(|topic| topic.partitions.get(index));
                let (Some(begun), Some(remote_topic), Some(remote_partition)) =
                    (self.begun.get(&name), remote_topic, remote_partition)
                else {
                    is_complete = false;
                    continue;
                };
                if partition.leader < 0 || remote_partition.leader < 0 {
                    is_complete = false;
                    continue;
                }
                assignments.push(Assignment {
                    source: end(topic, partition.leader, partition.leader_epoch),
                    target: end(remote_topic, remote_partition.leader, remote_partition.leader_epoch),
                    position: begun.position.clone(),
                    adopt_sequences: begun.adopt_sequences,
                    recreated_at: begun.recreated_at,
                    target_max_message_bytes: self.settings.max_message_bytes(remote),
                    target_log_append_time: self.settings.is_log_append_time(remote),
                    source_is_compacted: self.settings.is_compacted(&topic.name),
                    name,
                });
            }
        }
        (assignments, is_complete)
    }
}

fn end(topic: &Topic, leader: i32, leader_epoch: i32) -> End {
    End { topic: topic.name.clone(), topic_id: topic.id, leader, leader_epoch }
}
