//! Reads every committed record of a topic with librdkafka, checksums checked.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::BorrowedMessage;
use rdkafka::{Offset, TopicPartitionList};

use crate::kafka::Kafka;
use crate::wait::Attempt;
use crate::{topic, wait};

const SILENCE: Duration = Duration::from_secs(60);

/// Shows each record to `visit`, in order within its partition, and gives the topic's partitions.
pub fn every(kafka: &Kafka, topic: &str, mut visit: impl FnMut(&BorrowedMessage<'_>)) -> Result<Vec<i32>> {
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
    drain(&consumer, topic, bounds.keys().copied().collect(), &mut visit)?;
    Ok(bounds.into_keys().collect())
}

fn drain(
    consumer: &BaseConsumer,
    topic: &str,
    mut unfinished: BTreeSet<i32>,
    visit: &mut impl FnMut(&BorrowedMessage<'_>),
) -> Result<()> {
    let mut heard = Instant::now();
    while !unfinished.is_empty() {
        match consumer.poll(Duration::from_millis(500)) {
            None => {}
            Some(Ok(message)) => {
                visit(&message);
                heard = Instant::now();
            }
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                unfinished.remove(&partition);
                heard = Instant::now();
            }
            Some(Err(error)) => bail!("reading {topic}: {error}"),
        }
        if heard.elapsed() > SILENCE {
            let seconds = SILENCE.as_secs();
            bail!("reading {topic}: nothing for {seconds} s, {unfinished:?} not at their end");
        }
    }
    Ok(())
}
