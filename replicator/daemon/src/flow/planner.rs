//! Lists topics on both sides, creates and widens remote topics, and keeps the lane's assignments true.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use strait_client::{
    ClientError, Cluster, IsolationLevel, ListOffsetsAt, Metadata, NewPartitions, NewTopic, ProducerIdentity,
    Topic,
};
use strait_replicator_core::lane::{Position, Sequence};
use strait_replicator_core::selection::FlowSelection;
use strait_replicator_core::state_record::{Key, Value};
use strait_wire::error_code::ErrorCode;
use tokio::sync::{Notify, mpsc};
use tracing::{info, warn};

use super::assignment::{Assignment, End, PartitionName};
use crate::configuration::{Flow, Start};
use crate::state_topic::{StateError, StateTopic};

/// Between two looks at the clusters that were asked for.
const SOONEST: Duration = Duration::from_millis(100);
const DEFAULT_MAX_MESSAGE_BYTES: usize = 1_048_588;

/// Why a plan could not be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum PlanError {
    #[error("source: {0}")]
    Source(ClientError),
    #[error("target: {0}")]
    Target(ClientError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error("the lane is gone")]
    LaneGone,
}

/// Keeps one flow's lane supplied.
pub(super) struct Planner {
    pub(super) flow: Flow,
    pub(super) source: Cluster,
    pub(super) target: Cluster,
    pub(super) source_cluster_id: String,
    pub(super) selection: FlowSelection,
    pub(super) state: Arc<StateTopic>,
    pub(super) stored: BTreeMap<Key, Value>,
    pub(super) refresh: Arc<Notify>,
    pub(super) assignments: mpsc::Sender<Vec<Assignment>>,
    /// Positions given to the lane, so that each partition is begun once.
    pub(super) begun: BTreeMap<PartitionName, (Position, bool)>,
}

/// The flow's producer id: asked from the target once, kept for ever.
pub(super) async fn producer_identity(
    state: &StateTopic,
    stored: &mut BTreeMap<Key, Value>,
    flow: &Flow,
    source_cluster_id: &str,
    target: &Cluster,
) -> Result<ProducerIdentity, PlanError> {
    let target_cluster_id = target.cluster_id().unwrap_or_default();
    let key = Key::Producer { flow: flow.id(), source_cluster_id: source_cluster_id.to_owned() };
    if let Some(Value::Producer { producer_id, producer_epoch, target_cluster_id: stored_for }) =
        stored.get(&key)
        && *stored_for == target_cluster_id
    {
        return Ok(ProducerIdentity { producer_id: *producer_id, producer_epoch: *producer_epoch });
    }
    let identity = target.init_producer_id().await.map_err(PlanError::Target)?;
    let value = Value::Producer {
        producer_id: identity.producer_id,
        producer_epoch: identity.producer_epoch,
        target_cluster_id,
    };
    // The id is on the target before it is used.
    state.write(vec![(key.clone(), value.clone())]).await?;
    stored.insert(key, value);
    info!(flow = %flow.id(), producer_id = identity.producer_id, "producer id is published");
    Ok(identity)
}

impl Planner {
    /// Plans at the interval and when asked to, until the lane is gone.
    pub(super) async fn run(mut self) {
        let interval = Duration::from_millis(self.flow.refresh_interval_ms);
        loop {
            match self.plan().await {
                Ok(()) => {}
                Err(PlanError::LaneGone) => return,
                Err(error) => warn!(flow = %self.flow.id(), %error, "topics can't be listed, retrying"),
            }
            tokio::time::sleep(SOONEST).await;
            tokio::select! {
                () = tokio::time::sleep(interval) => {}
                () = self.refresh.notified() => {}
            }
        }
    }

    async fn plan(&mut self) -> Result<(), PlanError> {
        let (source, target) = tokio::join!(self.source.refresh(None), self.target.refresh(None));
        let (source, mut target) = (source.map_err(PlanError::Source)?, target.map_err(PlanError::Target)?);
        let topics = self.selected(&source);
        if self.create_missing(&topics, &target).await? {
            target = self.target.refresh(None).await.map_err(PlanError::Target)?;
        }
        self.begin_new(&topics, &target).await?;
        let assignments = self.assignments(&topics, &target);
        self.assignments.send(assignments).await.map_err(|_| PlanError::LaneGone)
    }

    fn selected<'a>(&self, source: &'a Metadata) -> Vec<(&'a Topic, String)> {
        let selected = source.topics.values().filter(|topic| {
            !topic.is_internal && topic.error.is_ok() && self.selection.selects(&topic.name).is_selected()
        });
        selected
            .map(|topic| (topic, self.selection.policy.remote_topic(&self.flow.source, &topic.name)))
            .collect()
    }

    /// Creates and widens remote topics; true when something changed.
    async fn create_missing(
        &self,
        topics: &[(&Topic, String)],
        target: &Metadata,
    ) -> Result<bool, PlanError> {
        let absent: Vec<&(&Topic, String)> =
            topics.iter().filter(|(_, remote)| !target.topics.contains_key(remote)).collect();
        let mut changed = false;
        if !absent.is_empty() {
            let new = absent.iter().map(|(topic, remote)| self.new_topic(topic, remote)).collect();
            for (name, result) in self.target.create_topics(new, false).await.map_err(PlanError::Target)? {
                changed |= said("remote topic is created", &self.flow.id(), &name, result.err());
            }
        }
        let narrow: Vec<NewPartitions> = topics
            .iter()
            .filter_map(|(topic, remote)| {
                let present = target.topics.get(remote)?.partitions.len();
                (present < topic.partitions.len())
                    .then(|| NewPartitions { topic: remote.clone(), total: topic.partitions.len() as i32 })
            })
            .collect();
        if !narrow.is_empty() {
            for (name, result) in self.target.create_partitions(narrow).await.map_err(PlanError::Target)? {
                changed |= said("remote topic is widened", &self.flow.id(), &name, result.err());
            }
        }
        Ok(changed)
    }

    fn new_topic(&self, topic: &Topic, remote: &str) -> NewTopic {
        NewTopic {
            name: remote.to_owned(),
            partitions: topic.partitions.len() as i32,
            replication_factor: self.flow.replication_factor,
            configs: BTreeMap::new(),
        }
    }

    /// Gives each new partition its position, on the target before anything is produced.
    async fn begin_new(&mut self, topics: &[(&Topic, String)], target: &Metadata) -> Result<(), PlanError> {
        let mut fresh: Vec<(PartitionName, strait_wire::ids::Uuid)> = Vec::new();
        for (topic, remote) in topics {
            let ready = target.topics.get(remote);
            for partition in topic.partitions.keys() {
                let name = PartitionName { topic: topic.name.clone(), partition: *partition };
                if !ready.is_some_and(|topic| topic.partitions.contains_key(partition)) {
                    continue;
                }
                match self.known_position(&name) {
                    Some(position) if position.source_topic_id == topic.id => {
                        self.begun.entry(name).or_insert((position, false));
                    }
                    Some(position) => {
                        warn!(
                            flow = %self.flow.id(), topic = %topic.name, partition,
                            stopped_at = position.source_offset, old_topic_id = %position.source_topic_id,
                            new_topic_id = %topic.id, "source topic was made again, the new one is copied from its beginning"
                        );
                        fresh.push((name, topic.id));
                    }
                    None => fresh.push((name, topic.id)),
                }
            }
        }
        if fresh.is_empty() { Ok(()) } else { self.begin_fresh(fresh).await }
    }

    fn known_position(&self, name: &PartitionName) -> Option<Position> {
        if let Some((position, _)) = self.begun.get(name) {
            return Some(*position);
        }
        match self.stored.get(&position_key(&self.flow, &self.source_cluster_id, name))? {
            Value::Position {
                source_topic_id,
                leader_epoch,
                source_offset,
                next_sequence,
                target_offset,
            } => Some(Position {
                source_topic_id: *source_topic_id,
                leader_epoch: *leader_epoch,
                source_offset: *source_offset,
                next_sequence: Sequence::new(*next_sequence)?,
                target_offset: *target_offset,
            }),
            Value::Producer { .. } | Value::Owner { .. } => None,
        }
    }

    async fn begin_fresh(
        &mut self,
        fresh: Vec<(PartitionName, strait_wire::ids::Uuid)>,
    ) -> Result<(), PlanError> {
        let at = match self.flow.start {
            Start::Earliest => ListOffsetsAt::Earliest,
            Start::Latest => ListOffsetsAt::Latest,
            Start::Timestamp(millis) => ListOffsetsAt::Timestamp(millis),
        };
        let ids: BTreeMap<PartitionName, strait_wire::ids::Uuid> = fresh.into_iter().collect();
        let asked: Vec<(String, i32)> = ids.keys().map(|name| (name.topic.clone(), name.partition)).collect();
        let offsets = self
            .source
            .list_offsets(&asked, at, IsolationLevel::ReadCommitted)
            .await
            .map_err(PlanError::Source)?;
        let mut records = Vec::new();
        let mut begun = Vec::new();
        for ((topic, partition), result) in offsets {
            let name = PartitionName { topic, partition };
            let (Ok(found), Some(id)) = (result, ids.get(&name)) else { continue };
            let position = Position {
                source_topic_id: *id,
                leader_epoch: -1,
                source_offset: found.offset,
                next_sequence: Sequence::from_offset(found.offset),
                target_offset: 0,
            };
            records
                .push((position_key(&self.flow, &self.source_cluster_id, &name), position_value(&position)));
            begun.push((name, position));
        }
        self.state.write(records).await?;
        self.begun.extend(begun.into_iter().map(|(name, position)| (name, (position, true))));
        Ok(())
    }

    fn assignments(&self, topics: &[(&Topic, String)], target: &Metadata) -> Vec<Assignment> {
        let mut assignments = Vec::new();
        for (topic, remote) in topics {
            let Some(remote_topic) = target.topics.get(remote) else { continue };
            for (index, partition) in &topic.partitions {
                let name = PartitionName { topic: topic.name.clone(), partition: *index };
                let Some((position, adopt_sequence)) = self.begun.get(&name) else { continue };
                let Some(remote_partition) = remote_topic.partitions.get(index) else { continue };
                if partition.leader < 0 || remote_partition.leader < 0 {
                    continue;
                }
                assignments.push(Assignment {
                    source: end(topic, partition.leader, partition.leader_epoch),
                    target: end(remote_topic, remote_partition.leader, remote_partition.leader_epoch),
                    position: *position,
                    adopt_sequence: *adopt_sequence,
                    target_max_message_bytes: DEFAULT_MAX_MESSAGE_BYTES,
                    name,
                });
            }
        }
        assignments
    }
}

fn end(topic: &Topic, leader: i32, leader_epoch: i32) -> End {
    End { topic: topic.name.clone(), topic_id: topic.id, leader, leader_epoch }
}

/// Logs one result of an administration request; true when the topic is there.
fn said(what: &str, flow: &str, topic: &str, error: Option<strait_client::BrokerError>) -> bool {
    match error {
        None => {
            info!(flow, topic, "{what}");
            true
        }
        Some(error) if error.code == ErrorCode::TOPIC_ALREADY_EXISTS => true,
        Some(error) => {
            warn!(flow, topic, %error, "not done: {what}");
            false
        }
    }
}

pub(super) fn position_key(flow: &Flow, source_cluster_id: &str, name: &PartitionName) -> Key {
    Key::Position {
        flow: flow.id(),
        source_cluster_id: source_cluster_id.to_owned(),
        topic: name.topic.clone(),
        partition: name.partition,
    }
}

pub(super) fn position_value(position: &Position) -> Value {
    Value::Position {
        source_topic_id: position.source_topic_id,
        leader_epoch: position.leader_epoch,
        source_offset: position.source_offset,
        next_sequence: position.next_sequence.value(),
        target_offset: position.target_offset,
    }
}
