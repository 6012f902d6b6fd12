//! What groups committed, through librdkafka.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::topic_partition_list::TopicPartitionListElem;
use rdkafka::{Offset, TopicPartitionList};

use crate::kafka::Kafka;
use crate::wait::Attempt;
use crate::{topic, wait};

const PATIENCE: Duration = Duration::from_secs(30);

/// A topic and a partition of it.
pub type Place = (String, i32);

/// A consumer of a group that is no member of it.
pub fn outsider(kafka: &Kafka, group: &str) -> Result<BaseConsumer> {
    let mut config = topic::client(&kafka.address());
    Ok(config.set("group.id", group).set("enable.auto.commit", "false").create()?)
}

/// Commits offsets for a group without members; waits for its coordinator.
pub fn commit(kafka: &Kafka, group: &str, offsets: &[(&str, i32, i64)]) -> Result<()> {
    let mut list = TopicPartitionList::new();
    for (topic, partition, offset) in offsets {
        list.add_partition_offset(topic, *partition, Offset::Offset(*offset))?;
    }
    let outsider = outsider(kafka, group)?;
    wait::until(&format!("{group} has committed"), PATIENCE, || {
        Ok(Attempt::Done(outsider.commit(&list, CommitMode::Sync)?))
    })
}

/// What a group committed for these places; nothing for the others.
pub fn committed(kafka: &Kafka, group: &str, places: &[(&str, i32)]) -> Result<BTreeMap<Place, i64>> {
    let mut list = TopicPartitionList::new();
    for (topic, partition) in places {
        list.add_partition(topic, *partition);
    }
    let committed = outsider(kafka, group)?.committed_offsets(list, PATIENCE)?;
    let offset = |element: &TopicPartitionListElem<'_>| match element.offset() {
        Offset::Offset(offset) => Some(((element.topic().to_owned(), element.partition()), offset)),
        _ => None,
    };
    Ok(committed.elements().iter().filter_map(offset).collect())
}
