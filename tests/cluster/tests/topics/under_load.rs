//! A topic is created, and one is widened, while others are under load.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use rdkafka::Message;
use rdkafka::Offset;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::BaseRecord;
use rdkafka::topic_partition_list::TopicPartitionList;
use strait_cluster_tests::beside::{self, Beside};
use strait_cluster_tests::bridge::Bridge;
use strait_cluster_tests::kafka::Kafka;
use strait_cluster_tests::strait::Strait;
use strait_cluster_tests::wait::{self, Attempt};
use strait_cluster_tests::writer::Writer;
use strait_cluster_tests::{admin, settings, topic};

use crate::{FIRST_RECORD, FOLLOWED, PATIENCE};

/// Between two records.
const PACE: Duration = Duration::from_millis(10);
/// For how long latencies are counted before and after a topic is created.
const WINDOW: Duration = Duration::from_secs(5);
/// What others may see of it at most, many times what they see on a quiet machine.
const WORST: Duration = Duration::from_millis(500);
/// MirrorMaker 2 asks for new topics every ten minutes.
const MIRROR_MAKER_LIMIT: Duration = Duration::from_secs(900);
const KEYS: u64 = 50;

/// The record of a new topic arrives soon, and those of `STRAIT_LOADED_TOPICS` (10; by hand 100) others as before.
pub(crate) fn a_new_topic_does_not_disturb(bridge: &Bridge, strait: &mut Strait, folder: &std::path::Path) {
    let topics = settings::number("STRAIT_LOADED_TOPICS", 10);
    let names: Vec<String> = (0..topics).map(|number| format!("loaded-{number}")).collect();
    for name in &names {
        topic::create(&bridge.east, name, 1, &[]).expect("a topic");
    }
    let load = Load::start(&bridge.east, names.clone());
    for name in &names {
        let there = |_: &Strait| Ok(is_there(&bridge.west, name));
        strait.wait(&format!("{name} is there"), PATIENCE, there).expect("created");
    }
    let seen = Seen::of(bridge, &bridge.west, &names, "late");
    println!("Strait, {topics} topics: {seen}");
    assert!(seen.first_record < FIRST_RECORD && seen.p99_after < WORST, "{seen}");
    if beside::is_wanted() {
        let beside = Beside::start(folder, &bridge.east, "loaded-.*|later", "");
        for name in &names {
            wait::until("MirrorMaker 2 copies", MIRROR_MAKER_LIMIT, || Ok(is_there(&beside.west, name)))
                .expect("created");
        }
        let seen = Seen::of(bridge, &beside.west, &names, "later");
        println!("MirrorMaker 2, {topics} topics: {seen}");
    }
    load.stop();
}

fn is_there(west: &Kafka, name: &str) -> Attempt<()> {
    match topic::span(west, &format!("east.{name}")) {
        0 => Attempt::NotYet("no records".to_owned()),
        _ => Attempt::Done(()),
    }
}

/// A topic was created: what it took, and what the others saw of it.
struct Seen {
    /// From the topic's creation until its first record was at the target.
    first_record: Duration,
    /// The 99th percentile of the others' latencies before, at the target.
    p99_before: Duration,
    /// And from then on.
    p99_after: Duration,
    /// The same at the source, where Kafka alone had to do with it.
    p99_at_source: Duration,
}

impl fmt::Display for Seen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first_record, p99_before, p99_after, p99_at_source } = self;
        write!(formatter, "first record of a new one after {first_record:.2?}, p99 of the others ")?;
        write!(
            formatter,
            "{p99_before:.1?} before, {p99_after:.1?} after ({p99_at_source:.1?} at the source)"
        )
    }
}

impl Seen {
    fn of(bridge: &Bridge, west: &Kafka, names: &[String], new: &str) -> Self {
        let at =
            |kafka, prefix: &str| reader(kafka, names.iter().map(|name| format!("{prefix}{name}")).collect());
        let (at_source, at_target) = (at(&bridge.east, ""), at(west, "east."));
        for reader in [&at_source, &at_target] {
            let opened = Instant::now();
            while reader.poll(PACE).is_none() {
                assert!(opened.elapsed() < PATIENCE, "no records");
            }
        }
        let readers = [at_source, at_target];
        // What is read at first has waited for the readers.
        while_counting(&readers, || thread::sleep(WINDOW / 5));
        let ([_, p99_before], ()) = while_counting(&readers, || thread::sleep(WINDOW));
        let ([p99_at_source, p99_after], first_record) = while_counting(&readers, || {
            let created = Instant::now();
            topic::create(&bridge.east, new, 1, &[]).expect("a topic");
            let mut writer = Writer::open(&bridge.east.address(), &[("linger.ms", "0")]).expect("a producer");
            let record = BaseRecord::<str, str>::to(new).partition(0).key("key").payload("value");
            writer.send(record).expect("sent");
            writer.flush().expect("acknowledged");
            let arrived = wait::until("the first record", MIRROR_MAKER_LIMIT, || Ok(is_there(west, new)));
            let first_record = created.elapsed();
            thread::sleep(WINDOW);
            arrived.map(|()| first_record)
        });
        Self { first_record: first_record.expect("copied"), p99_before, p99_after, p99_at_source }
    }
}

/// The 99th percentile of latencies that each reader sees while something is done.
fn while_counting<T>(readers: &[BaseConsumer; 2], act: impl FnOnce() -> T) -> ([Duration; 2], T) {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let counting = readers.each_ref().map(|reader| {
            let is_over = &is_over;
            scope.spawn(move || p99(reader, || is_over.load(Ordering::Relaxed)))
        });
        let done = act();
        is_over.store(true, Ordering::Relaxed);
        (counting.map(|thread| thread.join().expect("no panic")), done)
    })
}

fn reader(kafka: &Kafka, topics: Vec<String>) -> BaseConsumer {
    let mut config = topic::client(&kafka.address());
    let reader: BaseConsumer =
        config.set("group.id", "latencies").set("fetch.wait.max.ms", "10").create().expect("a consumer");
    let mut places = TopicPartitionList::new();
    for topic in topics {
        places.add_partition_offset(&topic, 0, Offset::End).expect("a place");
    }
    reader.assign(&places).expect("assigned");
    reader
}

/// The 99th percentile of what records say they took, until it is over.
fn p99(reader: &BaseConsumer, mut is_over: impl FnMut() -> bool) -> Duration {
    let mut latencies = Vec::new();
    while !is_over() {
        let Some(message) = reader.poll(PACE) else { continue };
        let message = message.expect("read");
        let sent: u64 = std::str::from_utf8(message.payload().expect("a value"))
            .expect("text")
            .parse()
            .expect("a number");
        latencies.push(now_micros().saturating_sub(sent));
    }
    latencies.sort_unstable();
    assert!(!latencies.is_empty(), "no records");
    Duration::from_micros(latencies[latencies.len() * 99 / 100])
}

fn now_micros() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    u64::try_from(now.as_micros()).expect("before 586,000")
}

/// A thread that sends records with their time to one topic after the other, at a pace.
struct Load {
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Load {
    fn start(east: &Kafka, names: Vec<String>) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let mut writer = Writer::open(&east.address(), &[("linger.ms", "0")]).expect("a producer");
        let told = Arc::clone(&is_over);
        let thread = thread::spawn(move || {
            while !told.load(Ordering::Relaxed) {
                for name in &names {
                    let record = BaseRecord::<str, str>::to(name).partition(0).key("key");
                    writer.send(record.payload(&now_micros().to_string())).expect("sent");
                    writer.poll();
                    thread::sleep(PACE);
                }
            }
            writer.flush().expect("acknowledged");
        });
        Self { is_over, thread }
    }

    fn stop(self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.join().expect("no panic");
    }
}

/// A topic grows from 6 to 12 partitions while keys are written to it: the copy has each key's records in order.
pub(crate) fn a_topic_grows(bridge: &Bridge, strait: &mut Strait) {
    topic::create(&bridge.east, "growing", 6, &[]).expect("a topic");
    let mut writer = Writer::open(&bridge.east.address(), &[("topic.metadata.refresh.interval.ms", "200")])
        .expect("a producer");
    let mut next = 0;
    let mut write = |until: &mut dyn FnMut() -> bool| {
        while !until() {
            for _ in 0..KEYS {
                let (key, value) = (format!("key {}", next % KEYS), next.to_string());
                writer.send(BaseRecord::<str, str>::to("growing").key(&key).payload(&value)).expect("sent");
                next += 1;
            }
            writer.flush().expect("acknowledged");
        }
    };
    write(&mut || topic::span(&bridge.west, "east.growing") > 0);
    admin::widen(&bridge.east, "growing", 12).expect("widened");
    let begun = Instant::now();
    let mut followed = None;
    write(&mut || {
        if topic::bounds(&bridge.west, "east.growing").is_ok_and(|bounds| bounds.len() == 12) {
            followed.get_or_insert_with(|| begun.elapsed());
        }
        let is_used =
            topic::ends(&bridge.east, "growing").is_ok_and(|ends| ends.values().all(|end| *end > 0));
        assert!(begun.elapsed() < PATIENCE, "12 partitions at the target: {followed:?}; all used: {is_used}");
        followed.is_some() && is_used
    });
    bridge.assert_copied(strait, "growing");
    let followed = followed.expect("seen");
    println!("6 to 12 partitions under load: at the target after {followed:.2?}");
    assert!(followed < FOLLOWED, "{followed:.2?}");
    assert_in_order(bridge, 6);
    admin::widen(&bridge.west, "east.growing", 13).expect("widened");
    strait.wait_log("the remote topic has 13 partitions, its source has 12", PATIENCE).expect("warned about");
}

/// Records of each key and partition rise.
fn assert_in_order(bridge: &Bridge, partitions_before: i32) {
    let mut last: BTreeMap<(i32, Vec<u8>), u64> = BTreeMap::new();
    let mut is_new_used = false;
    strait_cluster_tests::reader::every(&bridge.west, "east.growing", |message| {
        let value = String::from_utf8_lossy(message.payload().expect("a value")).parse().expect("a number");
        let key = (message.partition(), message.key().expect("a key").to_vec());
        is_new_used |= message.partition() >= partitions_before;
        if let Some(before) = last.insert(key, value) {
            assert!(before < value, "{before} before {value}");
        }
    })
    .expect("read");
    assert!(is_new_used, "no record in a new partition");
}
