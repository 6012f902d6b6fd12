//! What settings of producer and consumer do, beside Kafka's own clients on Apache Kafka 4.3.1: `Behaviour.java` wrote
//! the table.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::time::Duration;

use strait_client::{Cluster, Consumer, ConsumerConfig, ConsumerError, Producer, ProducerConfig};
use strait_client::{Delivery, ProducerError, ProducerRecord};
use strait_cluster_tests::kafka::{Kafka, OURS};
use strait_cluster_tests::topic;
use strait_cluster_tests::world::World;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::{cluster, in_flight};

const TABLE: &str = include_str!("behaviour-4.3.1.tsv");
const LIMIT: Duration = Duration::from_secs(30);
/// What does not go by then waits.
const QUIET: Duration = Duration::from_secs(3);
const POLL: Duration = Duration::from_millis(100);
/// Of what Kafka's client says of a call at the wrong time, and of codes of brokers, only the kind is compared.
const KINDS: [&str; 7] = [
    "UnknownTopicIdException",
    "IllegalStateException",
    "KafkaException",
    "ProducerFencedException",
    "InvalidSessionTimeoutException",
    "FencedInstanceIdException",
    "InconsistentGroupProtocolException",
];
const COMMITS: [&str; 3] = [
    "enable.auto.commit=true;auto.commit.interval.ms=100",
    "enable.auto.commit=true",
    "enable.auto.commit=false",
];
const RETRIES: [&str; 2] = ["retries=0", "retries=3;delivery.timeout.ms=6000;request.timeout.ms=5000"];
const IDEMPOTENCE: [&str; 4] = ["enable.idempotence=true", "enable.idempotence=false", "acks=1", "acks=0"];

/// What was tried, and what was seen.
pub(super) type Seen = Vec<(String, String)>;

#[test]
fn settings_do_what_they_do_in_kafkas_clients() {
    let Some(_world) = World::enter("settings_do_what_they_do_in_kafkas_clients") else { return };
    let kafka = Kafka::start(OURS).expect("a broker");
    for (name, partitions) in [("one", 1), ("seven", 7), ("ten", 1)] {
        topic::create(&kafka, name, partitions, &[]).expect("a topic");
    }
    for name in IDEMPOTENCE.map(own_topic).into_iter().chain(RETRIES.map(lost_topic)) {
        topic::create(&kafka, &name, 1, &[]).expect("a topic");
    }
    let (_behind, relay) = in_flight::behind_relay();
    let runtime = Runtime::new().expect("a runtime");
    let seen = runtime.block_on(async {
        let filling = producer(&kafka, "");
        for _ in 0..10 {
            written(&filling, record("ten", 10)).await.expect("written");
        }
        let (batches, producers, transactions, consumers, members, unanswered) = tokio::join!(
            batches(&kafka),
            producers(&kafka),
            transactions(&kafka),
            consumers(&kafka),
            members(&kafka),
            in_flight::unanswered(&relay)
        );
        let without_broker = without_broker(&kafka).await;
        [batches, producers, transactions, consumers, members, unanswered, without_broker].concat()
    });
    let expected: BTreeMap<&str, String> = TABLE
        .lines()
        .map(|line| line.split_once('\t').expect("two columns"))
        .map(|(tried, seen)| (tried, compared(seen)))
        .collect();
    assert_eq!(seen.len(), expected.len());
    let differing: Vec<_> = seen
        .iter()
        .filter(|(tried, seen)| expected.get(tried.as_str()) != Some(&compared(seen)))
        .map(|(tried, seen)| format!("{tried}: {seen}, Kafka's: {:?}", expected.get(tried.as_str())))
        .collect();
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

/// Without the time that went by, and without words that are our own.
fn compared(seen: &str) -> String {
    if let Some(kind) = KINDS.iter().find(|kind| seen.starts_with(**kind)) {
        return (*kind).to_owned();
    }
    let seen = seen.split(" Available memory").next().unwrap_or(seen);
    match seen.split_once(" ms has passed since batch creation") {
        Some((before, _)) => before.trim_end_matches(|last: char| last.is_ascii_digit()).to_owned(),
        None => seen.to_owned(),
    }
}

fn own_topic(settings: &str) -> String {
    format!("with-{}", settings.replace('=', "-"))
}

fn lost_topic(settings: &str) -> String {
    let (before, _) = settings.split_once(';').unwrap_or((settings, ""));
    format!("lost-{}", before.trim_start_matches("retries="))
}

pub(super) fn pairs(settings: &str) -> impl Iterator<Item = (&str, &str)> {
    settings.split(';').filter_map(|pair| pair.split_once('='))
}

fn producer(kafka: &Kafka, settings: &str) -> Producer {
    let config = ProducerConfig::from_properties(pairs(settings)).expect("settings");
    Producer::new(cluster(kafka), config).expect("a producer")
}

fn consumer(kafka: &Kafka, settings: &str) -> Consumer {
    let config = ConsumerConfig::from_properties(pairs(settings)).expect("settings");
    Consumer::new(cluster(kafka), config).expect("a consumer")
}

/// For partition 0.
fn record(topic: &str, size: usize) -> ProducerRecord {
    ProducerRecord::new(topic, vec![0; size]).with_partition(0)
}

fn said(kind: &str, error: impl Display) -> String {
    format!("{kind}: {error}")
}

fn of_producer(error: &ProducerError) -> String {
    let code = error.code().map(|code| code.to_string()).unwrap_or_default();
    let kind = match error {
        ProducerError::RecordTooLarge { .. } => "RecordTooLargeException",
        ProducerError::Expired { .. } | ProducerError::MetadataTimeout { .. } => "TimeoutException",
        ProducerError::BufferExhausted { .. } => "BufferExhaustedException",
        ProducerError::InvalidState { .. } | ProducerError::NotTransactional => "IllegalStateException",
        _ => match code.split(' ').next().unwrap_or_default() {
            // Kafka's client has no exception for this code.
            "UNKNOWN_TOPIC_ID" => "UnknownTopicIdException",
            "INVALID_TRANSACTION_TIMEOUT" => "KafkaException",
            "PRODUCER_FENCED" | "INVALID_PRODUCER_EPOCH" => "ProducerFencedException",
            other => other,
        },
    };
    said(kind, error)
}

fn of_consumer(error: &ConsumerError) -> String {
    let code = error.code().map(|code| code.to_string()).unwrap_or_default();
    let kind = match error {
        ConsumerError::NoGroup => "InvalidGroupIdException",
        ConsumerError::NoOffset { .. } => "NoOffsetForPartitionException",
        _ => match code.split(' ').next().unwrap_or_default() {
            "INVALID_SESSION_TIMEOUT" => "InvalidSessionTimeoutException",
            "FENCED_INSTANCE_ID" => "FencedInstanceIdException",
            "INCONSISTENT_GROUP_PROTOCOL" => "InconsistentGroupProtocolException",
            other => other,
        },
    };
    said(kind, error)
}

fn told<T: Display>(result: Result<T, ProducerError>) -> String {
    result.map_or_else(|error| of_producer(&error), |value| value.to_string())
}

/// Sends a record and waits for it.
async fn written(producer: &Producer, record: ProducerRecord) -> Result<i32, ProducerError> {
    Ok(producer.send(record).await?.await?.partition)
}

/// linger.ms and batch.size: what goes by itself, and what waits.
async fn batches(kafka: &Kafka) -> Seen {
    let five = async |settings: &str| {
        let producer = producer(kafka, settings);
        let mut sent: Vec<JoinHandle<_>> = Vec::new();
        for _ in 0..5 {
            let delivery: Delivery = producer.send(record("one", 100)).await.expect("taken");
            sent.push(tokio::spawn(delivery));
        }
        let all_gone = async {
            while !sent.iter().all(JoinHandle::is_finished) {
                tokio::time::sleep(POLL).await;
            }
        };
        let gone = match timeout(QUIET, all_gone).await {
            Ok(()) => sent.len(),
            Err(_) => sent.iter().filter(|delivery| delivery.is_finished()).count(),
        };
        producer.flush().await;
        for delivery in sent {
            delivery.await.expect("no panic").expect("written");
        }
        (format!("five records with {settings}"), format!("{gone} go, {} wait", 5 - gone))
    };
    let (first, second, third, fourth) = tokio::join!(
        five(""),
        five("linger.ms=60000"),
        five("linger.ms=60000;batch.size=200"),
        five("linger.ms=60000;batch.size=0")
    );
    vec![first, second, third, fourth]
}

/// acks, enable.idempotence, max.request.size, retries and the partitioner.
async fn producers(kafka: &Kafka) -> Seen {
    let mut seen = Seen::new();
    let admin = Cluster::connect(cluster(kafka)).await.expect("a cluster");
    for settings in IDEMPOTENCE {
        let name = own_topic(settings);
        let producer = producer(kafka, settings);
        let delivery = producer.send(record(&name, 10)).await.expect("taken");
        let offset = delivery.await.expect("written").offset.map_or("no offset", |_| "an offset");
        let known = admin.describe_producers(&[(name, 0)]).await.expect("an answer");
        let known = known.into_iter().next().expect("a partition").1.expect("known").len();
        let tried = format!("producers after a record with {settings}");
        seen.push((tried, format!("{offset}, {known} producers")));
    }
    let plain = producer(kafka, "");
    seen.push(("a large record".to_owned(), told(written(&plain, record("one", 2_000_000)).await)));
    for settings in RETRIES {
        let lost = lost_topic(settings);
        let producer = producer(kafka, settings);
        written(&producer, record(&lost, 10)).await.expect("written");
        let deleted = admin.delete_topics(std::slice::from_ref(&lost)).await.expect("an answer");
        assert!(deleted.iter().all(|(_, result)| result.is_ok()), "{deleted:?}");
        let told = told(written(&producer, record(&lost, 10)).await);
        seen.push((format!("a record for a topic that is gone, with {settings}"), told));
    }
    let keyed = |key: &str| ProducerRecord::new("seven", vec![0]).with_key(key.to_owned());
    let keys = ["", "a", "key", "another key"];
    let mut partitions = Vec::new();
    for key in keys {
        partitions.push(written(&plain, keyed(key)).await.expect("written"));
    }
    seen.push(("partitions of keys".to_owned(), format!("{partitions:?}")));
    for settings in ["partitioner.ignore.keys=false", "partitioner.ignore.keys=true"] {
        let producer = producer(kafka, &format!("linger.ms=60000;{settings}"));
        let mut sent = Vec::new();
        for key in keys {
            sent.push(producer.send(keyed(key)).await.expect("taken"));
        }
        producer.flush().await;
        let mut partitions = std::collections::BTreeSet::new();
        for delivery in sent {
            partitions.insert(delivery.await.expect("written").partition);
        }
        let tried = format!("partitions of keys together with {settings}");
        seen.push((tried, partitions.len().to_string()));
    }
    seen
}

async fn transactions(kafka: &Kafka) -> Seen {
    let begun = |result: Result<(), ProducerError>| told(result.map(|()| "begun"));
    let without = producer(kafka, "");
    let early = producer(kafka, "transactional.id=early");
    let idle = producer(kafka, "transactional.id=idle");
    idle.init_transactions().await.expect("initialized");
    let long = producer(kafka, "transactional.id=long;transaction.timeout.ms=1000000");
    let first = producer(kafka, "transactional.id=same");
    first.init_transactions().await.expect("initialized");
    first.begin_transaction().expect("begun");
    written(&first, record("one", 10)).await.expect("written");
    let second = producer(kafka, "transactional.id=same");
    second.init_transactions().await.expect("initialized");
    let seen = [
        ("a transaction without an id", begun(without.begin_transaction())),
        ("a record before the first transaction", told(written(&early, record("one", 10)).await)),
        ("the end of no transaction", begun(idle.commit_transaction().await)),
        ("transaction.timeout.ms=1000000", begun(long.init_transactions().await)),
        ("the end of a transaction whose id another producer has", begun(first.commit_transaction().await)),
    ];
    seen.map(|(tried, seen)| (tried.to_owned(), seen)).to_vec()
}

/// Settings of a member that reads all.
fn member_of(group: &str) -> String {
    format!("session.timeout.ms=10000;heartbeat.interval.ms=500;auto.offset.reset=earliest;group.id={group}")
}

/// Subscribes and polls until there are so many records. Gives how many came with the last answer.
async fn poll(consumer: &mut Consumer, wanted: usize) -> Result<usize, ConsumerError> {
    consumer.subscribe(&["ten"])?;
    let polled = async {
        let mut came = 0;
        loop {
            let count = consumer.poll(POLL).await?.len();
            came += count;
            if came >= wanted {
                return Ok(count);
            }
        }
    };
    timeout(LIMIT, polled).await.expect("records in time")
}

fn came(result: Result<usize, ConsumerError>) -> String {
    result.map_or_else(|error| of_consumer(&error), |count| count.to_string())
}

async fn committed(admin: &Cluster, group: &str) -> String {
    let answers = admin.committed_offsets(&[group.to_owned()]).await.expect("an answer");
    let offsets = answers.into_iter().next().expect("a group").1.expect("known");
    let found = offsets.get("ten").and_then(|ten| ten.get(&0));
    found.map_or_else(|| "nothing".to_owned(), |found| found.offset.to_string())
}

/// group.id, session.timeout.ms, auto.offset.reset, max.poll.records and automatic commits.
async fn consumers(kafka: &Kafka) -> Seen {
    let mut seen = Seen::new();
    let polls = [
        ("a subscription without group.id", "auto.offset.reset=earliest".to_owned()),
        ("session.timeout.ms=5000", "group.id=short;session.timeout.ms=5000".to_owned()),
        ("auto.offset.reset=none", "group.id=nowhere;auto.offset.reset=none".to_owned()),
        ("max.poll.records=3", format!("{};max.poll.records=3", member_of("portions"))),
    ];
    for (tried, settings) in polls {
        let mut consumer = consumer(kafka, &settings);
        seen.push((tried.to_owned(), came(poll(&mut consumer, 1).await)));
    }
    let admin = Cluster::connect(cluster(kafka)).await.expect("a cluster");
    for (number, settings) in COMMITS.iter().enumerate() {
        let group = format!("commits-{number}");
        let mut consumer = consumer(kafka, &format!("{};{settings}", member_of(&group)));
        poll(&mut consumer, 10).await.expect("records");
        for _ in 0..10 {
            consumer.poll(POLL).await.expect("nothing");
        }
        let while_polling = format!("committed while polling with {settings}");
        seen.push((while_polling, committed(&admin, &group).await));
        consumer.close(LIMIT).await.expect("closed");
        seen.push((format!("committed after the end with {settings}"), committed(&admin, &group).await));
    }
    seen
}

/// group.instance.id and assignors.
async fn members(kafka: &Kafka) -> Seen {
    let (twice, mixed) = tokio::join!(static_twice(kafka), other_assignor(kafka));
    let seen =
        [("a second member with the same group.instance.id", twice), ("members with other assignors", mixed)];
    seen.map(|(tried, seen)| (tried.to_owned(), seen)).to_vec()
}

async fn static_twice(kafka: &Kafka) -> String {
    let settings = format!("{};group.instance.id=i", member_of("static"));
    let mut first = consumer(kafka, &settings);
    let mut second = consumer(kafka, &settings);
    poll(&mut first, 10).await.expect("records");
    second.subscribe(&["ten"]).expect("subscribed");
    let joined = async {
        while second.assignment().is_empty() {
            second.poll(POLL).await.expect("joined");
        }
    };
    timeout(LIMIT, joined).await.expect("in time");
    let fenced = async {
        loop {
            if let Err(error) = first.poll(POLL).await {
                return of_consumer(&error);
            }
        }
    };
    timeout(LIMIT, fenced).await.unwrap_or_else(|_| "both".to_owned())
}

async fn other_assignor(kafka: &Kafka) -> String {
    let with = |assignor: &str| {
        let class = format!("org.apache.kafka.clients.consumer.{assignor}");
        format!("{};partition.assignment.strategy={class}", member_of("mixed"))
    };
    let mut first = consumer(kafka, &with("RangeAssignor"));
    poll(&mut first, 10).await.expect("records");
    let mut second = consumer(kafka, &with("CooperativeStickyAssignor"));
    came(poll(&mut second, 1).await)
}

/// delivery.timeout.ms, max.block.ms and buffer.memory, where nobody answers, and what begins there.
async fn without_broker(kafka: &Kafka) -> Seen {
    let fast = "linger.ms=0;request.timeout.ms=500;delivery.timeout.ms=1000;max.block.ms=300";
    let late = producer(kafka, fast);
    let settings = "linger.ms=60000;max.block.ms=300;batch.size=1000;buffer.memory=32768";
    let full = producer(kafka, settings);
    written(&late, record("one", 10)).await.expect("written");
    full.partitions_for("one").await.expect("known");
    kafka.kill().expect("killed");
    let mut seen = vec![
        ("delivery.timeout.ms=1000 without a broker", written(&late, record("one", 10)).await),
        ("max.block.ms=300 without a broker", written(&late, record("missing", 10)).await),
    ]
    .into_iter()
    .map(|(tried, result)| (tried.to_owned(), told(result)))
    .collect::<Seen>();
    let mut waiting = Vec::new();
    for number in 1..=4 {
        let taken = full.send(record("one", 10_000)).await;
        let tried = format!("record {number} in buffer.memory=32768");
        seen.push((tried, told(taken.map(|delivery| waiting.push(delivery)).map(|()| "taken"))));
    }
    let early = producer(kafka, "max.block.ms=300");
    let tried = "a record of a new producer without a broker, with max.block.ms=300".to_owned();
    seen.push((tried, told(written(&early, record("one", 10)).await)));
    let mut early = consumer(kafka, "group.id=early");
    early.subscribe(&["ten"]).expect("subscribed");
    let polled = early.poll(Duration::from_millis(300)).await;
    seen.push((
        "records for a new consumer without a broker".to_owned(),
        came(polled.map(|found| found.len())),
    ));
    seen
}
