//! Partitions that a request names more than once.

use std::collections::HashMap;

use strait_wire::message::produce::{PartitionProduceData, TopicProduceData};

/// A partition that is named again counts once, with what is said of it last, as in Kafka.
pub(super) fn without_repeats(topics: Vec<TopicProduceData>) -> Vec<TopicProduceData> {
    // The usual request needs no look-up.
    if let [only] = topics.as_slice()
        && only.partition_data.is_sorted_by(|before, after| before.index < after.index)
    {
        return topics;
    }
    let mut places = HashMap::new();
    let mut kept: Vec<TopicProduceData> = Vec::with_capacity(topics.len());
    for mut data in topics {
        let partitions = std::mem::take(&mut data.partition_data);
        let place = *places.entry((data.name.clone(), data.topic_id)).or_insert(kept.len());
        if place == kept.len() {
            kept.push(data);
        }
        merge(&mut kept[place].partition_data, partitions);
    }
    kept
}

fn merge(kept: &mut Vec<PartitionProduceData>, partitions: Vec<PartitionProduceData>) {
    let mut places: HashMap<i32, usize> =
        (0..).zip(&*kept).map(|(place, data)| (data.index, place)).collect();
    for data in partitions {
        match places.get(&data.index) {
            Some(place) => kept[*place] = data,
            None => {
                places.insert(data.index, kept.len());
                kept.push(data);
            }
        }
    }
}
