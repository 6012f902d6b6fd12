//! Compacted topics after the cleaner: batches with holes, batches left empty, tombstones.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use rdkafka::Message;
use rdkafka::producer::BaseRecord;

use crate::kafka::Kafka;
use crate::wait::{self, Attempt};
use crate::writer::Writer;
use crate::{reader, segment, topic};

const HOUR: Duration = Duration::from_secs(3_600);
/// A record an hour younger than the first of a segment begins a new one; only the newest segment is not cleaned.
const SETTINGS: [&str; 4] = [
    "cleanup.policy=compact",
    "segment.ms=60000",
    "min.cleanable.dirty.ratio=0.01",
    "min.compaction.lag.ms=0",
];

/// A topic of one partition with so many keys, the oldest of this age.
#[derive(Clone, Copy, Debug)]
pub struct Compacted<'a> {
    /// Its name.
    pub topic: &'a str,
    /// none, gzip, snappy, lz4 or zstd.
    pub codec: &'a str,
    /// Different keys.
    pub keys: i64,
    /// Of the first record; at least five hours.
    pub age: Duration,
}

impl Compacted<'_> {
    /// Makes the topic. Three producers write the same keys in three segments, each fewer of them; then a fourth
    /// segment begins.
    pub fn fill(&self, kafka: &Kafka) -> Result<()> {
        topic::create(kafka, self.topic, 1, &SETTINGS)?;
        let begin = (SystemTime::now() - self.age).duration_since(SystemTime::UNIX_EPOCH)?;
        let time = |hours: u32| i64::try_from((begin + hours * HOUR).as_millis());
        let keys = self.keys;
        let overwritten: [&dyn Fn(i64) -> bool; 3] =
            [&|_| true, &|key| key % 3 != 0 || key > keys - keys / 20, &|key| key % 7 == 0];
        for (round, chosen) in (0..).zip(overwritten) {
            let settings = [("compression.type", self.codec), ("batch.num.messages", "100")];
            let mut writer = Writer::open(&kafka.address(), &settings)?;
            for key in (0..keys).filter(|key| chosen(*key)) {
                let (name, value) = (format!("customer-{key}"), format!("round {round} of customer {key}"));
                let mut record = BaseRecord::<str, str>::to(self.topic).partition(0).key(&name);
                record = record.timestamp(time(round)? + key);
                let tombstone = round == 1 && key % 11 == 0;
                record.payload = (!tombstone).then_some(value.as_str());
                writer.send(record)?;
            }
            writer.flush()?;
        }
        let mut writer = Writer::open(&kafka.address(), &[])?;
        let last = BaseRecord::<str, str>::to(self.topic).partition(0).key("last").payload("last");
        writer.send(last.timestamp(time(4)?))?;
        writer.flush()?;
        Ok(())
    }

    /// Waits until the cleaner finds no more to do; panics unless it left holes and empty batches.
    pub fn wait_clean(&self, kafka: &Kafka) -> Result<()> {
        let name = self.topic;
        wait::until(&format!("{name} is clean"), Duration::from_secs(60), || cleanness(kafka, name))?;
        let batches = segment::batches(kafka, name, 0)?;
        let (holed, empty) = (
            batches.iter().filter(|batch| batch.has_holes()).count(),
            batches.iter().filter(|batch| batch.count == 0).count(),
        );
        println!("{name}: {} batches, {holed} with holes, {empty} empty", batches.len());
        assert!(holed > 10 && empty > 0, "the cleaner left too little to test: {holed} {empty}");
        Ok(())
    }
}

/// Done when each key is there once.
fn cleanness(kafka: &Kafka, topic: &str) -> Result<Attempt<()>> {
    let mut keys: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    reader::every(kafka, topic, |message| {
        *keys.entry(message.key().unwrap_or_default().to_vec()).or_default() += 1;
    })?;
    let doubled = keys.values().filter(|count| **count > 1).count();
    Ok(if doubled == 0 {
        Attempt::Done(())
    } else {
        Attempt::NotYet(format!("{doubled} keys more than once"))
    })
}
