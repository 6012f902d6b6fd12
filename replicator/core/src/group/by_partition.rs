//! Something of each partition.

use std::collections::BTreeMap;

use litemap::LiteMap;

/// By topic, then partition: few of a topic, in order, in one piece of memory.
pub type ByPartition<T> = BTreeMap<String, LiteMap<i32, T>>;

/// Topic, partition and what is there, in order.
pub fn each<T>(partitions: &ByPartition<T>) -> impl Iterator<Item = (&str, i32, &T)> {
    partitions.iter().flat_map(|(topic, partitions)| {
        partitions.iter().map(move |(partition, there)| (topic.as_str(), *partition, there))
    })
}
