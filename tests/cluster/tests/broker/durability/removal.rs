//! Records that were deleted, got too old, or were superseded, on a broker that is killed now and then.

use std::collections::BTreeMap;
use std::fs;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::producer::BaseRecord;
use rdkafka::{Offset, TopicPartitionList};
use strait_cluster_tests::random::Random;
use strait_cluster_tests::topic;
use strait_cluster_tests::wait::{self, Attempt};
use strait_cluster_tests::world::World;
use strait_cluster_tests::writer::Writer;

use super::load::Load;
use crate::client;
use crate::process::Broker;

const LIMIT: Duration = Duration::from_secs(30);
/// The smallest that a topic may have.
const SEGMENT: &str = "segment.bytes=1048576";
const KEYS: u64 = 40;

fn write(broker: &Broker, name: &str, values: &[&str]) {
    let mut writer = Writer::open(&broker.address(), &[]).expect("a producer");
    for value in values {
        writer.send(BaseRecord::<str, str>::to(name).payload(value)).expect("sent");
    }
    writer.flush().expect("written");
}

fn bounds(broker: &Broker, name: &str) -> Result<(i64, i64), KafkaError> {
    let consumer: BaseConsumer = topic::client(&broker.address()).create()?;
    consumer.fetch_watermarks(name, 0, Duration::from_secs(5))
}

fn admin(broker: &Broker) -> (AdminClient<DefaultClientContext>, tokio::runtime::Runtime) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    (topic::client(&broker.address()).create().expect("a client"), runtime)
}

fn delete_until(broker: &Broker, name: &str, offset: i64) {
    let (client, runtime) = admin(broker);
    let mut offsets = TopicPartitionList::new();
    offsets.add_partition_offset(name, 0, Offset::Offset(offset)).expect("an offset");
    let deleted = runtime.block_on(client.delete_records(&offsets, &AdminOptions::new())).expect("deleted");
    deleted.elements().iter().for_each(|partition| partition.error().expect("no error"));
}

fn delete_topic(broker: &Broker, name: &str) {
    let (client, runtime) = admin(broker);
    for deleted in runtime.block_on(client.delete_topics(&[name], &AdminOptions::new())).expect("answered") {
        deleted.expect("deleted");
    }
}

#[test]
fn deleted_records_stay_deleted() {
    let Some(world) = World::enter("deleted_records_stay_deleted") else { return };
    let mut broker = Broker::start(&world.folder().join("a"), &[]).expect("a broker");
    client::create(&broker.address(), "t", 1, &[]).expect("a topic");
    write(&broker, "t", &["0", "1", "2", "3", "4"]);
    delete_until(&broker, "t", 3);
    assert_eq!(bounds(&broker, "t"), Ok((3, 5)));
    broker.kill().expect("killed");
    broker.restart().expect("started");
    assert_eq!(bounds(&broker, "t"), Ok((3, 5)));
    // A topic of the same name knows nothing of it, now and after another kill.
    broker.stop().expect("a good end");
    broker.restart().expect("started");
    delete_topic(&broker, "t");
    client::create(&broker.address(), "t", 1, &[]).expect("a topic");
    assert_eq!(bounds(&broker, "t"), Ok((0, 0)));
    write(&broker, "t", &["new"]);
    broker.kill().expect("killed");
    broker.restart().expect("started");
    assert_eq!(bounds(&broker, "t"), Ok((0, 1)));
}

#[test]
fn old_records_go_by_size_and_by_time() {
    let Some(world) = World::enter("old_records_go_by_size_and_by_time") else { return };
    let properties = ["log.retention.check.interval.ms=100", "log.flush.offset.checkpoint.interval.ms=100"];
    let mut broker = Broker::start(&world.folder().join("a"), &properties).expect("a broker");
    let address = broker.address();
    client::create(&address, "sized", 1, &[SEGMENT, "retention.bytes=1048576"]).expect("a topic");
    client::create(&address, "aged", 1, &[SEGMENT, "retention.ms=500"]).expect("a topic");
    client::create(&address, "flushed", 1, &["flush.ms=100"]).expect("a topic");
    let value = "v".repeat(500_000);
    write(&broker, "sized", &[value.as_str(); 8]);
    write(&broker, "aged", &["a", "b"]);
    write(&broker, "flushed", &["a", "b"]);
    let wait = |broker: &Broker, name: &str, is_done: fn(i64, i64) -> bool| {
        wait::until(&format!("{name} is cleared"), LIMIT, || {
            let (start, end) = bounds(broker, name)?;
            Ok(if is_done(start, end) {
                Attempt::Done(())
            } else {
                Attempt::NotYet(format!("{start} to {end}"))
            })
        })
    };
    wait(&broker, "sized", |start, end| end == 8 && end - start <= 4).expect("by size");
    wait(&broker, "aged", |start, end| (start, end) == (2, 2)).expect("by time");
    let checkpoint = broker.data().join("recovery-point-offset-checkpoint");
    wait::until("records are flushed after flush.ms", LIMIT, || {
        let stored = fs::read_to_string(&checkpoint)?;
        let is_flushed = stored.lines().any(|line| line == "flushed 0 2");
        Ok(if is_flushed { Attempt::Done(()) } else { Attempt::NotYet(stored) })
    })
    .expect("flushed");
    let before = bounds(&broker, "sized").expect("bounds");
    broker.kill().expect("killed");
    broker.restart().expect("started");
    assert_eq!(bounds(&broker, "aged"), Ok((2, 2)));
    assert_eq!(bounds(&broker, "sized"), Ok(before));
}

/// Values of keys, the newest of each number N modulo the keys; gives how many were acknowledged.
fn supersede(address: &str, stop: &std::sync::atomic::AtomicBool) -> Result<u64> {
    let mut writer = Writer::open(address, &[("linger.ms", "5")])?;
    let filler = "x".repeat(1_000);
    let mut number = 0_u64;
    while !stop.load(std::sync::atomic::Ordering::Relaxed) {
        for _ in 0..KEYS {
            let (key, value) = ((number % KEYS).to_string(), format!("{number} {filler}"));
            writer.send(BaseRecord::<str, str>::to("t").partition(0).key(&key).payload(&value))?;
            number += 1;
        }
        writer.poll();
        thread::sleep(Duration::from_millis(5));
    }
    writer.flush()
}

#[test]
fn compaction_keeps_the_newest_of_each_key_through_kills() {
    let Some(world) = World::enter("compaction_keeps_the_newest_of_each_key_through_kills") else { return };
    let mut random = Random::announced("broker");
    let properties = ["log.cleaner.backoff.ms=1", "log.flush.offset.checkpoint.interval.ms=200"];
    let mut broker = Broker::start(&world.folder().join("a"), &properties).expect("a broker");
    let configs = ["cleanup.policy=compact", SEGMENT, "min.cleanable.dirty.ratio=0.01"];
    client::create(&broker.address(), "t", 1, &configs).expect("a topic");
    let address = broker.address();
    let load = Load::start(move |stop| supersede(&address, stop));
    for kills in 1..=2 {
        wait::until("compacted", LIMIT, || {
            let compacted = broker.log().matches("log compacted").count();
            Ok(if compacted >= 2 * kills {
                Attempt::Done(())
            } else {
                Attempt::NotYet(compacted.to_string())
            })
        })
        .expect("compacted under load");
        thread::sleep(random.millis(0, 1_200));
        broker.kill().expect("killed");
        broker.restart().expect("started");
    }
    let count = load.finish().expect("written");
    let (newest, read) = newest(&broker).expect("read");
    let expected: BTreeMap<String, u64> =
        (count - KEYS..count).map(|number| ((number % KEYS).to_string(), number)).collect();
    assert_eq!(newest, expected);
    assert!(read < count, "{read} of {count} records are left");
}

/// The last value of each key, and how many records there are.
fn newest(broker: &Broker) -> Result<(BTreeMap<String, u64>, u64)> {
    let consumer: BaseConsumer = topic::client(&broker.address())
        .set("group.id", "newest")
        .set("enable.partition.eof", "true")
        .create()?;
    let mut assignment = TopicPartitionList::new();
    assignment.add_partition_offset("t", 0, Offset::Beginning)?;
    consumer.assign(&assignment)?;
    let (mut newest, mut count) = (BTreeMap::new(), 0);
    wait::until("the end of the topic", LIMIT, || {
        while let Some(polled) = consumer.poll(Duration::from_millis(200)) {
            match polled {
                Err(KafkaError::PartitionEOF(_)) => return Ok(Attempt::Done(())),
                polled => {
                    let message = polled?;
                    let text = |bytes: Option<&[u8]>| {
                        String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned()
                    };
                    let value = text(message.payload());
                    let number = value.split(' ').next().unwrap_or_default().parse()?;
                    newest.insert(text(message.key()), number);
                    count += 1;
                }
            }
        }
        Ok(Attempt::NotYet(format!("{count} records")))
    })?;
    Ok((newest, count))
}
