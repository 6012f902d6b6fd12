//! Producer and consumer of `strait-client` on Apache Kafka and on our broker, beside librdkafka.

use std::time::Duration;

use strait_client::{ClientConfig, Producer, ProducerConfig, ProducerRecord};
use strait_cluster_tests::kafka::{CURRENT, Kafka, OURS, Release};
use strait_cluster_tests::numbered::{expected, values};
use strait_cluster_tests::topic;
use strait_cluster_tests::world::World;
use tokio::runtime::Runtime;

const LIMIT: Duration = Duration::from_secs(60);
const BOTH: [Release; 2] = [CURRENT, OURS];

fn cluster(kafka: &Kafka) -> ClientConfig {
    ClientConfig { bootstrap: vec![kafka.address()], ..ClientConfig::default() }
}

async fn producer(kafka: &Kafka, settings: &[(&str, &str)]) -> Producer {
    let config = ProducerConfig::from_properties(settings.iter().copied()).expect("settings");
    Producer::new(cluster(kafka), config).await.expect("a producer")
}

/// Sends `word 0`, `word 1` and so on, and waits for all.
async fn send(producer: &Producer, topic: &str, word: &str, numbers: std::ops::Range<i64>) {
    let mut deliveries = Vec::new();
    for value in expected(word, numbers) {
        let record = ProducerRecord::new(topic, value).with_key("key").with_partition(0);
        deliveries.push(producer.send(record).await.expect("taken"));
    }
    for delivery in deliveries {
        let metadata = delivery.await.expect("written");
        assert!(metadata.offset.is_some(), "{metadata:?}");
    }
}

#[test]
fn records_of_our_producer_are_read_by_librdkafka() {
    let Some(_world) = World::enter("records_of_our_producer_are_read_by_librdkafka") else { return };
    let runtime = Runtime::new().expect("a runtime");
    for release in BOTH {
        let kafka = Kafka::start(release).expect("a broker");
        for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
            topic::create(&kafka, codec, 1, &[]).expect("a topic");
            runtime.block_on(async {
                let producer = producer(&kafka, &[("compression.type", codec)]).await;
                send(&producer, codec, "record", 0..20_000).await;
                producer.close(LIMIT).await;
            });
            assert_eq!(values(&kafka, codec).expect("read"), expected("record", 0..20_000), "{codec}");
        }
    }
}
