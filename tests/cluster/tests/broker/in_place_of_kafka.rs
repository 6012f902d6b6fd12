//! `strait broker` in the place of Apache Kafka: librdkafka, Kafka's own tools and Strait itself can't tell.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::Message;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use strait_cluster_tests::copied::Pair;
use strait_cluster_tests::kafka::{CURRENT, Kafka, OURS, Release};
use strait_cluster_tests::numbered::{expected, fill, values};
use strait_cluster_tests::produce::{self, Load};
use strait_cluster_tests::strait::{Plan, Strait};
use strait_cluster_tests::world::World;
use strait_cluster_tests::{admin, topic};

const LIMIT: Duration = Duration::from_secs(60);
const PARTITIONS: i32 = 3;
const RECORDS: u64 = 30_000;

#[test]
fn records_and_groups_survive_a_kill() {
    let Some(_world) = World::enter("records_and_groups_survive_a_kill") else { return };
    let broker = Kafka::start(OURS).expect("a broker");
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        produce_to(&broker, codec);
    }
    let first = consume(&broker, "lz4", "first", RECORDS / 2);
    assert!(first.values().sum::<i64>() >= 15_000, "{first:?}");
    broker.kill().expect("killed");
    broker.restart().expect("started");
    let rest =
        consume(&broker, "lz4", "first", RECORDS - u64::try_from(first.values().sum::<i64>()).unwrap());
    let both: i64 = first.values().chain(rest.values()).sum();
    assert_eq!(both, 30_000, "the group goes on where it committed: {first:?} {rest:?}");
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        assert_eq!(topic::span(&broker, codec), 30_000, "{codec}");
        assert_eq!(consume(&broker, codec, "second", RECORDS).values().sum::<i64>(), 30_000, "{codec}");
    }
    broker.stop().expect("stopped");
    broker.restart().expect("started");
    topic::create(&broker, "after", 1, &[]).expect("a topic");
    fill(&broker, "after", "record", 0..10);
    assert_eq!(values(&broker, "after").expect("read"), expected("record", 0..10));
}

#[test]
fn strait_copies_between_brokers_of_ours_and_kafkas() {
    let Some(world) = World::enter("strait_copies_between_brokers_of_ours_and_kafkas") else { return };
    for (name, east, west) in [("both", OURS, OURS), ("source", OURS, CURRENT), ("target", CURRENT, OURS)] {
        let folder = world.folder().join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        copy(&folder, east, west);
        println!("ours as {name}: {RECORDS} records the same, before and after a kill of each");
    }
}

fn copy(folder: &std::path::Path, east: Release, west: Release) {
    let (east, west) = (Kafka::start(east).expect("a source"), Kafka::start(west).expect("a target"));
    topic::create(&east, "orders", PARTITIONS, &["retention.ms=7654321"]).expect("a topic");
    let mut strait =
        Strait::start(folder, &Plan::one_flow(&east.address(), &west.address(), "orders")).expect("strait");
    let pair = Pair { source: (&east, "orders"), target: (&west, "east.orders"), flow: "east--west" };
    let more = || {
        let address = east.address();
        let load = Load {
            address,
            topic: "orders".to_owned(),
            partitions: PARTITIONS,
            codec: "lz4",
            batch_bytes: 131_072,
        };
        produce::all(load, RECORDS / 3).expect("produced");
    };
    more();
    pair.wait(&mut strait, LIMIT).expect("copied");
    let settings = admin::configs(&west, "east.orders").expect("settings");
    assert_eq!(settings.get("retention.ms").map(String::as_str), Some("7654321"));
    for killed in [&east, &west] {
        killed.kill().expect("killed");
        killed.restart().expect("started");
        more();
        pair.wait(&mut strait, LIMIT).expect("copied");
    }
    pair.assert_same(RECORDS).expect("both sides can be read");
}

fn produce_to(broker: &Kafka, codec: &'static str) {
    topic::create(broker, codec, PARTITIONS, &[]).expect("a topic");
    let (address, topic) = (broker.address(), codec.to_owned());
    let load = Load { address, topic, partitions: PARTITIONS, codec, batch_bytes: 16_384 };
    produce::all(load, RECORDS).expect("produced");
}

/// Reads at least `count` records as a member of a group, commits, and gives how many came from each partition.
fn consume(broker: &Kafka, topic: &str, group: &str, count: u64) -> BTreeMap<i32, i64> {
    let mut client = topic::client(&broker.address());
    client.set("group.id", group).set("auto.offset.reset", "earliest").set("enable.auto.commit", "false");
    let consumer: BaseConsumer = client.create().expect("a consumer");
    consumer.subscribe(&[topic]).expect("subscribed");
    let deadline = Instant::now() + LIMIT;
    let (mut read, mut next) = (BTreeMap::<i32, i64>::new(), BTreeMap::<i32, i64>::new());
    while read.values().sum::<i64>() < i64::try_from(count).expect("a small number") {
        assert!(Instant::now() < deadline, "{topic}: {read:?} of {count} records");
        let Some(message) = consumer.poll(Duration::from_millis(200)) else { continue };
        let message = message.expect("a record");
        let expected = next.entry(message.partition()).or_insert(message.offset());
        assert_eq!(message.offset(), *expected, "{topic}: in order, none left out");
        *expected += 1;
        *read.entry(message.partition()).or_default() += 1;
    }
    consumer.commit_consumer_state(CommitMode::Sync).expect("committed");
    read
}
