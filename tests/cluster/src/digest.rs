//! Whole topics as read_committed consumers see them, compared record by record.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use anyhow::Result;
use rdkafka::message::{BorrowedMessage, Headers, Message};

use crate::difference::{Difference, Place, Tally, first_difference};
use crate::kafka::Kafka;
use crate::reader;

/// Whether records with other times are other records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timestamps {
    /// They are.
    Compared,
    /// The target stamps its own.
    Ignored,
}

/// One record: where it is, and a hash over its key, value, headers in order, and timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its offset.
    pub offset: i64,
    /// Same content, same hash.
    pub hash: u64,
}

/// A topic as a consumer sees it: the records of each partition in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// Its name.
    pub topic: String,
    /// Records by partition.
    pub partitions: BTreeMap<i32, Vec<Entry>>,
}

impl Contents {
    /// Reads everything that is in the topic.
    pub fn read(kafka: &Kafka, topic: &str) -> Result<Self> {
        Self::read_as(kafka, topic, Timestamps::Compared)
    }

    /// Reads everything, with or without the records' times.
    pub fn read_as(kafka: &Kafka, topic: &str, timestamps: Timestamps) -> Result<Self> {
        let mut partitions: BTreeMap<i32, Vec<Entry>> = BTreeMap::new();
        let all = reader::every(kafka, topic, |message| {
            let entry = Entry { offset: message.offset(), hash: fingerprint(message, timestamps) };
            partitions.entry(message.partition()).or_default().push(entry);
        })?;
        for partition in all {
            partitions.entry(partition).or_default();
        }
        Ok(Self { topic: topic.to_owned(), partitions })
    }

    /// How many records it has.
    pub fn count(&self) -> usize {
        self.partitions.values().map(Vec::len).sum()
    }

    /// Fails with the first difference, and how many records are lost, doubled or strange in all.
    pub fn assert_same(&self, target: &Self) {
        if let Some(difference) = self.difference(target) {
            panic!("{difference}");
        }
    }

    /// How `target` differs, if it does.
    pub fn difference(&self, target: &Self) -> Option<Difference> {
        let same_partitions = self.partitions.keys().eq(target.partitions.keys());
        let places = self.partitions.iter().filter_map(|(partition, source)| {
            let copied = target.partitions.get(partition).map_or(&[][..], Vec::as_slice);
            first_difference(source, copied).map(|place| Place { partition: *partition, ..place })
        });
        let place = places.min_by_key(|place| place.index);
        if same_partitions && place.is_none() {
            return None;
        }
        let mut tally = Tally::default();
        for (partition, source) in &self.partitions {
            tally.add(source, target.partitions.get(partition).map_or(&[][..], Vec::as_slice));
        }
        Some(Difference {
            source: (self.topic.clone(), self.count(), self.partitions.len()),
            target: (target.topic.clone(), target.count(), target.partitions.len()),
            place,
            tally,
        })
    }
}

fn fingerprint(message: &BorrowedMessage<'_>, timestamps: Timestamps) -> u64 {
    let mut hasher = DefaultHasher::new();
    message.key().hash(&mut hasher);
    message.payload().hash(&mut hasher);
    match timestamps {
        Timestamps::Compared => message.timestamp().to_millis().hash(&mut hasher),
        Timestamps::Ignored => {}
    }
    for header in message.headers().iter().flat_map(|headers| headers.iter()) {
        header.key.hash(&mut hasher);
        header.value.hash(&mut hasher);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(hashes: &[u64]) -> Contents {
        let entries = (0..).zip(hashes).map(|(offset, hash)| Entry { offset, hash: *hash }).collect();
        Contents { topic: "orders".to_owned(), partitions: BTreeMap::from([(0, entries)]) }
    }

    #[test]
    fn equal_topics_are_equal() {
        assert_eq!(contents(&[1, 2, 3]).difference(&contents(&[1, 2, 3])), None);
    }

    #[test]
    fn lost_doubled_and_turned_records_are_named() {
        let source = contents(&[1, 2, 3, 4]);
        let lost = source.difference(&contents(&[1, 3, 4])).expect("one is lost");
        assert_eq!(lost.tally, Tally { lost: 1, doubled: 0, strange: 0 });
        assert_eq!(lost.place.expect("a place").source_offset, Some(1));
        let doubled = source.difference(&contents(&[1, 2, 2, 3, 4])).expect("one is doubled");
        assert_eq!(doubled.tally, Tally { lost: 0, doubled: 1, strange: 0 });
        assert_eq!(doubled.place.expect("a place").found_at_source, Some(1));
        let turned = source.difference(&contents(&[1, 3, 2, 4])).expect("two are turned");
        assert_eq!(turned.tally, Tally::default());
    }
}
