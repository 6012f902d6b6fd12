//! All groups of a shard, and their deadlines.

use std::collections::BTreeMap;

use super::classic::{ClassicGroup, Work};
use super::cluster::Cluster;
use super::consumer::ConsumerGroup;
use super::effects::Effects;
use super::settings::GroupSettings;
use crate::group_offsets::GroupOffsets;
use crate::timers::Timers;

/// Who sent a request, and in which version.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    pub version: i16,
    pub client_id: &'a str,
    /// As Java prints an address: `/127.0.0.1`.
    pub client_host: &'a str,
}

/// What a deadline is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TimerKey {
    /// A group waits for members to join.
    Join(String),
    /// A group waits for members to sync.
    Sync(String),
    /// A member, or an id given out, has to be heard.
    Session(String, String),
    /// A member has to give partitions away.
    Rebalance(String, String),
}

/// The groups of one partition of `__consumer_offsets`.
#[derive(Clone, Debug)]
pub struct Groups {
    pub(super) settings: GroupSettings,
    pub(super) classic: BTreeMap<String, ClassicGroup>,
    /// No id is in both.
    pub(super) consumer: BTreeMap<String, ConsumerGroup>,
    pub(super) offsets: GroupOffsets,
    pub(super) timers: Timers<TimerKey>,
}

impl Groups {
    /// A shard without groups.
    pub fn new(settings: GroupSettings) -> Self {
        Self {
            settings,
            classic: BTreeMap::new(),
            consumer: BTreeMap::new(),
            offsets: GroupOffsets::default(),
            timers: Timers::new(),
        }
    }

    /// A classic group by its id.
    pub fn classic(&self, group: &str) -> Option<&ClassicGroup> {
        self.classic.get(group)
    }

    /// A consumer group by its id.
    pub fn consumer(&self, group: &str) -> Option<&ConsumerGroup> {
        self.consumer.get(group)
    }

    /// What the groups committed.
    pub fn offsets(&self) -> &GroupOffsets {
        &self.offsets
    }

    /// When [`Self::expire`] has something to do next, in milliseconds.
    pub fn next_deadline(&self) -> Option<i64> {
        self.timers.next_deadline()
    }

    /// Does what is due: ends join phases, drops members that were not heard.
    pub fn expire(&mut self, cluster: &dyn Cluster, now_ms: i64) -> Effects {
        let mut effects = Effects::default();
        while let Some(key) = self.timers.pop_due(now_ms) {
            self.expire_one(&key, cluster, now_ms, &mut effects);
        }
        effects
    }

    fn expire_one(&mut self, key: &TimerKey, cluster: &dyn Cluster, now_ms: i64, effects: &mut Effects) {
        match key {
            TimerKey::Join(group) => {
                self.with_group(group, now_ms, effects, |group, work| group.join_expired(work));
            }
            TimerKey::Sync(group) => {
                self.with_group(group, now_ms, effects, |group, work| group.sync_expired(work));
            }
            TimerKey::Session(group, member) => {
                self.with_group(group, now_ms, effects, |group, work| group.session_expired(member, work));
                self.with_consumer(group, cluster, now_ms, effects, |group, work| {
                    group.fence(std::slice::from_ref(member), work);
                });
            }
            TimerKey::Rebalance(group, member) => {
                self.with_consumer(group, cluster, now_ms, effects, |group, work| {
                    if group.is_late(member) {
                        group.fence(std::slice::from_ref(member), work);
                    }
                });
            }
        }
    }

    /// Runs `act` on a group that exists.
    pub(super) fn with_group<T>(
        &mut self,
        group: &str,
        now_ms: i64,
        effects: &mut Effects,
        act: impl FnOnce(&mut ClassicGroup, &mut Work<'_>) -> T,
    ) -> Option<T> {
        let group = self.classic.get_mut(group)?;
        let mut work = Work { settings: &self.settings, timers: &mut self.timers, effects, now_ms };
        Some(act(group, &mut work))
    }
}
