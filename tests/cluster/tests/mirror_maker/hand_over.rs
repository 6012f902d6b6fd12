//! MirrorMaker 2 goes on where Strait stopped: each record is at the target once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Duration;

use rdkafka::Message;
use rdkafka::producer::BaseRecord;
use strait_cluster_tests::bridge::{Bridge, FLOW};
use strait_cluster_tests::kafka::Kafka;
use strait_cluster_tests::mirror_maker::{MirrorMaker, ONE_BROKER};
use strait_cluster_tests::numbered::{expected, fill, values};
use strait_cluster_tests::wait::{self, Attempt};
use strait_cluster_tests::writer::Writer;
use strait_cluster_tests::{reader, topic};

use crate::LIMIT;

/// Plain records, transactions of which the last is aborted, and none until MirrorMaker 2 runs.
const TOPICS: [&str; 3] = ["orders", "payments", "quiet"];
const POSITIONS: &str = "mm2-offsets.east.internal";
const STOP_LIMIT: Duration = Duration::from_secs(20);
/// Records that Strait copies, those that are there when MirrorMaker 2 starts, and all.
const COPIED: i64 = 500;
const WAITING: i64 = 550;
const ALL: i64 = 600;
const TRANSACTION: i64 = 10;

pub(crate) fn check(bridge: &Bridge) {
    for name in TOPICS {
        topic::create(&bridge.east, name, 1, &[]).expect("a topic");
    }
    fill(&bridge.east, "orders", "orders", 0..COPIED);
    pay(&bridge.east, 0..COPIED);
    copy_and_stop(bridge);
    let handed = positions(&bridge.west);
    let value = |positions: &Positions, name: &str| positions[&key(name)].1.clone();
    assert_eq!(handed.keys().cloned().collect::<BTreeSet<_>>(), TOPICS.map(key).into());
    assert_eq!(value(&handed, "orders"), Some(format!("{{\"offset\":{}}}", COPIED - 1)));
    let end = topic::span(&bridge.east, "payments");
    assert_eq!(value(&handed, "payments"), Some(format!("{{\"offset\":{}}}", end - 1)), "behind all markers");
    assert_eq!(value(&handed, "quiet"), None, "nothing was copied of it");

    fill(&bridge.east, "orders", "orders", COPIED..WAITING);
    pay(&bridge.east, COPIED..WAITING);
    let mirror_maker = start_mirror_maker(bridge);
    await_copies(bridge, &mirror_maker, [WAITING, WAITING, 0]);
    fill(&bridge.east, "orders", "orders", WAITING..ALL);
    pay(&bridge.east, WAITING..ALL);
    fill(&bridge.east, "quiet", "quiet", 0..TRANSACTION);
    await_copies(bridge, &mirror_maker, [ALL, ALL, TRANSACTION]);

    // MirrorMaker 2's own are of the same keys in the same partitions.
    let last = format!("{{\"offset\":{}}}", ALL - 1);
    let written = wait::until("MirrorMaker 2 stores where it is", LIMIT, || {
        let written = positions(&bridge.west);
        let is_stored = TOPICS.iter().all(|name| value(&written, name) != value(&handed, name))
            && value(&written, "orders") == Some(last.clone());
        Ok(if is_stored { Attempt::Done(written) } else { Attempt::NotYet(format!("{written:?}")) })
    });
    let written = written.unwrap_or_else(|error| panic!("{error:#}\n{}", mirror_maker.log_tail()));
    let places = |positions: &Positions| -> Vec<_> {
        positions.iter().map(|(key, (partition, _))| (key.clone(), *partition)).collect()
    };
    assert_eq!(places(&written), places(&handed));
}

/// Strait copies all that is there, and ends in good order.
fn copy_and_stop(bridge: &Bridge) {
    let extra = format!("hand_over = \"{POSITIONS}\"");
    let mut strait = bridge.strait("hand-over", &TOPICS.join("|"), &extra);
    for name in &TOPICS[..2] {
        bridge.assert_copied(&mut strait, name);
    }
    let ends = TOPICS.map(|name| topic::span(&bridge.east, name));
    let caught_up = strait.wait("the flow is behind all markers", LIMIT, |strait| {
        let position = |name: &str| strait.partition(FLOW, name, 0).ok()?["position"].as_i64();
        let positions = TOPICS.map(position);
        let is_there = positions == ends.map(Some);
        Ok(if is_there { Attempt::Done(()) } else { Attempt::NotYet(format!("{positions:?}")) })
    });
    caught_up.expect("caught up");
    assert_eq!(strait.stop(STOP_LIMIT).expect("stopped"), Some(0));
}

/// Committed transactions of ten, and behind them an aborted one.
fn pay(kafka: &Kafka, numbers: std::ops::Range<i64>) {
    let mut writer = Writer::transactional(&kafka.address(), "payer", &[]).expect("a producer");
    let mut transaction = |values: &[String], is_committed: bool| {
        writer.begin().expect("begun");
        for value in values {
            let record = BaseRecord::<str, str>::to("payments").partition(0).payload(value);
            writer.send(record).expect("sent");
        }
        if is_committed { writer.commit() } else { writer.abort() }.expect("ended");
    };
    for values in expected("payments", numbers).chunks(TRANSACTION as usize) {
        transaction(values, true);
    }
    transaction(&["never paid".to_owned()], false);
}

fn start_mirror_maker(bridge: &Bridge) -> MirrorMaker {
    let file = bridge.folder("hand-over").join("mm2.properties");
    let properties = format!(
        "clusters = east, west
east.bootstrap.servers = {}
west.bootstrap.servers = {}
east->west.enabled = true
topics = {}
emit.heartbeats.enabled = false
emit.checkpoints.enabled = false
east.consumer.isolation.level = read_committed
west.offset.flush.interval.ms = 1000
{ONE_BROKER}",
        bridge.east.address(),
        bridge.west.address(),
        TOPICS.join(",")
    );
    fs::write(&file, properties).expect("written");
    MirrorMaker::start("hand-over", &file).expect("MirrorMaker 2")
}

/// Waits for the last of so many records of each topic, then looks at all of them.
fn await_copies(bridge: &Bridge, mirror_maker: &MirrorMaker, counts: [i64; 3]) {
    for (name, count) in TOPICS.into_iter().zip(counts).filter(|(_, count)| *count > 0) {
        let expected = expected(name, 0..count);
        let copied = wait::until(&format!("{name} is copied"), LIMIT, || {
            let copy = values(&bridge.west, &format!("east.{name}"))?;
            let is_there = copy.last() == expected.last();
            Ok(if is_there { Attempt::Done(copy) } else { Attempt::NotYet(format!("{:?}", copy.last())) })
        });
        let copy = copied.unwrap_or_else(|error| panic!("{error:#}\n{}", mirror_maker.log_tail()));
        assert_eq!(copy, expected, "each record of {name} once");
    }
}

/// Key, then partition and newest value.
type Positions = BTreeMap<String, (i32, Option<String>)>;

/// A partition's key as MirrorMaker 2 4.3.1 writes it.
fn key(name: &str) -> String {
    format!(r#"["MirrorSourceConnector",{{"cluster":"east","partition":0,"topic":"{name}"}}]"#)
}

fn positions(west: &Kafka) -> Positions {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    let mut positions = Positions::new();
    let read = reader::every(west, POSITIONS, |message| {
        let key = text(message.key().expect("a key"));
        let before = positions.insert(key, (message.partition(), message.payload().map(text)));
        assert!(before.is_none_or(|(partition, _)| partition == message.partition()), "one partition");
    });
    assert_eq!(read.expect("read").len(), 25, "as many partitions as Connect makes");
    positions
}
