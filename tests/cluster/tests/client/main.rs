//! Producer and consumer of `strait-client` on Apache Kafka and on our broker, beside librdkafka and Kafka's own clients.

// What settings do, beside Kafka's own clients.
mod behaviour;
// Consumers that share partitions.
mod groups;
// Requests on their way at once.
mod in_flight;
// Records and offsets that count together or not at all.
mod transactions;

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use strait_client::{
    ClientConfig, Consumer, ConsumerConfig, ConsumerRecord, Producer, ProducerConfig, ProducerError,
    ProducerRecord,
};
use strait_cluster_tests::kafka::{CURRENT, Kafka, OURS, Release};
use strait_cluster_tests::numbered::{expected, fill, values};
use strait_cluster_tests::topic;
use strait_cluster_tests::world::World;
use tokio::runtime::Runtime;

const LIMIT: Duration = Duration::from_secs(60);
const BOTH: [Release; 2] = [CURRENT, OURS];

fn cluster(kafka: &Kafka) -> ClientConfig {
    ClientConfig { bootstrap: vec![kafka.address()], ..ClientConfig::default() }
}

fn producer(kafka: &Kafka, settings: &[(&str, &str)]) -> Producer {
    let config = ProducerConfig::from_properties(settings.iter().copied()).expect("settings");
    Producer::new(cluster(kafka), config).expect("a producer")
}

fn consumer(kafka: &Kafka, group: &str, settings: &[(&str, &str)]) -> Consumer {
    let all = [("group.id", group), ("auto.offset.reset", "earliest")];
    let config = ConsumerConfig::from_properties(all.into_iter().chain(settings.iter().copied()));
    Consumer::new(cluster(kafka), config.expect("settings")).expect("a consumer")
}

/// Sends `word 0`, `word 1` and so on, and waits for all.
async fn send(producer: &Producer, topic: &str, word: &str, numbers: Range<i64>) {
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

fn text(record: &ConsumerRecord) -> String {
    String::from_utf8_lossy(record.value.as_deref().unwrap_or_default()).into_owned()
}

/// Polls until there are so many records.
async fn read(consumer: &mut Consumer, count: usize) -> Vec<ConsumerRecord> {
    let deadline = Instant::now() + LIMIT;
    let mut records = Vec::new();
    while records.len() < count {
        assert!(Instant::now() < deadline, "{} of {count} records", records.len());
        records.extend(consumer.poll(Duration::from_millis(200)).await.expect("records"));
    }
    records
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
                let producer = producer(&kafka, &[("compression.type", codec)]);
                send(&producer, codec, "record", 0..20_000).await;
                producer.close(LIMIT).await;
            });
            assert_eq!(values(&kafka, codec).expect("read"), expected("record", 0..20_000), "{codec}");
        }
    }
}

#[test]
fn records_of_librdkafka_are_read_by_our_consumer() {
    let Some(_world) = World::enter("records_of_librdkafka_are_read_by_our_consumer") else { return };
    let runtime = Runtime::new().expect("a runtime");
    for release in BOTH {
        let kafka = Kafka::start(release).expect("a broker");
        topic::create(&kafka, "orders", 1, &[]).expect("a topic");
        fill(&kafka, "orders", "record", 0..5_000);
        runtime.block_on(async {
            let mut first = consumer(&kafka, "readers", &[("enable.auto.commit", "false")]);
            first.subscribe(&["orders"]).expect("subscribed");
            let records = read(&mut first, 3_000).await;
            first.commit().await.expect("committed");
            let taken = records.len();
            let found: Vec<String> = records.iter().map(text).collect();
            assert_eq!(found, expected("record", 0..i64::try_from(taken).expect("small")));
            assert_eq!(records[7].key.as_deref(), Some(&b"key"[..]));
            first.close(LIMIT).await.expect("closed");
            let mut second = consumer(&kafka, "readers", &[]);
            second.subscribe_pattern("ord.*").expect("subscribed");
            let rest: Vec<String> = read(&mut second, 5_000 - taken).await.iter().map(text).collect();
            assert_eq!(
                rest,
                expected("record", i64::try_from(taken).expect("small")..5_000),
                "where it committed"
            );
            let partition = ("orders".to_owned(), 0);
            second.seek(&partition, 4_990).expect("assigned");
            assert_eq!(read(&mut second, 10).await[0].offset, 4_990);
            second.seek_to_beginning(std::slice::from_ref(&partition)).expect("assigned");
            assert_eq!(read(&mut second, 1).await[0].offset, 0);
            second.pause(std::slice::from_ref(&partition)).expect("assigned");
            assert!(second.poll(Duration::from_millis(300)).await.expect("nothing").is_empty());
            second.resume(std::slice::from_ref(&partition)).expect("assigned");
            assert!(!read(&mut second, 1).await.is_empty());
            second.close(LIMIT).await.expect("closed");
        });
    }
}

#[test]
fn records_are_written_once_and_in_order_through_kills() {
    let Some(_world) = World::enter("records_are_written_once_and_in_order_through_kills") else { return };
    let runtime = Runtime::new().expect("a runtime");
    for release in BOTH {
        let kafka = Kafka::start(release).expect("a broker");
        topic::create(&kafka, "orders", 1, &[]).expect("a topic");
        let producer = runtime
            .block_on(async { producer(&kafka, &[("batch.size", "1000"), ("request.timeout.ms", "5000")]) });
        let producer = Arc::new(producer);
        for kill in 0..3 {
            let numbers = kill * 20_000..(kill + 1) * 20_000;
            let sending = runtime.spawn({
                let producer = producer.clone();
                async move { send(&producer, "orders", "record", numbers).await }
            });
            kafka.kill().expect("killed");
            kafka.restart().expect("started");
            runtime.block_on(sending).expect("all written");
        }
        assert_eq!(values(&kafka, "orders").expect("read"), expected("record", 0..60_000));
    }
}

#[test]
fn without_a_broker_memory_and_time_are_bounded() {
    let Some(_world) = World::enter("without_a_broker_memory_and_time_are_bounded") else { return };
    let runtime = Runtime::new().expect("a runtime");
    let kafka = Kafka::start(OURS).expect("a broker");
    topic::create(&kafka, "orders", 1, &[]).expect("a topic");
    let settings = [
        ("buffer.memory", "10000"),
        ("max.block.ms", "500"),
        ("request.timeout.ms", "1000"),
        ("delivery.timeout.ms", "2000"),
        ("linger.ms", "0"),
    ];
    runtime.block_on(async {
        let producer = producer(&kafka, &settings);
        send(&producer, "orders", "record", 0..10).await;
        let large = ProducerRecord::new("orders", vec![0_u8; 20_000]);
        let error = producer.send(large).await.expect_err("larger than all memory");
        assert!(matches!(error, ProducerError::RecordTooLarge { setting: "buffer.memory", .. }), "{error}");
        let error = producer.send(ProducerRecord::new("missing topic", "x")).await.expect_err("no such name");
        assert!(error.to_string().contains("missing topic"), "{error}");
        kafka.kill().expect("killed");
        let mut deliveries = Vec::new();
        let began = Instant::now();
        let error = loop {
            match producer.send(ProducerRecord::new("orders", vec![0_u8; 1_000])).await {
                Ok(delivery) => deliveries.push(delivery),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, ProducerError::BufferExhausted { max_block_ms: 500, .. }), "{error}");
        assert!(
            began.elapsed() >= Duration::from_millis(500) && deliveries.len() == 9,
            "{}",
            deliveries.len()
        );
        for delivery in deliveries {
            let error = delivery.await.expect_err("nobody is there");
            assert!(matches!(error, ProducerError::Expired { .. }), "{error}");
        }
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        kafka.restart().expect("started");
        send(&producer, "orders", "after", 0..10).await;
    });
    let all = [expected("record", 0..10), expected("after", 0..10)].concat();
    assert_eq!(values(&kafka, "orders").expect("read"), all, "the next records go under a new epoch");
}
