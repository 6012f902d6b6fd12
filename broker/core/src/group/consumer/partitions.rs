//! Sets of partitions by topic, and their forms in records and requests.

use std::collections::{BTreeMap, BTreeSet};

use strait_wire::ids::Uuid;
use strait_wire::message::consumer_group_heartbeat as heartbeat;

use crate::internal_record::consumer_group::{TopicPartition, TopicPartitions};

/// Partitions by the id of their topic. No topic is without partitions.
pub(in crate::group) type Partitions = BTreeMap<Uuid, BTreeSet<i32>>;

/// Partitions of a member, each with the epoch in which the member got it.
pub(in crate::group) type Owned = BTreeMap<Uuid, BTreeMap<i32, i32>>;

pub(super) fn target_of_record(topics: Vec<TopicPartition>) -> Partitions {
    let topics = topics.into_iter().filter(|topic| !topic.partitions.is_empty());
    topics.map(|topic| (topic.topic_id, topic.partitions.into_iter().collect())).collect()
}

pub(super) fn target_record(partitions: &Partitions) -> Vec<TopicPartition> {
    let topics = partitions.iter().map(|(topic_id, partitions)| TopicPartition {
        topic_id: *topic_id,
        partitions: partitions.iter().copied().collect(),
    });
    topics.collect()
}

/// Before Kafka 4.3 partitions had no epochs: `member_epoch` stands in for them.
pub(super) fn owned_of_record(topics: Vec<TopicPartitions>, member_epoch: i32) -> Owned {
    let mut owned = Owned::new();
    for TopicPartitions { topic_id, partitions, assignment_epochs } in topics {
        let epochs = assignment_epochs.filter(|epochs| epochs.len() == partitions.len());
        let epochs = epochs.unwrap_or_else(|| vec![member_epoch; partitions.len()]);
        if !partitions.is_empty() {
            owned.entry(topic_id).or_default().extend(partitions.into_iter().zip(epochs));
        }
    }
    owned
}

pub(super) fn owned_record(owned: &Owned) -> Vec<TopicPartitions> {
    let topics = owned.iter().map(|(topic_id, partitions)| TopicPartitions {
        topic_id: *topic_id,
        partitions: partitions.keys().copied().collect(),
        assignment_epochs: Some(partitions.values().copied().collect()),
    });
    topics.collect()
}

/// The assignment of a response.
pub(super) fn assignment(owned: &Owned) -> heartbeat::Assignment {
    let topics = owned.iter().map(|(topic_id, partitions)| heartbeat::TopicPartitions {
        topic_id: *topic_id,
        partitions: partitions.keys().copied().collect(),
    });
    heartbeat::Assignment { topic_partitions: topics.collect() }
}

/// Whether a member says that it still has one of the partitions. One that says nothing may have all.
pub(super) fn still_has_any(reported: Option<&[heartbeat::TopicPartitions]>, partitions: &Owned) -> bool {
    let Some(reported) = reported else { return true };
    reported.iter().any(|topic| {
        let known = partitions.get(&topic.topic_id);
        known.is_some_and(|known| topic.partitions.iter().any(|partition| known.contains_key(partition)))
    })
}

/// Whether a member says that it has nothing beyond these partitions.
pub(super) fn has_only(reported: Option<&[heartbeat::TopicPartitions]>, partitions: &Owned) -> bool {
    let Some(reported) = reported else { return false };
    reported.iter().all(|topic| {
        let known = partitions.get(&topic.topic_id);
        known.is_some_and(|known| topic.partitions.iter().all(|partition| known.contains_key(partition)))
    })
}
