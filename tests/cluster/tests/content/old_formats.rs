//! Message formats 0 and 1, as clusters hold that were upgraded from before Kafka 0.11.
//! Kafka's own consumer reads the source: librdkafka 2.12 misreads old formats in the fetch answers of today.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use rdkafka::Message;
use rdkafka::message::BorrowedMessage;
use rdkafka::producer::BaseRecord;
use strait_cluster_tests::bridge::Bridge;
use strait_cluster_tests::kafka::{Kafka, ZOOKEEPER_3_9};
use strait_cluster_tests::strait::{Plan, Strait};
use strait_cluster_tests::topic::KEPT;
use strait_cluster_tests::wait::Attempt;
use strait_cluster_tests::writer::Writer;
use strait_cluster_tests::{reader, segment, topic};

const PROPERTIES: [&str; 2] = ["inter.broker.protocol.version=2.8", "log.message.format.version=0.10.2"];
const OLDEST: &str = "message.format.version=0.9.0";
const APPEND_TIME: &str = "message.timestamp.type=LogAppendTime";
/// Name, codec and its number in the attributes, settings of the topic, and the format they give.
const TOPICS: [(&str, &str, u8, &[&str], u8); 7] = [
    ("old-none", "none", 0, &[], 1),
    ("old-gzip", "gzip", 1, &[], 1),
    ("old-snappy", "snappy", 2, &[], 1),
    ("old-lz4", "lz4", 3, &[], 1),
    ("old-stamped", "gzip", 1, &[APPEND_TIME], 1),
    ("oldest-none", "none", 0, &[OLDEST], 0),
    ("oldest-gzip", "gzip", 1, &[OLDEST], 0),
];
const RECORDS: i32 = 1_000;
const NULL: &str = "<null>";

/// What a record is, without its offset.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    timestamp: Option<i64>,
    key: String,
    value: String,
}

/// Records of each topic and partition, in order.
type Lines = BTreeMap<(String, i32), Vec<Line>>;

pub(crate) fn become_the_current_one(bridge: &Bridge) {
    let old = Kafka::start_with(ZOOKEEPER_3_9, &PROPERTIES).expect("the old cluster");
    for (topic, codec, number, settings, magic) in TOPICS {
        topic::create(&old, topic, 2, &[settings, &[KEPT]].concat()).expect("a topic");
        fill(&old, topic, codec);
        let batches = segment::batches(&old, topic, 0).expect("the log");
        assert!(!batches.is_empty(), "{topic} is empty");
        let right = batches.iter().all(|batch| (batch.magic, batch.codec) == (magic, number));
        assert!(right, "{topic}: {batches:?}");
    }
    let source = source(&old).expect("what Kafka's consumer reads");
    let plan = Plan::one_flow(&old.address(), &bridge.west.address(), "old.*");
    let mut strait = Strait::start(&bridge.folder("old-formats"), &plan).expect("strait");
    for (topic, ..) in TOPICS {
        let remote = format!("east.{topic}");
        let copied = |_: &Strait| match topic::span(&bridge.west, &remote) {
            span if span < i64::from(RECORDS) => Ok(Attempt::NotYet(format!("{span} records"))),
            _ => Ok(Attempt::Done(())),
        };
        strait.wait(&format!("all of {topic}"), Duration::from_secs(30), copied).expect("copied");
        let target = target(bridge, topic).expect("the target");
        for partition in 0..2 {
            let place = (topic.to_owned(), partition);
            let (wanted, found) = (&source[&place], &target[&place]);
            let difference = wanted.iter().zip(found).find(|(wanted, found)| wanted != found);
            assert_eq!((difference, wanted.len()), (None, found.len()), "{place:?}");
        }
    }
}

fn fill(old: &Kafka, topic: &str, codec: &str) {
    // The broker converts on the way to its log, which it refuses to do for idempotent producers.
    let settings =
        [("compression.type", codec), ("enable.idempotence", "false"), ("batch.num.messages", "100")];
    let mut writer = Writer::open(&old.address(), &settings).expect("a producer");
    for number in 0..RECORDS {
        let key = format!("{topic}/{number}");
        let value = format!("{topic}/a value that repeats itself, number {number}");
        let mut record = BaseRecord::<str, str>::to(topic).partition(number % 2);
        record = record.timestamp(1_600_000_000_000 + i64::from(number));
        // One of both names the topic.
        record.key = (number % 5 != 0).then_some(key.as_str());
        record.payload = (number % 5 != 1).then_some(value.as_str());
        writer.send(record).expect("sent");
    }
    writer.flush().expect("acknowledged");
}

fn source(old: &Kafka) -> Result<Lines> {
    let count = (usize::try_from(RECORDS)? * TOPICS.len()).to_string();
    let address = old.address();
    let mut arguments = vec!["--bootstrap-server", &address, "--include", "old.*", "--from-beginning"];
    arguments.extend([
        "--isolation-level",
        "read_committed",
        "--max-messages",
        &count,
        "--timeout-ms",
        "60000",
    ]);
    let shown = ["print.timestamp=true", "print.partition=true", "print.key=true", "null.literal=<null>"];
    arguments.extend(shown.iter().flat_map(|property| ["--property", property]));
    let mut lines = Lines::new();
    for text in old.tool("org.apache.kafka.tools.consumer.ConsoleConsumer", &arguments)?.lines() {
        let (topic, partition, line) = parse(text).with_context(|| format!("a record: {text}"))?;
        lines.entry((topic, partition)).or_default().push(line);
    }
    Ok(lines)
}

/// Reads `CreateTime:1600000000000<tab>Partition:0<tab>key<tab>value`.
fn parse(text: &str) -> Option<(String, i32, Line)> {
    let mut fields = text.split('\t');
    let timestamp = fields.next()?.split_once(':').map(|(_, time)| time.parse()).transpose().ok()?;
    let partition = fields.next()?.strip_prefix("Partition:")?.parse().ok()?;
    let (key, value) = (fields.next()?.to_owned(), fields.next()?.to_owned());
    let topic = if key == NULL { &value } else { &key }.split_once('/')?.0.to_owned();
    Some((topic, partition, Line { timestamp, key, value }))
}

fn target(bridge: &Bridge, topic: &str) -> Result<Lines> {
    let mut lines = Lines::new();
    reader::every(&bridge.west, &format!("east.{topic}"), |message| {
        lines.entry((topic.to_owned(), message.partition())).or_default().push(line(message));
    })?;
    Ok(lines)
}

fn line(message: &BorrowedMessage<'_>) -> Line {
    let text = |bytes: Option<&[u8]>| {
        bytes.map_or_else(|| NULL.to_owned(), |bytes| String::from_utf8_lossy(bytes).into_owned())
    };
    Line {
        timestamp: message.timestamp().to_millis(),
        key: text(message.key()),
        value: text(message.payload()),
    }
}
