//! OffsetDelete, topics that are gone, and offsets that are too old.

use std::collections::BTreeSet;

use strait_wire::error_code::ErrorCode;
use strait_wire::message::offset_delete::{
    OffsetDeleteRequest, OffsetDeleteResponse, OffsetDeleteResponsePartition, OffsetDeleteResponseTopic,
};

use super::classic::{ClassicGroup, OffsetAge};
use super::commit::offset_key;
use super::consumer::ConsumerGroup;
use super::effects::{Effects, Outcome};
use super::groups::Groups;
use crate::group_offsets::Stability;
use crate::internal_record::{GroupRecord, OffsetKey};

impl Groups {
    /// Handles an OffsetDelete: of topics that nobody in the group reads.
    pub fn delete_offsets(&mut self, request: &OffsetDeleteRequest) -> Outcome<OffsetDeleteResponse> {
        let refused = |error: ErrorCode| {
            Outcome::only(OffsetDeleteResponse { error_code: error.0, ..Default::default() })
        };
        let id = request.group_id.as_str();
        let checked = match (self.classic.get(id), self.consumer.contains_key(id)) {
            (Some(group), _) => group.check_offset_delete(),
            (None, true) => Ok(()),
            (None, false) => Err(ErrorCode::GROUP_ID_NOT_FOUND),
        };
        if let Err(error) = checked {
            return refused(error);
        }
        let known = self.offsets.keys_of_group(&request.group_id);
        let mut topics = Vec::with_capacity(request.topics.len());
        let mut removed = BTreeSet::new();
        for topic in &request.topics {
            let is_read = self.is_subscribed(id, &topic.name);
            let error_code = if is_read { ErrorCode::GROUP_SUBSCRIBED_TO_TOPIC.0 } else { 0 };
            let indexes = topic.partitions.iter().map(|partition| partition.partition_index);
            let keys = indexes.clone().map(|index| offset_key(&request.group_id, &topic.name, index));
            removed.extend(keys.filter(|key| !is_read && known.contains(key)));
            let partitions = indexes
                .map(|partition_index| OffsetDeleteResponsePartition { partition_index, error_code })
                .collect();
            topics.push(OffsetDeleteResponseTopic { name: topic.name.clone(), partitions });
        }
        let mut effects = Effects::default();
        self.remove_offsets(removed, &mut effects);
        Outcome { response: OffsetDeleteResponse { topics, ..Default::default() }, effects }
    }

    /// A topic is gone, and with it what was committed for it.
    pub fn topic_deleted(&mut self, topic: &str) -> Effects {
        let mut effects = Effects::default();
        self.remove_offsets(self.offsets.keys_of_topic(topic), &mut effects);
        effects
    }

    /// Removes offsets that are too old, then groups with nothing left (`offsets.retention.check.interval.ms`).
    pub fn expire_offsets(&mut self, now_ms: i64) -> Effects {
        let mut effects = Effects::default();
        let groups: Vec<String> = self.classic.keys().chain(self.consumer.keys()).cloned().collect();
        for group in groups {
            let expired = self.expired_offsets(&group, now_ms);
            self.remove_offsets(expired, &mut effects);
            let is_left =
                self.offsets.of_group(&group).next().is_some() || self.offsets.has_open_transaction(&group);
            let classic = self.classic.get(&group).map(ClassicGroup::is_unused);
            let is_unused = classic.or(self.consumer.get(&group).map(ConsumerGroup::is_empty));
            if !is_left && is_unused == Some(true) {
                self.remove_group(&group, &mut effects);
            }
        }
        effects
    }

    fn expired_offsets(&self, id: &str, now_ms: i64) -> BTreeSet<OffsetKey> {
        let classic = self.classic.get(id).map(ClassicGroup::offset_age);
        let Some(age) = classic.unwrap_or(Some(OffsetAge::SinceCommit)) else { return Default::default() };
        let retention_ms = self.settings.offsets_retention_ms;
        let expired = self.offsets.of_group(id).filter(|(topic, partition, offset)| {
            let base_ms = match age {
                OffsetAge::SinceEmpty(since_ms) => since_ms,
                OffsetAge::SinceCommit => offset.committed_ms,
            };
            !self.is_subscribed(id, topic)
                && offset.is_expired(base_ms, now_ms, retention_ms)
                && self.offsets.stability(id, topic, *partition) == Stability::Stable
        });
        expired.map(|(topic, partition, _)| offset_key(id, topic, partition)).collect()
    }

    /// Whether a member of the group reads the topic.
    fn is_subscribed(&self, id: &str, topic: &str) -> bool {
        self.classic.get(id).is_some_and(|group| group.is_subscribed(topic))
            || self.consumer.get(id).is_some_and(|group| group.is_subscribed(topic))
    }

    pub(super) fn remove_offsets(
        &mut self,
        keys: impl IntoIterator<Item = OffsetKey>,
        effects: &mut Effects,
    ) {
        for key in keys {
            self.offsets.remove(&key);
            effects.records.push(GroupRecord::Offset { key, value: None });
        }
    }
}
