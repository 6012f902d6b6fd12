//! The harness itself: every release starts, dies, comes back with its data, and what is produced is read back.

use strait_cluster_tests::digest::Contents;
use strait_cluster_tests::kafka::{CURRENT, KRAFT_3_9, Kafka, Release, ZOOKEEPER_2_8, ZOOKEEPER_3_9};
use strait_cluster_tests::produce::{self, Load};
use strait_cluster_tests::topic;
use strait_cluster_tests::world::World;

const RECORDS: u64 = 6_000;

#[test]
fn kafka_4_3() {
    round_trip("kafka_4_3", CURRENT);
}

#[test]
fn kafka_3_9() {
    round_trip("kafka_3_9", KRAFT_3_9);
}

#[test]
fn kafka_3_9_with_zookeeper() {
    round_trip("kafka_3_9_with_zookeeper", ZOOKEEPER_3_9);
}

#[test]
fn kafka_2_8_with_zookeeper() {
    round_trip("kafka_2_8_with_zookeeper", ZOOKEEPER_2_8);
}

fn round_trip(test: &str, release: Release) {
    let Some(_world) = World::enter(test) else { return };
    let kafka = Kafka::start(release).expect("a broker");
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        topic::create(&kafka, codec, 3, &[]).expect("a topic");
        produce::all(load(&kafka, codec), RECORDS).expect("produced");
    }
    let plain = Contents::read(&kafka, "none").expect("read");
    assert_eq!(plain.count() as u64, RECORDS);
    kafka.kill().expect("killed");
    kafka.restart().expect("started after SIGKILL");
    plain.assert_same(&Contents::read(&kafka, "none").expect("read after SIGKILL"));
    kafka.stop().expect("stopped");
    kafka.restart().expect("started after SIGTERM");
    for codec in ["gzip", "snappy", "lz4", "zstd"] {
        assert_eq!(Contents::read(&kafka, codec).expect("read").count() as u64, RECORDS, "{codec}");
    }
}

fn load(kafka: &Kafka, codec: &'static str) -> Load {
    Load { address: kafka.address(), topic: codec.to_owned(), partitions: 3, codec, batch_bytes: 131_072 }
}
