//! Producer and consumer of `strait-client` on Apache Kafka and on our broker, beside librdkafka and Kafka's own clients.

// What settings do, beside Kafka's own clients.
mod behaviour;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use strait_client::{
    ClientConfig, Consumer, ConsumerConfig, ConsumerError, ConsumerRecord, OffsetAndMetadata, Offsets,
    Producer, ProducerConfig, ProducerError, ProducerRecord, RebalanceListener, TopicPartition,
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

async fn producer(kafka: &Kafka, settings: &[(&str, &str)]) -> Producer {
    let config = ProducerConfig::from_properties(settings.iter().copied()).expect("settings");
    Producer::new(cluster(kafka), config).await.expect("a producer")
}

async fn consumer(kafka: &Kafka, group: &str, settings: &[(&str, &str)]) -> Consumer {
    let all = [("group.id", group), ("auto.offset.reset", "earliest")];
    let config = ConsumerConfig::from_properties(all.into_iter().chain(settings.iter().copied()));
    Consumer::new(cluster(kafka), config.expect("settings")).await.expect("a consumer")
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
                let producer = producer(&kafka, &[("compression.type", codec)]).await;
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
            let mut first = consumer(&kafka, "readers", &[("enable.auto.commit", "false")]).await;
            first.subscribe(&["orders"]).expect("subscribed");
            let records = read(&mut first, 3_000).await;
            first.commit().await.expect("committed");
            let taken = records.len();
            let found: Vec<String> = records.iter().map(text).collect();
            assert_eq!(found, expected("record", 0..i64::try_from(taken).expect("small")));
            assert_eq!(records[7].key.as_deref(), Some(&b"key"[..]));
            first.close(LIMIT).await.expect("closed");
            let mut second = consumer(&kafka, "readers", &[]).await;
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

/// What a listener was told.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<(&'static str, usize)>>>);

impl Heard {
    fn note(&self, what: &'static str, partitions: &[TopicPartition]) {
        self.0.lock().expect("whole").push((what, partitions.len()));
    }
}

impl RebalanceListener for Heard {
    fn on_partitions_assigned(&mut self, partitions: &[TopicPartition]) -> Vec<(TopicPartition, i64)> {
        self.note("assigned", partitions);
        Vec::new()
    }

    fn on_partitions_revoked(&mut self, partitions: &[TopicPartition]) -> Offsets {
        self.note("revoked", partitions);
        Offsets::new()
    }
}

/// Polls both until the group's partitions are shared as wanted; keeps what came.
async fn settle(members: &mut [Consumer], shares: &[usize], records: &mut Vec<ConsumerRecord>) {
    let deadline = Instant::now() + LIMIT;
    loop {
        for member in members.iter_mut() {
            records.extend(member.poll(Duration::from_millis(50)).await.expect("records"));
        }
        let found: Vec<usize> = members.iter().map(|member| member.assignment().len()).collect();
        if found == shares {
            return;
        }
        assert!(Instant::now() < deadline, "{found:?} instead of {shares:?}");
    }
}

#[test]
fn two_consumers_share_a_group_and_one_leaves() {
    let Some(_world) = World::enter("two_consumers_share_a_group_and_one_leaves") else { return };
    let runtime = Runtime::new().expect("a runtime");
    for release in BOTH {
        let kafka = Kafka::start(release).expect("a broker");
        for strategy in ["range", "roundrobin", "sticky", "cooperative-sticky"] {
            topic::create(&kafka, strategy, 6, &[]).expect("a topic");
            runtime.block_on(share(&kafka, strategy));
        }
    }
}

async fn share(kafka: &Kafka, strategy: &str) {
    let settings = [("partition.assignment.strategy", strategy), ("heartbeat.interval.ms", "100")];
    let producer = producer(kafka, &[]).await;
    let heard = Heard::default();
    let (mut members, mut records) = (Vec::new(), Vec::new());
    let mut first = consumer(kafka, strategy, &settings).await;
    first.set_rebalance_listener(heard.clone());
    first.subscribe(&[strategy]).expect("subscribed");
    members.push(first);
    settle(&mut members, &[6], &mut records).await;
    let mut second = consumer(kafka, strategy, &settings).await;
    second.subscribe(&[strategy]).expect("subscribed");
    members.push(second);
    settle(&mut members, &[3, 3], &mut records).await;
    let together: BTreeSet<TopicPartition> = members.iter().flat_map(Consumer::assignment).collect();
    assert_eq!(together.len(), 6, "{strategy}: nobody has what another one has");
    spread(&producer, strategy, 0..600).await;
    let deadline = Instant::now() + LIMIT;
    while records.len() < 600 {
        assert!(Instant::now() < deadline, "{strategy}: {} records", records.len());
        settle(&mut members, &[3, 3], &mut records).await;
    }
    members.remove(1).close(LIMIT).await.expect("closed");
    settle(&mut members, &[6], &mut records).await;
    spread(&producer, strategy, 600..1_200).await;
    while records.len() < 1_200 {
        assert!(Instant::now() < deadline, "{strategy}: {} records", records.len());
        settle(&mut members, &[6], &mut records).await;
    }
    let found: BTreeSet<String> = records.iter().map(text).collect();
    assert_eq!((records.len(), found.len()), (1_200, 1_200), "{strategy}: each record once");
    let heard = heard.0.lock().expect("whole").clone();
    let expected = match strategy {
        "cooperative-sticky" => vec![("assigned", 6), ("revoked", 3), ("assigned", 0), ("assigned", 3)],
        _ => vec![("assigned", 6), ("revoked", 6), ("assigned", 3), ("revoked", 3), ("assigned", 6)],
    };
    let told: Vec<_> = heard.into_iter().filter(|what| *what != ("assigned", 0)).collect();
    assert_eq!(
        told,
        expected.into_iter().filter(|what| *what != ("assigned", 0)).collect::<Vec<_>>(),
        "{strategy}"
    );
    producer.close(LIMIT).await;
    members.remove(0).close(LIMIT).await.expect("closed");
}

/// Records without a key.
async fn spread(producer: &Producer, topic: &str, numbers: Range<i64>) {
    let mut deliveries = Vec::new();
    for value in expected("record", numbers) {
        deliveries.push(producer.send(ProducerRecord::new(topic, value)).await.expect("taken"));
    }
    producer.flush().await;
    let mut places: BTreeMap<i32, BTreeSet<i64>> = BTreeMap::new();
    for delivery in deliveries {
        let metadata = delivery.await.expect("written");
        assert!(places.entry(metadata.partition).or_default().insert(metadata.offset.expect("known")));
    }
}

#[test]
fn a_transaction_is_read_whole_or_not_at_all() {
    let Some(_world) = World::enter("a_transaction_is_read_whole_or_not_at_all") else { return };
    let runtime = Runtime::new().expect("a runtime");
    for release in BOTH {
        let kafka = Kafka::start(release).expect("a broker");
        topic::create(&kafka, "orders", 1, &[]).expect("a topic");
        runtime.block_on(transactions(&kafka));
        let committed = [expected("first", 0..100), expected("third", 0..10)].concat();
        assert_eq!(values(&kafka, "orders").expect("read"), committed, "librdkafka");
    }
}

async fn transactions(kafka: &Kafka) {
    let first = producer(kafka, &[("transactional.id", "writer")]).await;
    let record = || ProducerRecord::new("orders", "early");
    assert!(first.send(record()).await.is_err(), "not initialized");
    first.init_transactions().await.expect("initialized");
    assert!(first.send(record()).await.is_err(), "no transaction");
    for (word, count, commit) in [("first", 100, true), ("second", 50, false), ("third", 10, true)] {
        first.begin_transaction().expect("begun");
        send(&first, "orders", word, 0..count).await;
        match commit {
            true => first.commit_transaction().await.expect("committed"),
            false => first.abort_transaction().await.expect("aborted"),
        }
    }
    first.begin_transaction().expect("begun");
    first.commit_transaction().await.expect("nothing to commit");
    for (level, count) in [("read_committed", 110), ("read_uncommitted", 160)] {
        let mut reader = consumer(kafka, level, &[("isolation.level", level)]).await;
        reader.subscribe(&["orders"]).expect("subscribed");
        let records = read(&mut reader, count).await;
        assert_eq!(records.len(), count, "{level}");
        assert!(reader.poll(Duration::from_millis(500)).await.expect("nothing").is_empty(), "{level}");
        reader.close(LIMIT).await.expect("closed");
    }
    first.begin_transaction().expect("begun");
    send(&first, "orders", "fourth", 0..5).await;
    let second = producer(kafka, &[("transactional.id", "writer")]).await;
    second.init_transactions().await.expect("initialized");
    let error = first.commit_transaction().await.expect_err("fenced");
    assert!(error.is_fatal(), "{error}");
    assert!(first.begin_transaction().expect_err("for ever").is_fatal());
}

#[test]
fn offsets_of_a_consumer_are_part_of_the_transaction() {
    let Some(_world) = World::enter("offsets_of_a_consumer_are_part_of_the_transaction") else { return };
    let runtime = Runtime::new().expect("a runtime");
    for release in BOTH {
        let kafka = Kafka::start(release).expect("a broker");
        topic::create(&kafka, "in", 1, &[]).expect("a topic");
        topic::create(&kafka, "out", 1, &[]).expect("a topic");
        fill(&kafka, "in", "record", 0..200);
        runtime.block_on(copy(&kafka));
        assert_eq!(values(&kafka, "out").expect("read"), expected("record", 0..200));
    }
}

/// Every other batch is aborted and read again.
async fn copy(kafka: &Kafka) {
    let settings = [("enable.auto.commit", "false"), ("max.poll.records", "30")];
    let mut reader = consumer(kafka, "copiers", &settings).await;
    reader.subscribe(&["in"]).expect("subscribed");
    let writer = producer(kafka, &[("transactional.id", "copier")]).await;
    writer.init_transactions().await.expect("initialized");
    let partition = ("in".to_owned(), 0);
    let (mut done, mut commit) = (0, false);
    while done < 200 {
        let records = read(&mut reader, 1).await;
        assert_eq!(records[0].offset, done, "from the last commit on");
        writer.begin_transaction().expect("begun");
        for record in &records {
            let copied = ProducerRecord::new("out", record.value.clone().expect("a value")).with_partition(0);
            drop(writer.send(copied).await.expect("taken"));
        }
        let next = records.last().expect("at least one").offset + 1;
        let offsets = Offsets::from([(partition.clone(), next.into())]);
        let group = reader.group_metadata().expect("a member");
        writer.send_offsets_to_transaction(offsets, group).await.expect("sent");
        commit = !commit;
        if commit {
            writer.commit_transaction().await.expect("committed");
            done = next;
        } else {
            writer.abort_transaction().await.expect("aborted");
            let committed = reader.committed(std::slice::from_ref(&partition)).await.expect("known");
            assert_eq!(committed.get(&partition).map_or(0, |found| found.offset), done);
            reader.seek(&partition, done).expect("assigned");
        }
    }
    writer.close(LIMIT).await;
    reader.close(LIMIT).await.expect("closed");
}

#[test]
fn records_are_written_once_and_in_order_through_kills() {
    let Some(_world) = World::enter("records_are_written_once_and_in_order_through_kills") else { return };
    let runtime = Runtime::new().expect("a runtime");
    for release in BOTH {
        let kafka = Kafka::start(release).expect("a broker");
        topic::create(&kafka, "orders", 1, &[]).expect("a topic");
        let producer =
            runtime.block_on(producer(&kafka, &[("batch.size", "1000"), ("request.timeout.ms", "5000")]));
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
        let producer = producer(&kafka, &settings).await;
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

#[test]
fn our_consumer_and_librdkafka_share_a_group() {
    let Some(_world) = World::enter("our_consumer_and_librdkafka_share_a_group") else { return };
    let runtime = Runtime::new().expect("a runtime");
    for release in BOTH {
        let kafka = Kafka::start(release).expect("a broker");
        for (strategy, ours_first) in [("range", true), ("range", false), ("cooperative-sticky", true)] {
            let name = format!("{strategy}-{ours_first}");
            topic::create(&kafka, &name, 6, &[]).expect("a topic");
            runtime.block_on(share_with_librdkafka(&kafka, &name, strategy, ours_first));
        }
    }
}

/// Who comes first leads the group and shares the partitions out.
async fn share_with_librdkafka(kafka: &Kafka, name: &str, strategy: &str, ours_first: bool) {
    let mut config = topic::client(&kafka.address());
    config.set("group.id", name).set("partition.assignment.strategy", strategy);
    config.set("heartbeat.interval.ms", "100");
    let theirs: BaseConsumer = config.create().expect("a consumer");
    let settings = [("partition.assignment.strategy", strategy), ("heartbeat.interval.ms", "100")];
    let mut ours = consumer(kafka, name, &settings).await;
    let deadline = Instant::now() + LIMIT;
    let (mut started, mut share) = (0, (0, 0));
    while share != (3, 3) || started < 2 {
        assert!(Instant::now() < deadline, "{name}: {share:?}");
        let alone = share.0 + share.1 == 6;
        if started == 0 || (started == 1 && alone) {
            match (started == 0) == ours_first {
                true => ours.subscribe(&[name]).expect("subscribed"),
                false => theirs.subscribe(&[name]).expect("subscribed"),
            }
            started += 1;
        }
        if started == 2 || ours_first {
            ours.poll(Duration::from_millis(50)).await.expect("nothing");
        }
        drop(theirs.poll(Duration::from_millis(50)));
        share = (ours.assignment().len(), theirs.assignment().expect("known").count());
    }
    ours.close(LIMIT).await.expect("closed");
}

#[test]
fn who_does_not_poll_in_time_leaves_the_group() {
    let Some(_world) = World::enter("who_does_not_poll_in_time_leaves_the_group") else { return };
    let runtime = Runtime::new().expect("a runtime");
    for release in BOTH {
        let kafka = Kafka::start(release).expect("a broker");
        topic::create(&kafka, "orders", 2, &[]).expect("a topic");
        runtime.block_on(poll_late(&kafka));
        runtime.block_on(poll_late_alone(&kafka));
    }
}

async fn poll_late(kafka: &Kafka) {
    let mut members = Vec::new();
    for interval in ["1000", "300000"] {
        let settings = [
            ("max.poll.interval.ms", interval),
            ("heartbeat.interval.ms", "100"),
            ("enable.auto.commit", "false"),
        ];
        let mut member = consumer(kafka, "late", &settings).await;
        member.subscribe(&["orders"]).expect("subscribed");
        members.push(member);
    }
    let mut records = Vec::new();
    settle(&mut members, &[1, 1], &mut records).await;
    let began = Instant::now();
    settle(&mut members[1..], &[2], &mut records).await;
    assert!(began.elapsed() < Duration::from_secs(20), "the session would end after 45 s only");
    let partition = members[0].assignment().into_iter().next().unwrap_or(("orders".to_owned(), 0));
    let offsets = Offsets::from([(partition, OffsetAndMetadata::from(0))]);
    let error = members[0].commit_offsets(offsets).await.expect_err("not a member any more");
    assert!(matches!(error, ConsumerError::CommitFailed), "{error}");
    settle(&mut members, &[1, 1], &mut records).await;
}

/// A group without members takes commits of anybody, so a member that left must not ask it.
async fn poll_late_alone(kafka: &Kafka) {
    let settings = [("max.poll.interval.ms", "1000"), ("enable.auto.commit", "false")];
    let mut members = vec![consumer(kafka, "alone", &settings).await];
    members[0].subscribe(&["orders"]).expect("subscribed");
    settle(&mut members, &[2], &mut Vec::new()).await;
    let began = Instant::now();
    let error = loop {
        let offsets = Offsets::from([(("orders".to_owned(), 0), OffsetAndMetadata::from(0))]);
        match members[0].commit_offsets(offsets).await {
            Ok(()) => assert!(began.elapsed() < Duration::from_secs(20), "a member that left commits"),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, ConsumerError::CommitFailed), "{error}");
}
