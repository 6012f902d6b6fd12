//! Groups of the source: their offsets are translated at an interval, published as checkpoints, and committed at the
//! target where nobody is in the group.

// Groups and their offsets at both sides.
mod listing;
// Checkpoints.
mod publishing;
// Commits at the target.
mod committing;
// All of it, some groups at a time.
mod passing;
// Questions from outside.
mod questions;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use strait_client::{BrokerError, ClientError, Cluster};
use strait_replicator_core::group::{CheckpointLog, GroupOutcome, GroupState, Translated};
use strait_replicator_core::rename::ReplicationPolicy;
use strait_replicator_core::selection::{PatternError, TopicFilter};
use strait_replicator_core::shares::Part;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tracing::{debug, warn};

use super::lane::unix_ms;
use super::owner::Lease;
use super::take_over::TakeOver;
use super::translation::{Direction, NotRunningError, Translator};
use crate::configuration::{Flow, Problem};
use crate::internal_topic::{InternalTopic, InternalTopicError};
use crate::status::{DaemonStatus, GroupPartitionStatus, GroupStatus};

use passing::{AtTarget, Outcomes, Passed};
pub(crate) use questions::{GroupQuestion, Groups, Side};

/// What the task is made with.
pub(super) struct GroupParts {
    pub(super) flow: Flow,
    /// What of the flow runs here.
    pub(super) part: Part,
    pub(super) source: Cluster,
    pub(super) target: Cluster,
    pub(super) translator: Translator,
    pub(super) lease: watch::Receiver<Lease>,
    pub(super) questions: mpsc::Receiver<GroupQuestion>,
    /// What MirrorMaker 2 left, where the flow goes on with it.
    pub(super) take_over: Option<Rc<TakeOver>>,
    pub(super) status: DaemonStatus,
}

/// Why a pass ended early.
#[derive(Debug, thiserror::Error)]
enum PassError {
    #[error("source: {0}")]
    Source(ClientError),
    #[error("target: {0}")]
    Target(ClientError),
    #[error("a group's offsets: {0}")]
    Group(BrokerError),
    #[error("another instance runs the flow")]
    NotOwner,
    #[error("checkpoints: {0}")]
    Checkpoints(#[from] InternalTopicError),
    #[error(transparent)]
    NotRunning(#[from] NotRunningError),
}

/// The task's state.
pub(super) struct GroupTask {
    parts: GroupParts,
    policy: ReplicationPolicy,
    filter: TopicFilter,
    checkpoints: Option<InternalTopic>,
    /// What is in the topic; `None` where it is to be read.
    published: Option<CheckpointLog>,
    /// Groups whose offsets could not be read in the last pass.
    unread: BTreeSet<String>,
    last_error: Option<String>,
}

/// A group with its offsets translated.
struct TranslatedGroup {
    id: String,
    /// Has committed, but is no group with members: another program keeps its offsets.
    is_memberless: bool,
    /// By name at the target.
    topics: BTreeMap<Arc<str>, TranslatedTopic>,
}

struct TranslatedTopic {
    source: Arc<str>,
    partitions: BTreeMap<i32, TranslatedPartition>,
}

struct TranslatedPartition {
    source_offset: i64,
    metadata: String,
    translated: Translated,
}

impl GroupTask {
    pub(super) fn new(parts: GroupParts) -> Result<Self, GroupTaskError> {
        let flow = &parts.flow;
        let policy = flow.policy().map_err(GroupTaskError::Configuration)?;
        let topic = policy.checkpoints_topic(&flow.source);
        let checkpoints = flow
            .checkpoints
            .then(|| InternalTopic::new(parts.target.clone(), topic, flow.replication_factor));
        let filter = TopicFilter::new(&flow.groups, &flow.groups_exclude)?;
        Ok(Self {
            policy,
            filter,
            checkpoints,
            published: None,
            unread: BTreeSet::new(),
            last_error: None,
            parts,
        })
    }

    /// Passes over all groups, for ever.
    pub(super) async fn run(mut self) {
        let mut ticks = interval(Duration::from_millis(self.parts.flow.group_interval_ms));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => self.pass_and_say().await,
                Some(question) = self.parts.questions.recv() => self.answer(question).await,
            }
        }
    }

    async fn pass_and_say(&mut self) {
        let started = Instant::now();
        match self.pass().await {
            Ok(groups) => {
                self.last_error = None;
                debug!(flow = %self.parts.flow.id(), groups, elapsed = ?started.elapsed(), "groups are translated");
            }
            Err(error) => self.say(&error),
        }
    }

    fn say(&mut self, error: &PassError) {
        let (flow, reason) = (self.parts.flow.id(), error.to_string());
        self.parts.status.update(&flow, |flow| flow.groups_error = Some(reason.clone()));
        if self.last_error.as_ref() != Some(&reason) {
            warn!(flow, error = reason, "groups can't be translated, retrying");
            self.last_error = Some(reason);
        }
    }

    /// Whether this instance may write now.
    fn owns_flow(&self) -> bool {
        self.parts.lease.borrow().is_valid_at(Instant::now())
    }

    /// One pass: gives how many groups were looked at.
    async fn pass(&mut self) -> Result<usize, PassError> {
        let at_target = if self.parts.flow.sync_groups { AtTarget::Commit } else { AtTarget::Nothing };
        let Passed { groups, unread, outcomes, .. } = self.pass_over(&Groups::All, at_target).await?;
        self.unread = unread;
        if self.owns_flow() {
            self.publish(&groups).await?;
        }
        self.show(&groups, &outcomes?);
        Ok(groups.len())
    }

    fn show(&self, groups: &[TranslatedGroup], outcomes: &Outcomes) {
        let at_ms = unix_ms();
        let shown = groups.iter().map(|group| group.status(outcomes.get(&group.id), at_ms));
        let shown = Arc::new(shown.collect());
        self.parts.status.update(&self.parts.flow.id(), |flow| {
            flow.groups = shown;
            flow.groups_error = None;
        });
    }
}

impl TranslatedGroup {
    fn status(&self, outcome: Option<&GroupOutcome>, at_ms: i64) -> GroupStatus {
        let (state, reason) = match outcome {
            Some(outcome) => (outcome.state, outcome.reason.clone()),
            None => (GroupState::NotSynced, "sync_groups is off".to_owned()),
        };
        let mut partitions = Vec::new();
        for (remote_topic, topic) in &self.topics {
            let sync = outcome.and_then(|outcome| outcome.partitions.get(&**remote_topic));
            partitions.extend(topic.partitions.iter().map(|(partition, place)| GroupPartitionStatus {
                topic: Arc::clone(&topic.source),
                partition: *partition,
                remote_topic: Arc::clone(remote_topic),
                source_offset: place.source_offset,
                target_offset: place.translated.offset(),
                translation: place.translated.name(),
                sync: sync.and_then(|sync| sync.get(partition)).map(|sync| sync.name()),
            }));
        }
        GroupStatus {
            id: self.id.clone(),
            state,
            reason,
            is_memberless: self.is_memberless,
            at_ms,
            partitions,
        }
    }
}

/// Why the task can't be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum GroupTaskError {
    #[error(transparent)]
    Pattern(#[from] PatternError),
    #[error("{} = {}: allowed is {}", .0.key, .0.value, .0.allowed)]
    Configuration(Problem),
}
