//! Groups of the source: their offsets are translated at an interval, published as checkpoints, and committed at the
//! target where nobody is in the group.

// What a pass found.
mod found;
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

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{OptionFuture, join};
use strait_client::{BrokerError, ClientError, Cluster};
use strait_replicator_core::rename::ReplicationPolicy;
use strait_replicator_core::selection::{PatternError, TopicFilter};
use strait_replicator_core::shares::Part;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tracing::{debug, warn};

use super::owner::Lease;
use super::take_over::TakeOver;
use super::translation::{Direction, NotRunningError, Translator};
use crate::configuration::{Flow, Problem};
use crate::internal_topic::InternalTopic;
use crate::last_failure::LastFailure;
use crate::status::DaemonStatus;

pub(crate) use found::FoundGroups;
use passing::{AtTarget, Passed};
use publishing::Publisher;
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
    #[error(transparent)]
    NotRunning(#[from] NotRunningError),
}

/// The task's state.
pub(super) struct GroupTask {
    parts: GroupParts,
    policy: ReplicationPolicy,
    filter: TopicFilter,
    publisher: Option<Publisher>,
    /// What the last pass found.
    found: watch::Sender<Arc<FoundGroups>>,
    last_failure: LastFailure,
}

impl GroupTask {
    pub(super) fn new(parts: GroupParts) -> Result<Self, GroupTaskError> {
        let flow = &parts.flow;
        let policy = flow.policy().map_err(GroupTaskError::Configuration)?;
        let filter = TopicFilter::new(&flow.groups, &flow.groups_exclude)?;
        let publisher = flow.checkpoints.then(|| {
            let topic = policy.checkpoints_topic(&flow.source);
            let topic = InternalTopic::new(parts.target.clone(), topic, flow.replication_factor);
            Publisher::new(flow.id(), topic, filter.clone(), parts.lease.clone(), parts.status.clone())
        });
        let found = watch::Sender::default();
        Ok(Self { policy, filter, publisher, found, last_failure: LastFailure::default(), parts })
    }

    /// Passes over all groups, for ever. What a pass found is published while the next one runs.
    pub(super) async fn run(mut self) {
        let latest = self.found.subscribe();
        let publishing = self.publisher.take().map(|publisher| publisher.run(latest));
        join(self.pass_for_ever(), OptionFuture::from(publishing)).await;
    }

    async fn pass_for_ever(&mut self) {
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
                self.last_failure.end();
                debug!(flow = %self.parts.flow.id(), groups, elapsed = ?started.elapsed(), "groups are translated");
            }
            Err(error) => self.say(&error),
        }
    }

    fn say(&mut self, error: &PassError) {
        let flow = self.parts.flow.id();
        self.parts.status.update(&flow, |flow| flow.groups_error = Some(error.to_string()));
        if let Some(error) = self.last_failure.news(error) {
            warn!(flow, error, "groups can't be translated, retrying");
        }
    }

    /// Whether this instance may write now.
    fn owns_flow(&self) -> bool {
        self.parts.lease.borrow().is_valid_at(Instant::now())
    }

    /// One pass: gives how many groups were looked at.
    async fn pass(&mut self) -> Result<usize, PassError> {
        let at_target = if self.parts.flow.sync_groups { AtTarget::Commit } else { AtTarget::Nothing };
        let Passed { found, target_error, .. } = self.pass_over(&Groups::All, at_target).await?;
        let found = Arc::new(found);
        self.found.send_replace(Arc::clone(&found));
        if let Some(error) = target_error {
            return Err(error);
        }
        let groups = found.groups.len();
        self.parts.status.update(&self.parts.flow.id(), |flow| {
            flow.groups = found;
            flow.groups_error = None;
        });
        Ok(groups)
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
