//! What a pass found of groups. It is shared with who publishes it and with who shows it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use litemap::LiteMap;
use strait_replicator_core::group::{GroupOutcome, GroupState, Translated};

use crate::status::{GroupPartitionStatus, GroupStatus};

/// What became of groups, by their ids.
pub(super) type Outcomes = BTreeMap<String, GroupOutcome>;

/// Groups of the source as a pass found them.
#[derive(Debug, Default)]
pub(crate) struct FoundGroups {
    pub(super) groups: Vec<TranslatedGroup>,
    /// Groups whose offsets could not be read.
    pub(super) unread: BTreeSet<String>,
    /// Without those that the target was not asked about.
    pub(super) outcomes: Outcomes,
    /// When the pass ended, milliseconds since 1970.
    pub(super) at_ms: i64,
}

/// A group with its offsets translated.
#[derive(Debug)]
pub(super) struct TranslatedGroup {
    pub(super) id: String,
    /// Has committed, but is no group with members: another program keeps its offsets.
    pub(super) is_memberless: bool,
    /// By name at the target.
    pub(super) topics: BTreeMap<Arc<str>, TranslatedTopic>,
}

#[derive(Debug)]
pub(super) struct TranslatedTopic {
    pub(super) source: Arc<str>,
    pub(super) partitions: LiteMap<i32, TranslatedPartition>,
}

#[derive(Debug)]
pub(super) struct TranslatedPartition {
    pub(super) source_offset: i64,
    pub(super) metadata: String,
    pub(super) translated: Translated,
}

impl FoundGroups {
    /// Of all groups.
    pub(crate) fn states(&self) -> impl Iterator<Item = GroupState> {
        self.groups.iter().map(|group| self.state(group).0)
    }

    pub(crate) fn statuses(&self) -> impl Iterator<Item = GroupStatus> {
        self.groups.iter().map(|group| self.status(group))
    }

    pub(crate) fn status_of(&self, id: &str) -> Option<GroupStatus> {
        self.groups.iter().find(|group| group.id == id).map(|group| self.status(group))
    }

    pub(super) fn and(mut self, next: Self) -> Self {
        self.groups.extend(next.groups);
        self.unread.extend(next.unread);
        self.outcomes.extend(next.outcomes);
        self
    }

    /// With the reason.
    fn state(&self, group: &TranslatedGroup) -> (GroupState, &str) {
        match self.outcomes.get(&group.id) {
            Some(outcome) => (outcome.state, &outcome.reason),
            None => (GroupState::NotSynced, "sync_groups is off"),
        }
    }

    fn status(&self, group: &TranslatedGroup) -> GroupStatus {
        let outcome = self.outcomes.get(&group.id);
        let mut partitions = Vec::new();
        for (remote_topic, topic) in &group.topics {
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
        let (state, reason) = self.state(group);
        GroupStatus {
            id: group.id.clone(),
            state,
            reason: reason.to_owned(),
            is_memberless: group.is_memberless,
            at_ms: self.at_ms,
            partitions,
        }
    }
}
