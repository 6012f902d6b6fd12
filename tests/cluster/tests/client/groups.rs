//! Groups of our consumers, and of ours and librdkafka's.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use strait_client::{
    Consumer, ConsumerError, ConsumerRecord, OffsetAndMetadata, Offsets, Producer, ProducerRecord,
    RebalanceListener, TopicPartition,
};
use strait_cluster_tests::kafka::Kafka;
use strait_cluster_tests::numbered::expected;
use strait_cluster_tests::topic;
use strait_cluster_tests::world::World;
use tokio::runtime::Runtime;

use super::{BOTH, LIMIT, consumer, producer, text};

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
    let producer = producer(kafka, &[]);
    let heard = Heard::default();
    let (mut members, mut records) = (Vec::new(), Vec::new());
    let mut first = consumer(kafka, strategy, &settings);
    first.set_rebalance_listener(heard.clone());
    first.subscribe(&[strategy]).expect("subscribed");
    members.push(first);
    settle(&mut members, &[6], &mut records).await;
    let mut second = consumer(kafka, strategy, &settings);
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
    let mut ours = consumer(kafka, name, &settings);
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
        let mut member = consumer(kafka, "late", &settings);
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
    let mut members = vec![consumer(kafka, "alone", &settings)];
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
