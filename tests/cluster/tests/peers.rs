//! The harness itself where no other test kills: a release with ZooKeeper starts, dies and comes back with its data.

use strait_cluster_tests::digest::Contents;
use strait_cluster_tests::kafka::{Kafka, ZOOKEEPER_2_8};
use strait_cluster_tests::produce::{self, Load};
use strait_cluster_tests::topic;
use strait_cluster_tests::world::World;

const RECORDS: u64 = 6_000;

#[test]
fn kafka_2_8_with_zookeeper() {
    let Some(_world) = World::enter("kafka_2_8_with_zookeeper") else { return };
    let kafka = Kafka::start(ZOOKEEPER_2_8).expect("a broker");
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
