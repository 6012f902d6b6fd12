//! Transactions: of librdkafka, which adds partitions itself, and of Kafka's own producer, whose epoch grows.

use std::time::Duration;

use anyhow::{Context, Result};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::producer::BaseRecord;
use rdkafka::{Offset, TopicPartitionList};
use strait_cluster_tests::topic;
use strait_cluster_tests::wait::{self, Attempt};
use strait_cluster_tests::world::World;
use strait_cluster_tests::writer::Writer;

use crate::client;
use crate::process::Broker;

const LIMIT: Duration = Duration::from_secs(30);

/// All values of partition 0 up to what a reader of this isolation may see.
fn values(address: &str, name: &str, isolation: &str) -> Result<Vec<String>> {
    let consumer: BaseConsumer = topic::client(address)
        .set("group.id", "reader")
        .set("isolation.level", isolation)
        .set("enable.partition.eof", "true")
        .create()?;
    let mut assignment = TopicPartitionList::new();
    assignment.add_partition_offset(name, 0, Offset::Beginning)?;
    consumer.assign(&assignment)?;
    let mut values = Vec::new();
    wait::until("the end of the partition", LIMIT, || {
        while let Some(polled) = consumer.poll(Duration::from_millis(200)) {
            match polled {
                Err(KafkaError::PartitionEOF(_)) => return Ok(Attempt::Done(())),
                polled => {
                    let message = polled?;
                    let value = std::str::from_utf8(message.payload().context("a value")?)?;
                    values.push(value.to_owned());
                }
            }
        }
        Ok(Attempt::NotYet(format!("{} records", values.len())))
    })?;
    Ok(values)
}

fn send(writer: &mut Writer, name: &str, value: &str) {
    let record: BaseRecord<'_, str, str> = BaseRecord::to(name).partition(0).payload(value);
    writer.send(record).expect("sent");
}

#[test]
fn only_committed_records_are_read() {
    let Some(world) = World::enter("only_committed_records_are_read") else { return };
    let mut broker =
        Broker::start(&world.folder().join("a"), &["group.initial.rebalance.delay.ms=0"]).expect("a broker");
    let address = broker.address();
    client::create(&address, "t", 1, &[]).expect("a topic");
    let mut writer = Writer::transactional(&address, "one", &[]).expect("a producer");
    for (value, commits) in [("a", true), ("b", false), ("c", true)] {
        writer.begin().expect("begun");
        send(&mut writer, "t", value);
        match commits {
            true => writer.commit().expect("committed"),
            false => writer.abort().expect("aborted"),
        }
    }
    writer.begin().expect("begun");
    send(&mut writer, "t", "open");
    writer.flush().expect("written");
    assert_eq!(values(&address, "t", "read_committed").expect("read"), ["a", "c"]);
    assert_eq!(values(&address, "t", "read_uncommitted").expect("read"), ["a", "b", "c", "open"]);

    // After a sudden end the open transaction is still open; its id's next producer aborts it.
    broker.kill().expect("killed");
    broker.restart().expect("started again");
    assert_eq!(values(&address, "t", "read_committed").expect("read"), ["a", "c"]);
    let mut next = Writer::transactional(&address, "one", &[]).expect("the next producer");
    next.begin().expect("begun");
    send(&mut next, "t", "d");
    next.commit().expect("committed");
    assert_eq!(values(&address, "t", "read_committed").expect("read"), ["a", "c", "d"]);
    assert!(writer.commit().is_err(), "the producer before is fenced");
}

#[test]
fn kafkas_own_producer_writes_transactions() {
    let Some(world) = World::enter("kafkas_own_producer_writes_transactions") else { return };
    let broker = Broker::start(&world.folder().join("a"), &[]).expect("a broker");
    client::create(&broker.address(), "t", 1, &[]).expect("a topic");
    let class = "org.apache.kafka.tools.ProducerPerformance";
    let arguments = ["--topic", "t", "--num-records", "2000", "--record-size", "100", "--throughput", "-1"];
    let more = ["--transactional-id", "perf", "--transaction-duration-ms", "50"];
    broker.tool(class, &[&arguments[..], &more[..]].concat()).expect("written");
    assert_eq!(values(&broker.address(), "t", "read_committed").expect("read").len(), 2_000);
    let class = "org.apache.kafka.tools.TransactionsCommand";
    let described = broker.tool(class, &["describe", "--transactional-id", "perf"]).expect("described");
    assert!(described.contains("CompleteCommit"), "{described}");
}
