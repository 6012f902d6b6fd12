//! Joining the group as part of `poll`: giving up what may go, asking, taking what came.

use std::collections::BTreeSet;

use super::error::ConsumerError;
use super::events::Event;
use super::group::{Joined, Wish, counts_of, join};
use super::handle::Consumer;
use super::subscription::{Choice, Place, Position};
use crate::leaders::TopicPartition;

impl Consumer {
    /// Begins a round where one is due. Partitions that may go are given up before.
    pub(super) async fn rebalance(&mut self) -> Result<(), ConsumerError> {
        let Some(group) = self.group.clone().filter(|_| self.subscriptions.is_by_group()) else {
            return Ok(());
        };
        if let Some(error) = group.state().fatal.clone() {
            return Err(error);
        }
        if self.flags.joining.is_some() || group.state().rejoin.is_none() || !self.knows_topics() {
            return Ok(());
        }
        if !self.flags.prepared {
            self.give_up().await;
            self.flags.prepared = true;
        }
        let reason = {
            let mut state = group.state();
            // Signs of life end here: the coordinator waits for this member.
            state.joined = false;
            state.rejoin.take().unwrap_or_default()
        };
        tracing::debug!(group = group.id, reason, "joining");
        let generation = group.state().generation;
        let (topics, owned) = (self.wanted_topics(), self.subscriptions.partitions());
        let wish = Wish { topics, owned, generation, reason };
        let joining = self.events.spawn(async move { Event::Joined(join(group, wish).await) });
        self.flags.joining = Some(joining);
        Ok(())
    }

    /// The topics of a pattern are known from the first answer on.
    fn knows_topics(&self) -> bool {
        !matches!(self.subscriptions.choice, Choice::Pattern(_)) || self.flags.refreshed.is_some()
    }

    pub(super) fn wanted_topics(&self) -> BTreeSet<String> {
        let known = self.metadata.topics.values().map(|topic| (topic.name.as_str(), topic.is_internal));
        self.subscriptions.topics(known, self.config.exclude_internal_topics)
    }

    /// Eager members give up everything, cooperative ones only what they do not want any more; who was thrown out has
    /// lost everything.
    async fn give_up(&mut self) {
        let Some(group) = self.group.clone() else { return };
        let owned = self.subscriptions.partitions();
        if owned.is_empty() {
            return;
        }
        if group.state().lost {
            self.lose(owned);
            return;
        }
        let wanted = self.wanted_topics();
        let going = match self.is_cooperative() {
            true => owned.into_iter().filter(|(topic, _)| !wanted.contains(topic)).collect(),
            false => owned,
        };
        self.revoke(going).await;
    }

    /// All strategies of this member must be cooperative: else it can't know whether the round will be.
    fn is_cooperative(&self) -> bool {
        self.config.partition_assignment_strategy.iter().all(|strategy| strategy.is_cooperative())
    }

    fn lose(&mut self, lost: BTreeSet<TopicPartition>) {
        let listed: Vec<TopicPartition> = lost.into_iter().collect();
        self.listener.on_lost(&listed);
        self.subscriptions.assign(BTreeSet::new());
        self.fetched.clear();
    }

    /// Gives partitions up in order: nothing more is handed out, offsets are committed, then they are gone.
    async fn revoke(&mut self, going: BTreeSet<TopicPartition>) {
        if self.config.commits_automatically()
            && let Err(error) = self.commit().await
        {
            tracing::warn!(%error, "offsets are not committed before a rebalance");
        }
        if going.is_empty() {
            return;
        }
        self.subscriptions.leave(&going);
        let listed: Vec<TopicPartition> = going.iter().cloned().collect();
        let commits = self.listener.on_revoked(&listed);
        let kept = self.subscriptions.partitions().difference(&going).cloned().collect();
        self.subscriptions.assign(kept);
        self.fetched.retain(|fetched| !going.contains(&fetched.partition));
        // Last: a poll that is dropped here does not tell the listener again.
        if let Err(error) = self.commit_offsets(commits).await {
            tracing::warn!(%error, "offsets of the listener are not committed before a rebalance");
        }
    }

    pub(super) fn on_joined(&mut self, outcome: Result<Joined, ConsumerError>) {
        self.flags.joining = None;
        self.flags.prepared = false;
        match outcome {
            Ok(joined) => self.on_assignment(joined),
            Err(error) => {
                if let Some(group) = &self.group {
                    group.ask_to_rejoin("the last attempt failed");
                }
                self.errors.push_back(error);
            }
        }
    }

    fn on_assignment(&mut self, joined: Joined) {
        let Some(group) = self.group.clone() else { return };
        let owned = self.subscriptions.partitions();
        let going: BTreeSet<TopicPartition> = owned.difference(&joined.assignment).cloned().collect();
        let coming: Vec<TopicPartition> = joined.assignment.difference(&owned).cloned().collect();
        tracing::debug!(group = group.id, assignment = ?joined.assignment, "joined");
        self.flags.led = joined.counts;
        self.flags.cooperative = joined.strategy.is_cooperative();
        if !going.is_empty() {
            // Who keeps partitions through a round gives up the rest behind it, and joins again to let others have it.
            let listed: Vec<TopicPartition> = going.iter().cloned().collect();
            let mut commits = self.listener.on_revoked(&listed);
            if self.config.commits_automatically() {
                let consumed = self.subscriptions.consumed();
                let ours = consumed.into_iter().filter(|(partition, _)| going.contains(partition));
                ours.for_each(|(partition, offset)| {
                    commits.entry(partition).or_insert(offset);
                });
            }
            if let Err(error) = self.commit_offsets_async(commits) {
                tracing::warn!(group = group.id, %error, "offsets are not committed");
            }
            group.ask_to_rejoin("need to revoke partitions and re-join");
        }
        self.fetched.retain(|fetched| !going.contains(&fetched.partition));
        self.subscriptions.assign(joined.assignment);
        for (partition, offset) in self.listener.on_assigned(&coming) {
            // A partition that is not ours is nothing to complain about: it may go while the listener decides.
            let _ = self.subscriptions.place(&partition, Place::At(Position { offset, leader_epoch: None }));
        }
        self.flags.wants_refresh |= coming.iter().any(|(topic, _)| !self.metadata.topics.contains_key(topic));
    }

    /// Topics changed: the leader shares out anew, and who has a pattern may want others.
    pub(super) fn on_topics(&mut self, before: &BTreeSet<String>) {
        let Some(group) = self.group.clone().filter(|_| self.subscriptions.is_by_group()) else { return };
        if matches!(self.subscriptions.choice, Choice::Pattern(_)) && *before != self.wanted_topics() {
            group.ask_to_rejoin("topics of the pattern changed");
        }
        let Some(led) = self.flags.led.as_ref().filter(|_| group.state().joined) else { return };
        let now = counts_of(&self.metadata, led.keys());
        let wanted = counts_of(&self.metadata, self.wanted_topics().iter());
        if now != *led || wanted.iter().any(|(topic, _)| !led.contains_key(topic)) {
            self.flags.led = None;
            group.ask_to_rejoin("cached metadata has changed");
        }
    }
}
