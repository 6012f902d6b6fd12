//! Topics through librdkafka: their partitions and offsets.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

pub use crate::admin::create;
use crate::kafka::Kafka;
use crate::wait;
use crate::wait::Attempt;

/// Setting of topics whose records say that they are old: a broker deletes these half a minute after its start.
pub const KEPT: &str = "retention.ms=-1";

const PATIENCE: Duration = Duration::from_secs(10);

/// What every librdkafka client of the tests sets. An address may be `user:password@host:port`.
pub fn client(address: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    let (credentials, address) =
        address.rsplit_once('@').map_or((None, address), |(left, right)| (Some(left), right));
    if let Some((user, password)) = credentials.and_then(|credentials| credentials.split_once(':')) {
        config
            .set("security.protocol", "sasl_plaintext")
            .set("sasl.mechanism", "PLAIN")
            .set("sasl.username", user)
            .set("sasl.password", password);
    }
    config
        .set("bootstrap.servers", address)
        .set("broker.address.family", "v4")
        .set("reconnect.backoff.ms", "50")
        .set("reconnect.backoff.max.ms", "500")
        .set("log_level", "0");
    config
}

/// Waits until a topic has this many partitions with a leader.
pub fn wait_for_partitions(kafka: &Kafka, topic: &str, partitions: i32) -> Result<()> {
    let consumer: BaseConsumer = client(&kafka.address()).create()?;
    wait::until(&format!("{topic} with {partitions} partitions"), Duration::from_secs(60), || {
        let led = led_partitions(&consumer, topic)?.len();
        Ok(match usize::try_from(partitions)? == led {
            true => Attempt::Done(()),
            false => Attempt::NotYet(format!("{led} partitions")),
        })
    })
}

fn led_partitions(consumer: &BaseConsumer, topic: &str) -> Result<Vec<i32>> {
    let metadata = consumer.fetch_metadata(Some(topic), PATIENCE)?;
    let found = metadata.topics().iter().find(|entry| entry.name() == topic).context("no such topic")?;
    if let Some(error) = found.error() {
        bail!("metadata of {topic}: {error:?}");
    }
    Ok(found.partitions().iter().filter(|entry| entry.leader() >= 0).map(|entry| entry.id()).collect())
}

/// First and end offset of each partition, as a read_committed consumer may read them.
pub fn bounds(kafka: &Kafka, topic: &str) -> Result<BTreeMap<i32, (i64, i64)>> {
    let consumer: BaseConsumer =
        client(&kafka.address()).set("isolation.level", "read_committed").create()?;
    bounds_with(&consumer, topic)
}

/// End offset of each partition, all asked at once; partitions that are not there yet are left out.
pub fn ends(kafka: &Kafka, topic: &str) -> Result<BTreeMap<i32, i64>> {
    let consumer: BaseConsumer = client(&kafka.address()).create()?;
    let mut asked = TopicPartitionList::new();
    for partition in led_partitions(&consumer, topic)? {
        asked.add_partition_offset(topic, partition, Offset::End)?;
    }
    let answer = consumer.offsets_for_times(asked, PATIENCE)?;
    let ends = answer.elements_for_topic(topic).into_iter();
    Ok(ends.filter_map(|place| Some((place.partition(), place.offset().to_raw()?))).collect())
}

pub(crate) fn bounds_with(consumer: &BaseConsumer, topic: &str) -> Result<BTreeMap<i32, (i64, i64)>> {
    let mut bounds = BTreeMap::new();
    for partition in led_partitions(consumer, topic)? {
        bounds.insert(partition, consumer.fetch_watermarks(topic, partition, PATIENCE)?);
    }
    Ok(bounds)
}

/// How many offsets a topic spans, all partitions together; 0 when it does not exist.
pub fn span(kafka: &Kafka, topic: &str) -> i64 {
    bounds(kafka, topic).map_or(0, |bounds| bounds.values().map(|(first, end)| end - first).sum())
}

/// All topics, but not Kafka's own.
pub fn names(kafka: &Kafka) -> Result<BTreeSet<String>> {
    let consumer: BaseConsumer = client(&kafka.address()).create()?;
    let metadata = consumer.fetch_metadata(None, PATIENCE)?;
    let names = metadata.topics().iter().map(|entry| entry.name().to_owned());
    Ok(names.filter(|name| !name.starts_with("__")).collect())
}
