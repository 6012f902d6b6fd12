//! Reads a whole topic with librdkafka (read_committed, checksums checked) and compares two of them, record by record.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::{Offset, TopicPartitionList};

use crate::kafka::Kafka;
use crate::wait::Attempt;
use crate::{topic, wait};

const SILENCE: Duration = Duration::from_secs(60);

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
        let consumer: BaseConsumer = topic::client(&kafka.address())
            .set("group.id", "strait-tests")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("isolation.level", "read_committed")
            .set("enable.partition.eof", "true")
            .set("check.crcs", "true")
            .set("fetch.message.max.bytes", "4194304")
            .set("queued.max.messages.kbytes", "65536")
            .create()?;
        let bounds = wait::until(&format!("bounds of {topic}"), SILENCE, || {
            topic::bounds_with(&consumer, topic).map(Attempt::Done)
        })?;
        let mut assignment = TopicPartitionList::new();
        for partition in bounds.keys() {
            assignment.add_partition_offset(topic, *partition, Offset::Beginning)?;
        }
        consumer.assign(&assignment)?;
        let partitions = drain(&consumer, topic, &bounds)?;
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

fn drain(
    consumer: &BaseConsumer,
    topic: &str,
    bounds: &BTreeMap<i32, (i64, i64)>,
) -> Result<BTreeMap<i32, Vec<Entry>>> {
    let mut partitions: BTreeMap<i32, Vec<Entry>> = bounds.keys().map(|id| (*id, Vec::new())).collect();
    let mut unfinished = partitions.len();
    let mut heard = Instant::now();
    while unfinished > 0 {
        match consumer.poll(Duration::from_millis(500)) {
            None => {}
            Some(Ok(message)) => {
                let entries =
                    partitions.get_mut(&message.partition()).context("a partition never assigned")?;
                entries.push(Entry { offset: message.offset(), hash: fingerprint(&message) });
                heard = Instant::now();
            }
            Some(Err(KafkaError::PartitionEOF(_))) => {
                unfinished -= 1;
                heard = Instant::now();
            }
            Some(Err(error)) => bail!("reading {topic}: {error}"),
        }
        if heard.elapsed() > SILENCE {
            bail!(
                "reading {topic}: nothing for {} s, {unfinished} partitions not at their end",
                SILENCE.as_secs()
            );
        }
    }
    Ok(partitions)
}

fn fingerprint(message: &BorrowedMessage<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    message.key().hash(&mut hasher);
    message.payload().hash(&mut hasher);
    message.timestamp().to_millis().hash(&mut hasher);
    for header in message.headers().iter().flat_map(|headers| headers.iter()) {
        header.key.hash(&mut hasher);
        header.value.hash(&mut hasher);
    }
    hasher.finish()
}

fn first_difference(source: &[Entry], target: &[Entry]) -> Option<Place> {
    let same = source.iter().zip(target).take_while(|(ours, theirs)| ours.hash == theirs.hash).count();
    if same == source.len() && same == target.len() {
        return None;
    }
    let (wanted, found) = (source.get(same), target.get(same));
    Some(Place {
        partition: 0,
        index: same,
        source_offset: wanted.map(|entry| entry.offset),
        target_offset: found.map(|entry| entry.offset),
        found_at_source: found
            .and_then(|found| source.iter().find(|entry| entry.hash == found.hash))
            .map(|e| e.offset),
    })
}

/// Where two topics part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// In this partition.
    pub partition: i32,
    /// After this many equal records.
    pub index: usize,
    /// The source's record there, if it has one.
    pub source_offset: Option<i64>,
    /// The target's record there, if it has one.
    pub target_offset: Option<i64>,
    /// Where the source first has what the target has there.
    pub found_at_source: Option<i64>,
}

/// How two topics differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Name, records and partitions of the source.
    pub source: (String, usize, usize),
    /// Name, records and partitions of the target.
    pub target: (String, usize, usize),
    /// The first place, in records from a partition's start.
    pub place: Option<Place>,
    /// All of it, without regard to order.
    pub tally: Tally,
}

/// Differences counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// At the source, not at the target.
    pub lost: usize,
    /// More often at the target than at the source.
    pub doubled: usize,
    /// At the target, never at the source.
    pub strange: usize,
}

impl Tally {
    fn add(&mut self, source: &[Entry], target: &[Entry]) {
        let mut counts: HashMap<u64, (usize, usize)> = HashMap::new();
        for entry in source {
            counts.entry(entry.hash).or_default().0 += 1;
        }
        for entry in target {
            counts.entry(entry.hash).or_default().1 += 1;
        }
        for (wanted, found) in counts.values() {
            self.lost += wanted.saturating_sub(*found);
            match wanted {
                0 => self.strange += found,
                _ => self.doubled += found.saturating_sub(*wanted),
            }
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (source, source_records, source_partitions) = &self.source;
        let (target, target_records, target_partitions) = &self.target;
        write!(
            out,
            "{target} ({target_records} records, {target_partitions} partitions) is not {source} ({source_records} \
             records, {source_partitions} partitions): {} lost, {} doubled, {} strange",
            self.tally.lost, self.tally.doubled, self.tally.strange
        )?;
        let Some(place) = self.place else { return Ok(()) };
        write!(
            out,
            "; partition {} first differs after {} records: source offset {}, target offset {}, which the source has at {}",
            place.partition,
            place.index,
            Shown(place.source_offset),
            Shown(place.target_offset),
            Shown(place.found_at_source),
        )
    }
}

struct Shown(Option<i64>);

impl fmt::Display for Shown {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(offset) => write!(out, "{offset}"),
            None => out.write_str("none"),
        }
    }
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
