//! What the tests do through librdkafka.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::message::Message;
use rdkafka::producer::BaseRecord;
use strait_cluster_tests::topic;
use strait_cluster_tests::writer::Writer;

const PATIENCE: Duration = Duration::from_secs(30);

/// Makes a topic, with settings such as `cleanup.policy=compact`.
pub(crate) fn create(address: &str, name: &str, partitions: i32, configs: &[&str]) -> Result<()> {
    let mut wanted = NewTopic::new(name, partitions, TopicReplication::Fixed(1));
    for config in configs {
        let (key, value) = config.split_once('=').context("key=value")?;
        wanted = wanted.set(key, value);
    }
    let client: AdminClient<DefaultClientContext> = topic::client(address).create()?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    for outcome in runtime.block_on(client.create_topics([&wanted], &AdminOptions::new()))? {
        outcome.map_err(|(name, code)| anyhow!("creating {name}: {code}"))?;
    }
    Ok(())
}

/// The key of record `number`: all records of a key are in one partition.
fn key(number: u64) -> String {
    format!("key-{}", number % 7)
}

/// Writes the records from `first` on, numbered, lz4 and idempotent; waits until all were acknowledged.
pub(crate) fn write(address: &str, name: &str, numbers: std::ops::Range<u64>) -> Result<()> {
    write_wide(address, name, numbers, 0)
}

/// The same with values of so many digits at least, in many short batches.
pub(crate) fn write_wide(
    address: &str,
    name: &str,
    numbers: std::ops::Range<u64>,
    width: usize,
) -> Result<()> {
    let count = numbers.end - numbers.start;
    let mut writer = Writer::open(address, &[("compression.type", "lz4"), ("batch.size", "16384")])?;
    for number in numbers {
        let (key, value) = (key(number), format!("{number:0width$}"));
        writer.send(BaseRecord::to(name).key(key.as_str()).payload(value.as_str()))?;
    }
    match writer.flush()? {
        acknowledged if acknowledged == count => Ok(()),
        acknowledged => bail!("{acknowledged} of {count} records were acknowledged"),
    }
}

/// Reads `count` records as a member of a group, and commits. Within a key they have to come in the order of their
/// numbers.
pub(crate) fn read_in_group(address: &str, name: &str, group: &str, count: usize) -> Result<Vec<u64>> {
    let consumer: BaseConsumer = topic::client(address)
        .set("group.id", group)
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false")
        .set("check.crcs", "true")
        .create()?;
    consumer.subscribe(&[name])?;
    let deadline = Instant::now() + PATIENCE;
    let (mut numbers, mut newest) = (Vec::with_capacity(count), [None; 7]);
    while numbers.len() < count {
        if Instant::now() > deadline {
            bail!("{} of {count} records of {name} within {PATIENCE:?}", numbers.len());
        }
        let Some(message) = consumer.poll(Duration::from_millis(200)) else { continue };
        let message = message?;
        let number: u64 = std::str::from_utf8(message.payload().context("a value")?)?.parse()?;
        if message.key() != Some(key(number).as_bytes()) {
            bail!("record {number} has the key of another");
        }
        let newest = &mut newest[usize::try_from(number % 7)?];
        if newest.is_some_and(|newest| newest >= number) {
            bail!("record {number} comes after {newest:?}");
        }
        *newest = Some(number);
        numbers.push(number);
    }
    consumer.commit_consumer_state(CommitMode::Sync)?;
    numbers.sort_unstable();
    Ok(numbers)
}

/// Reads from the beginning as a member of a new group, and expects exactly the records below `count`.
pub(crate) fn assert_all(address: &str, name: &str, group: &str, count: u64) -> Result<()> {
    let numbers = read_in_group(address, name, group, usize::try_from(count)?)?;
    if !numbers.iter().copied().eq(0..count) {
        bail!("records are missing or there twice");
    }
    Ok(())
}
