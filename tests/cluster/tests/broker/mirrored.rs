//! MirrorMaker 2 between two of our brokers, both ways, while records are written and groups read at both: each record
//! is copied once, groups' offsets are translated, and Connect keeps its state in our topics.
//! `STRAIT_MIRROR_SECONDS` (5; by hand 600) is how long records are written.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};
use strait_cluster_tests::digest::Contents;
use strait_cluster_tests::kafka::{CURRENT, Kafka, OURS};
use strait_cluster_tests::mirror_maker::MirrorMaker;
use strait_cluster_tests::produce::{Load, Stream};
use strait_cluster_tests::wait::{self, Attempt};
use strait_cluster_tests::world::{World, repository};
use strait_cluster_tests::{admin, settings, topic};

const TOPIC: &str = "orders";
const PARTITIONS: i32 = 3;
const RATE: u64 = 500;
/// A JVM on a busy machine takes minutes.
const LIMIT: Duration = Duration::from_secs(300);
const PROPERTIES: &str = "clusters = left, right
left.bootstrap.servers = LEFT
right.bootstrap.servers = RIGHT
left->right.enabled = true
right->left.enabled = true
topics = orders
groups = readers-.*
sync.group.offsets.enabled = true
sync.group.offsets.interval.seconds = 1
emit.checkpoints.interval.seconds = 1
refresh.groups.interval.seconds = 2
offset.lag.max = 0
offset.flush.interval.ms = 1000
replication.factor = 1
checkpoints.topic.replication.factor = 1
heartbeats.topic.replication.factor = 1
offset-syncs.topic.replication.factor = 1
offset.storage.replication.factor = 1
status.storage.replication.factor = 1
config.storage.replication.factor = 1
";

#[test]
fn mirror_maker_2_copies_both_ways() {
    let Some(world) = World::enter("mirror_maker_2_copies_both_ways") else { return };
    let sides = [("left", start()), ("right", start())];
    let [(_, left), (_, right)] = &sides;
    let file = world.folder().join("mm2.properties");
    let properties = PROPERTIES.replace("LEFT", &left.address()).replace("RIGHT", &right.address());
    fs::write(&file, properties).expect("written");
    let mirror_maker = MirrorMaker::start("ours", &file).expect("MirrorMaker 2");
    let streams = sides.each_ref().map(|(_, side)| Stream::start(load(side), RATE).expect("a producer"));
    let groups =
        sides.each_ref().map(|(name, side)| Group::start(side, &group_of(name)).expect("a consumer"));
    let written = keeps_growing(&sides);
    written.unwrap_or_else(|error| panic!("{error:#}\n{}", mirror_maker.log_tail()));
    let counts = streams.map(|stream| stream.finish().expect("acknowledged"));
    for (group, count) in groups.into_iter().zip(counts) {
        group.finish(count).expect("read and committed");
    }
    for (source, target, count) in [(&sides[0], &sides[1], counts[0]), (&sides[1], &sides[0], counts[1])] {
        let checked = arrived(source, target, count).and_then(|()| translated(source, target));
        checked.unwrap_or_else(|error| panic!("{error:#}\n{}", mirror_maker.log_tail()));
        assert_state_topics(source.0, &target.1);
        println!("{} to {}: {count} records the same, their group at its end", source.0, target.0);
    }
}

type Side = (&'static str, Kafka);

fn start() -> Kafka {
    let broker = Kafka::start(OURS).expect("a broker");
    topic::create(&broker, TOPIC, PARTITIONS, &[]).expect("a topic");
    broker
}

fn load(side: &Kafka) -> Load {
    let (address, topic) = (side.address(), TOPIC.to_owned());
    Load { address, topic, partitions: PARTITIONS, codec: "lz4", batch_bytes: 16_384 }
}

fn group_of(name: &str) -> String {
    format!("readers-{name}")
}

fn remote_of(source: &str) -> String {
    format!("{source}.{TOPIC}")
}

/// Waits again and again for more records at both sides, for as long as records shall be written.
fn keeps_growing(sides: &[Side; 2]) -> Result<()> {
    let span = |source: &Side, target: &Side| topic::span(&target.1, &remote_of(source.0));
    let spans = || [span(&sides[0], &sides[1]), span(&sides[1], &sides[0])];
    let begun = Instant::now();
    let mut before = [0, 0];
    while begun.elapsed() < Duration::from_secs(settings::number("STRAIT_MIRROR_SECONDS", 5)) {
        before = wait::until("more records at both sides", LIMIT, || {
            let now = spans();
            let grown = now.iter().zip(before).all(|(now, before)| *now > before);
            Ok(if grown { Attempt::Done(now) } else { Attempt::NotYet(format!("{now:?}")) })
        })?;
    }
    Ok(())
}

/// Waits for as many records as were written; panics unless they are the same.
fn arrived(source: &Side, target: &Side, count: u64) -> Result<()> {
    let remote = remote_of(source.0);
    wait::until(&format!("{count} records in {remote}"), LIMIT, || {
        let span = topic::span(&target.1, &remote);
        Ok(if span >= count.try_into()? { Attempt::Done(()) } else { Attempt::NotYet(span.to_string()) })
    })?;
    let written = Contents::read(&source.1, TOPIC)?;
    ensure!(u64::try_from(written.count())? == count, "{} records at {}", written.count(), source.0);
    written.assert_same(&Contents::read(&target.1, &remote)?);
    Ok(())
}

/// Waits until the source's group is at its end at the target: by its offsets there, and by Kafka's own client.
fn translated(source: &Side, target: &Side) -> Result<()> {
    let (group, remote) = (group_of(source.0), remote_of(source.0));
    let ends: BTreeMap<i32, i64> = topic::bounds(&target.1, &remote)?
        .into_iter()
        .map(|(partition, (_, end))| (partition, end))
        .collect();
    wait::until(&format!("{group} at {ends:?}"), LIMIT, || {
        let committed = committed(&target.1, &group, &remote)?;
        Ok(if committed == ends { Attempt::Done(()) } else { Attempt::NotYet(format!("{committed:?}")) })
    })?;
    let by_client = translate(&target.1, source.0, &group)?;
    ensure!(by_client == ends, "RemoteClusterUtils translates {group} to {by_client:?}, not {ends:?}");
    Ok(())
}

fn committed(kafka: &Kafka, group: &str, topic: &str) -> Result<BTreeMap<i32, i64>> {
    let mut list = TopicPartitionList::new();
    list.add_partition_range(topic, 0, PARTITIONS - 1);
    let committed = consumer(kafka, group)?.committed_offsets(list, LIMIT)?;
    let known = committed.elements().into_iter().filter_map(|element| match element.offset() {
        Offset::Offset(offset) => Some((element.partition(), offset)),
        _ => None,
    });
    Ok(known.collect())
}

/// `RemoteClusterUtils.translateOffsets`.
fn translate(target: &Kafka, source: &str, group: &str) -> Result<BTreeMap<i32, i64>> {
    let libs = Command::new(repository().join("tests/peers/kafka"))
        .arg("jars")
        .env("VERSION", CURRENT.version)
        .output()?;
    let path = format!("{}/*", String::from_utf8(libs.stdout)?.trim());
    let output = Command::new("timeout")
        .args(["90", "java", "-cp", &path])
        .arg(repository().join("tests/peers/tools/Translate.java"))
        .args([&target.address(), source, group])
        .output()?;
    if !output.status.success() {
        bail!("Translate: {}", String::from_utf8_lossy(&output.stderr));
    }
    let text = String::from_utf8(output.stdout)?;
    text.lines().map(|line| parse(line).with_context(|| line.to_owned())).collect()
}

/// Reads `TOPIC PARTITION OFFSET`.
fn parse(line: &str) -> Option<(i32, i64)> {
    let mut words = line.split(' ').skip(1);
    Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
}

/// Connect keeps what it is told, where it is, and how it fares, in topics of the target.
fn assert_state_topics(source: &str, target: &Kafka) {
    for kind in ["configs", "offsets", "status"] {
        let name = format!("mm2-{kind}.{source}.internal");
        let settings = admin::configs(target, &name).expect("settings");
        assert_eq!(settings.get("cleanup.policy").map(String::as_str), Some("compact"), "{name}");
        assert!(topic::span(target, &name) > 0, "{name} is empty");
    }
}

fn consumer(kafka: &Kafka, group: &str) -> Result<BaseConsumer> {
    let mut config = topic::client(&kafka.address());
    config.set("group.id", group).set("enable.auto.commit", "false").set("auto.offset.reset", "earliest");
    Ok(config.create()?)
}

/// A member of a group that reads and commits.
struct Group {
    /// How many records there are, once that is known.
    wanted: Arc<AtomicU64>,
    thread: JoinHandle<Result<u64>>,
}

impl Group {
    fn start(kafka: &Kafka, group: &str) -> Result<Self> {
        let consumer = consumer(kafka, group)?;
        consumer.subscribe(&[TOPIC])?;
        let wanted = Arc::new(AtomicU64::new(u64::MAX));
        let told = Arc::clone(&wanted);
        Ok(Self { wanted, thread: thread::spawn(move || read(&consumer, &told)) })
    }

    /// Waits until it has read and committed all.
    fn finish(self, count: u64) -> Result<()> {
        self.wanted.store(count, Ordering::Relaxed);
        let Ok(read) = self.thread.join() else { bail!("the reading thread panicked") };
        let read = read?;
        ensure!(read == count, "{read} of {count} records were read");
        Ok(())
    }
}

/// Gives how many records it has read; the last commit is of all of them.
fn read(consumer: &BaseConsumer, wanted: &AtomicU64) -> Result<u64> {
    let (mut read, mut heard, mut committed) = (0, Instant::now(), Instant::now());
    while read < wanted.load(Ordering::Relaxed) {
        ensure!(heard.elapsed() < LIMIT, "no record for {LIMIT:?}, {read} before");
        if let Some(message) = consumer.poll(Duration::from_millis(100)) {
            message?;
            (read, heard) = (read + 1, Instant::now());
        }
        if committed.elapsed() > Duration::from_secs(1) && read > 0 {
            commit(consumer)?;
            committed = Instant::now();
        }
    }
    commit(consumer)?;
    Ok(read)
}

/// There may be nothing new to commit.
fn commit(consumer: &BaseConsumer) -> Result<()> {
    match consumer.commit_consumer_state(CommitMode::Sync) {
        Err(KafkaError::ConsumerCommit(RDKafkaErrorCode::NoOffset)) => Ok(()),
        outcome => Ok(outcome?),
    }
}
