//! The consumer that a program holds.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, timeout};

use super::config::{AutoOffsetReset, ConsumerConfig};
use super::error::ConsumerError;
use super::events::{Event, Flags, Node};
use super::fetched::Fetched;
use super::group::{Commit, Committer, Group, keep_alive};
use super::listener::{Listener, RebalanceListener};
use super::record::{ConsumerGroupMetadata, Offsets};
use super::subscription::{Place, Position, Subscriptions};
use crate::cluster::Cluster;
use crate::config::ClientConfig;
use crate::leaders::TopicPartition;
use crate::metadata::Metadata;

/// Reads records, alone or in a group. Everything happens in `poll`, but for the signs of life; a `poll` that is
/// dropped before it ends loses nothing.
#[derive(Debug)]
pub struct Consumer {
    pub(super) config: ConsumerConfig,
    pub(super) cluster: Cluster,
    pub(super) group: Option<Arc<Group>>,
    pub(super) committer: Option<Committer>,
    alive: Option<AbortHandle>,
    pub(super) subscriptions: Subscriptions,
    pub(super) listener: Listener,
    pub(super) metadata: Arc<Metadata>,
    pub(super) events: JoinSet<Event>,
    pub(super) nodes: BTreeMap<i32, Node>,
    pub(super) fetched: VecDeque<Fetched>,
    pub(super) flags: Flags,
    /// Told by the next `poll`.
    pub(super) errors: VecDeque<ConsumerError>,
}

/// Resolves when a commit that was begun is done. It goes on when this is dropped.
#[derive(Debug)]
pub struct PendingCommit {
    commit: Commit,
}

impl PendingCommit {
    pub async fn done(self) -> Result<(), ConsumerError> {
        self.commit.await.unwrap_or(Err(ConsumerError::Closed))
    }
}

impl Consumer {
    /// Checks the settings; the cluster is asked by `poll`, so nobody need listen yet. `request.timeout.ms` and
    /// `default.api.timeout.ms` replace the timeouts of `cluster`. Must be called in a tokio runtime.
    pub fn new(cluster: ClientConfig, config: ConsumerConfig) -> Result<Self, ConsumerError> {
        config.check()?;
        let millis = |time_ms: i32| Duration::from_millis(time_ms.max(0).unsigned_abs().into());
        let cluster = Cluster::unasked(ClientConfig {
            request_timeout: millis(config.request_timeout_ms),
            operation_timeout: millis(config.default_api_timeout_ms),
            ..cluster
        });
        let group = config.group_id.0.as_deref().map(|id| Group::new(cluster.clone(), &config, id));
        let alive = group
            .as_ref()
            .map(|group| tokio::spawn(keep_alive(Arc::downgrade(group), group.interval())).abort_handle());
        Ok(Self {
            metadata: Arc::default(),
            committer: group.clone().map(Committer::spawn),
            config,
            cluster,
            group,
            alive,
            subscriptions: Subscriptions::default(),
            listener: Listener::default(),
            events: JoinSet::new(),
            nodes: BTreeMap::new(),
            fetched: VecDeque::new(),
            flags: Flags::default(),
            errors: VecDeque::new(),
        })
    }

    /// Reads these topics together with the other members of the group. Replaces an earlier subscription.
    pub fn subscribe(&mut self, topics: &[&str]) -> Result<(), ConsumerError> {
        self.group()?;
        self.subscriptions.choose_topics(topics.iter().map(|topic| (*topic).to_owned()).collect())?;
        self.on_subscribed();
        Ok(())
    }

    /// Reads all topics whose whole name matches a regular expression, those that come later too.
    pub fn subscribe_pattern(&mut self, pattern: &str) -> Result<(), ConsumerError> {
        self.group()?;
        self.subscriptions.choose_pattern(pattern)?;
        self.flags.wants_refresh = true;
        self.on_subscribed();
        Ok(())
    }

    fn on_subscribed(&mut self) {
        if let Some(group) = &self.group {
            group.ask_to_rejoin("topic subscription changed");
        }
    }

    /// Called when partitions come and go. Before `subscribe`.
    pub fn set_rebalance_listener(&mut self, listener: impl RebalanceListener + 'static) {
        self.listener = Listener::new(listener);
    }

    /// Leaves the group and forgets all partitions.
    pub async fn unsubscribe(&mut self) {
        self.leave("the consumer unsubscribed from all topics").await;
        self.subscriptions.forget();
        self.fetched.clear();
    }

    /// Reads exactly these partitions, without the group's help. Replaces what was assigned before.
    pub fn assign(&mut self, partitions: &[TopicPartition]) -> Result<(), ConsumerError> {
        self.subscriptions.choose_partitions(partitions)?;
        self.flags.wants_refresh = true;
        Ok(())
    }

    /// What is read now.
    pub fn assignment(&self) -> BTreeSet<TopicPartition> {
        self.subscriptions.partitions()
    }

    /// The next record of a partition is the one at `offset`.
    pub fn seek(&mut self, partition: &TopicPartition, offset: i64) -> Result<(), ConsumerError> {
        self.subscriptions.place(partition, Place::At(Position { offset, leader_epoch: None }))
    }

    /// Looked up by the next `poll`.
    pub fn seek_to_beginning(&mut self, partitions: &[TopicPartition]) -> Result<(), ConsumerError> {
        self.reset_all(partitions, AutoOffsetReset::Earliest)
    }

    /// Looked up by the next `poll`.
    pub fn seek_to_end(&mut self, partitions: &[TopicPartition]) -> Result<(), ConsumerError> {
        self.reset_all(partitions, AutoOffsetReset::Latest)
    }

    fn reset_all(&mut self, partitions: &[TopicPartition], to: AutoOffsetReset) -> Result<(), ConsumerError> {
        partitions.iter().try_for_each(|partition| self.subscriptions.place(partition, Place::Reset(to)))
    }

    /// `poll` gives nothing of these until they are resumed.
    pub fn pause(&mut self, partitions: &[TopicPartition]) -> Result<(), ConsumerError> {
        partitions.iter().try_for_each(|partition| self.subscriptions.pause(partition, true))
    }

    pub fn resume(&mut self, partitions: &[TopicPartition]) -> Result<(), ConsumerError> {
        partitions.iter().try_for_each(|partition| self.subscriptions.pause(partition, false))
    }

    pub fn paused(&self) -> BTreeSet<TopicPartition> {
        let paused = self.subscriptions.assigned.iter().filter(|(_, assigned)| assigned.paused);
        paused.map(|(partition, _)| partition.clone()).collect()
    }

    /// The next offset of a partition; `None` until `poll` has found it.
    pub fn position(&self, partition: &TopicPartition) -> Option<i64> {
        self.subscriptions.position(partition).map(|position| position.offset)
    }

    /// Commits what `poll` gave, and waits for it, with all attempts up to `default.api.timeout.ms`.
    pub async fn commit(&self) -> Result<(), ConsumerError> {
        self.commit_offsets(self.subscriptions.consumed()).await
    }

    /// Commits these offsets, each that of the next record to read.
    pub async fn commit_offsets(&self, offsets: Offsets) -> Result<(), ConsumerError> {
        let within = Duration::from_millis(self.config.default_api_timeout_ms.max(0).unsigned_abs().into());
        self.begin_commit(offsets, Some(within))?.done().await
    }

    /// Begins to commit what `poll` gave; one attempt, behind all earlier commits.
    pub fn commit_async(&self) -> Result<PendingCommit, ConsumerError> {
        self.commit_offsets_async(self.subscriptions.consumed())
    }

    pub fn commit_offsets_async(&self, offsets: Offsets) -> Result<PendingCommit, ConsumerError> {
        self.begin_commit(offsets, None)
    }

    fn begin_commit(
        &self,
        offsets: Offsets,
        within: Option<Duration>,
    ) -> Result<PendingCommit, ConsumerError> {
        let group = self.group()?;
        // Who was put out of the group asks no more: a group that is empty by now would take it.
        let is_out = self.subscriptions.is_by_group() && group.state().generation < 0;
        if is_out && !offsets.is_empty() {
            return Err(ConsumerError::CommitFailed);
        }
        Ok(PendingCommit { commit: self.committer()?.commit(group, offsets, within)? })
    }

    /// What the group has committed for these partitions; those without are left out.
    pub async fn committed(&self, partitions: &[TopicPartition]) -> Result<Offsets, ConsumerError> {
        self.group()?.committed(Some(partitions)).await
    }

    /// For a transaction that commits what this consumer read.
    pub fn group_metadata(&self) -> Result<ConsumerGroupMetadata, ConsumerError> {
        Ok(self.group()?.metadata())
    }

    /// The cluster, for questions of one's own.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Commits where that is automatic, tells the listener, and leaves the group; up to `within`.
    pub async fn close(mut self, within: Duration) -> Result<(), ConsumerError> {
        let deadline = Instant::now() + within;
        let committed = match self.config.commits_automatically() && self.subscriptions.is_by_group() {
            true => timeout(within, self.commit()).await.unwrap_or(Ok(())),
            false => Ok(()),
        };
        let rest = deadline.saturating_duration_since(Instant::now());
        let _ = timeout(rest, self.leave("the consumer is being closed")).await;
        committed
    }

    async fn leave(&mut self, reason: &str) {
        let Some(group) = self.group.clone().filter(|_| self.subscriptions.is_by_group()) else { return };
        let owned: Vec<TopicPartition> = self.subscriptions.partitions().into_iter().collect();
        if !owned.is_empty() {
            let commits = self.listener.on_revoked(&owned);
            if let Err(error) = self.commit_offsets(commits).await {
                tracing::warn!(group = group.id, %error, "offsets of the listener are not committed");
            }
        }
        self.flags.abort_join();
        group.leave(reason).await;
    }

    pub(super) fn group(&self) -> Result<&Arc<Group>, ConsumerError> {
        self.group.as_ref().ok_or(ConsumerError::NoGroup)
    }

    fn committer(&self) -> Result<&Committer, ConsumerError> {
        self.committer.as_ref().ok_or(ConsumerError::NoGroup)
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        if let Some(alive) = &self.alive {
            alive.abort();
        }
    }
}
