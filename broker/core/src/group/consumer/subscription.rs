//! Which topics members read, and whether they changed.

use std::collections::{BTreeMap, BTreeSet};

use strait_wire::ids::Uuid;
use twox_hash::XxHash3_64;

use super::{ConsumerGroup, Member, Work};
use crate::group::cluster::{Cluster, TopicShape};
use crate::internal_record::ConsumerGroupChange;
use crate::internal_record::consumer_group::ConsumerGroupMetadataValue as EpochValue;

/// The first byte of what a topic's hash is made from (`Utils.TOPIC_HASH_MAGIC_BYTE`).
const MAGIC: u8 = 0;

impl ConsumerGroup {
    /// The topics of a member, by name and by expression.
    fn topics_of<'a>(&'a self, member: &'a Member) -> impl Iterator<Item = &'a str> {
        let matched = member.regex().and_then(|regex| self.regexes.get(regex));
        let matched = matched.into_iter().flat_map(|resolved| resolved.topics.iter());
        member.metadata.subscribed_topic_names.iter().chain(matched).map(String::as_str)
    }

    /// The topics of a member that are there.
    pub(super) fn topics_there(&self, member: &Member, cluster: &dyn Cluster) -> BTreeSet<Uuid> {
        self.topics_of(member).filter_map(|topic| cluster.topic(topic)).map(|topic| topic.id).collect()
    }

    fn subscribed(&self) -> BTreeSet<&str> {
        self.members.values().flat_map(|member| self.topics_of(member)).collect()
    }

    /// Whether a member reads the topic.
    pub(in crate::group) fn is_subscribed(&self, topic: &str) -> bool {
        self.members.values().any(|member| self.topics_of(member).any(|read| read == topic))
    }

    /// The topics of all members that are there.
    pub(super) fn read_topics(&self, cluster: &dyn Cluster) -> BTreeMap<Uuid, i32> {
        let topics = self.subscribed().into_iter().filter_map(|topic| cluster.topic(topic));
        topics.map(|topic| (topic.id, topic.partitions)).collect()
    }

    /// Begins a new epoch where `is_changed` or a topic that is read is another one than before.
    pub(super) fn refresh(&mut self, is_changed: bool, work: &mut Work<'_>) {
        let version = work.cluster.topics_version();
        if !is_changed && self.topics_version == Some(version) {
            return;
        }
        let hash = self.current_hash(work.cluster);
        if is_changed || hash != self.metadata_hash {
            self.begin_epoch(hash, work);
        }
        if self.has_topics_record {
            self.write(ConsumerGroupChange::Topics(None), work);
        }
        self.topics_version = Some(version);
    }

    pub(super) fn current_hash(&self, cluster: &dyn Cluster) -> i64 {
        let topics = self.subscribed().into_iter();
        group_hash(topics.filter_map(|name| Some((name, cluster.topic(name)?))))
    }

    pub(super) fn begin_epoch(&mut self, metadata_hash: i64, work: &mut Work<'_>) {
        let epoch = self.epoch.saturating_add(1);
        self.write(ConsumerGroupChange::Epoch(Some(EpochValue { epoch, metadata_hash })), work);
    }
}

/// Kafka's hash of topics in the order of their names (`Utils.computeGroupHash`).
pub(super) fn group_hash<'a>(topics: impl Iterator<Item = (&'a str, TopicShape)>) -> i64 {
    let mut bytes = Vec::new();
    for (name, topic) in topics {
        bytes.extend(topic_hash(name, topic).to_le_bytes());
    }
    if bytes.is_empty() { 0 } else { XxHash3_64::oneshot(&bytes).cast_signed() }
}

/// Kafka's hash of a topic whose replicas have no racks (`Utils.computeTopicHash`).
fn topic_hash(name: &str, topic: TopicShape) -> u64 {
    let mut bytes = vec![MAGIC];
    let (high, low) = topic.id.0.split_at(8);
    bytes.extend(high.iter().rev());
    bytes.extend(low.iter().rev());
    let units: Vec<u16> = name.encode_utf16().collect();
    units.iter().for_each(|unit| bytes.extend(unit.to_le_bytes()));
    bytes.extend(i32::try_from(units.len()).unwrap_or(i32::MAX).to_le_bytes());
    bytes.extend(topic.partitions.to_le_bytes());
    (0..topic.partitions).for_each(|partition| bytes.extend(partition.to_le_bytes()));
    XxHash3_64::oneshot(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of Kafka 4.3.1 (`golden/Golden.java`).
    const GOLDEN: &str = include_str!("../../../tests/golden/records-4.3.1.txt");

    fn golden(name: &str) -> i64 {
        let line = GOLDEN.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|hash| hash.parse().ok()).expect("a hash")
    }

    fn id(high: i64, low: i64) -> Uuid {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&high.to_be_bytes());
        id[8..].copy_from_slice(&low.to_be_bytes());
        Uuid(id)
    }

    #[test]
    fn topics_have_kafkas_hash() {
        let orders = ("orders", TopicShape { id: id(1, 2), partitions: 3 });
        let sizes = ("größe", TopicShape { id: id(-3, 4), partitions: 40 });
        assert_eq!(group_hash([].into_iter()), golden("topics-none"));
        assert_eq!(group_hash([orders].into_iter()), golden("topics-orders"));
        assert_eq!(group_hash([sizes, orders].into_iter()), golden("topics-both"));
    }
}
