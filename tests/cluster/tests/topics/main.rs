//! Topics created, widened and reconfigured at the source while Strait runs with its default settings.
//! `STRAIT_NEW_TOPICS` (3) sets how many new topics are timed.

// Settings of many topics.
mod many_settings;
// Topics created and widened while others are read.
mod under_load;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Result;
use rdkafka::producer::BaseRecord;
use strait_cluster_tests::bridge::Bridge;
use strait_cluster_tests::cases::Cases;
use strait_cluster_tests::strait::Strait;
use strait_cluster_tests::wait::Attempt;
use strait_cluster_tests::writer::Writer;
use strait_cluster_tests::{admin, settings, topic};

const FOLLOWED: Duration = Duration::from_secs(5);
const FIRST_RECORD: Duration = Duration::from_secs(10);
/// Late is told apart from never.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn topics_follow_the_source() {
    let Some(bridge) = Bridge::enter("topics_follow_the_source", &[]) else { return };
    let mut strait = bridge.strait("topics", ".*", "");
    strait.wait_up().expect("strait answers");
    let mut cases = Cases::begin();
    cases.run("new topics", || new_topics(&bridge, &mut strait));
    cases.run("more partitions", || more_partitions(&bridge, &mut strait));
    cases.run("more partitions under load", || under_load::a_topic_grows(&bridge, &mut strait));
    let folder = bridge.folder("beside");
    cases.run("a new topic among others", || {
        under_load::a_new_topic_does_not_disturb(&bridge, &mut strait, &folder);
    });
    cases.run("settings of a new topic", || settings_of_a_new_topic(&bridge, &mut strait));
    cases.run("changed settings", || changed_settings(&bridge, &mut strait));
    cases.run("settings that stay", || settings_that_stay(&bridge, &mut strait));
    cases.run("settings of many topics", || {
        many_settings::only_what_differs_is_written(&bridge, &mut strait, &bridge.folder("settings"));
    });
    cases.finish();
}

fn new_topics(bridge: &Bridge, strait: &mut Strait) {
    for number in 0..settings::number("STRAIT_NEW_TOPICS", 3) {
        let name = format!("fresh-{number}");
        let begun = Instant::now();
        topic::create(&bridge.east, &name, 3, &[]).expect("a topic");
        send(bridge, &name, 3);
        let remote = format!("east.{name}");
        let there = |_: &Strait| {
            Ok(match topic::bounds(&bridge.west, &remote)?.len() {
                3 => Attempt::Done(()),
                partitions => Attempt::NotYet(format!("{partitions} partitions")),
            })
        };
        strait.wait(&format!("{remote} is there"), PATIENCE, there).expect("created");
        let created = begun.elapsed();
        bridge.assert_copied(strait, &name);
        let copied = begun.elapsed();
        println!("{name}: remote topic after {created:.2?}, its records after {copied:.2?}");
        assert!(created < FOLLOWED && copied < FIRST_RECORD, "{created:.2?} {copied:.2?}");
    }
}

fn more_partitions(bridge: &Bridge, strait: &mut Strait) {
    topic::create(&bridge.east, "narrow", 2, &[]).expect("a topic");
    send(bridge, "narrow", 2);
    bridge.assert_copied(strait, "narrow");
    let begun = Instant::now();
    admin::widen(&bridge.east, "narrow", 5).expect("widened");
    send(bridge, "narrow", 5);
    let wide = |_: &Strait| {
        Ok(match topic::bounds(&bridge.west, "east.narrow")?.len() {
            5 => Attempt::Done(()),
            partitions => Attempt::NotYet(format!("{partitions} partitions")),
        })
    };
    strait.wait("5 partitions at the target", PATIENCE, wide).expect("widened");
    let widened = begun.elapsed();
    bridge.assert_copied(strait, "narrow");
    let copied = begun.elapsed();
    println!("partitions added: at the target after {widened:.2?}, their records after {copied:.2?}");
    assert!(widened < FOLLOWED && copied < FIRST_RECORD, "{widened:.2?} {copied:.2?}");
}

fn settings_of_a_new_topic(bridge: &Bridge, strait: &mut Strait) {
    let wanted =
        [("cleanup.policy", "compact"), ("max.message.bytes", "3000000"), ("retention.ms", "7654321")];
    let configs = wanted.map(|(key, value)| format!("{key}={value}"));
    topic::create(&bridge.east, "born-compacted", 1, &configs.each_ref().map(String::as_str))
        .expect("a topic");
    let large = "x".repeat(2_500_000);
    let mut writer = Writer::open(&bridge.east.address(), &[]).expect("a producer");
    let record = BaseRecord::<str, str>::to("born-compacted").key("large").payload(&large);
    writer.send(record).expect("sent");
    writer.flush().expect("acknowledged");
    let taken = wait_configs(bridge, strait, "east.born-compacted", &wanted);
    println!("settings of a new topic: at the target after {taken:.2?}");
    bridge.assert_copied(strait, "born-compacted");
    assert!(taken < FOLLOWED, "{taken:.2?}");
}

fn changed_settings(bridge: &Bridge, strait: &mut Strait) {
    topic::create(&bridge.east, "changing", 1, &["retention.ms=1111111"]).expect("a topic");
    send(bridge, "changing", 1);
    bridge.assert_copied(strait, "changing");
    let changes: [&[(&str, &str)]; 3] = [
        &[("retention.ms", "2222222")],
        &[("retention.ms", "2222222"), ("cleanup.policy", "compact,delete")],
        // What the source no longer sets goes back to the default.
        &[("cleanup.policy", "compact")],
    ];
    for change in changes {
        admin::configure(&bridge.east, "changing", change).expect("configured");
        let taken = wait_configs(bridge, strait, "east.changing", change);
        println!("{change:?}: at the target after {taken:.2?}");
        assert!(taken < FOLLOWED, "{taken:.2?}");
    }
    let taken = wait_configs(bridge, strait, "east.changing", &[("retention.ms", "604800000")]);
    println!("a setting taken back: at the target after {:.2?} more", taken);
    assert!(taken < FOLLOWED, "{taken:.2?}");
}

/// MirrorMaker 2 leaves these to the target.
fn settings_that_stay(bridge: &Bridge, strait: &mut Strait) {
    let excluded = ["message.timestamp.type=LogAppendTime", "unclean.leader.election.enable=true"];
    let all: Vec<_> = excluded.into_iter().chain(["retention.ms=3333333"]).collect();
    topic::create(&bridge.east, "staying", 1, &all).expect("a topic");
    wait_configs(bridge, strait, "east.staying", &[("retention.ms", "3333333")]);
    let configs = admin::configs(&bridge.west, "east.staying").expect("settings");
    assert_eq!(configs["message.timestamp.type"], "CreateTime");
    assert_eq!(configs["unclean.leader.election.enable"], "false");
}

/// Waits until the target's topic has these settings; gives how long that took.
fn wait_configs(bridge: &Bridge, strait: &mut Strait, topic: &str, wanted: &[(&str, &str)]) -> Duration {
    let begun = Instant::now();
    let look = |_: &Strait| -> Result<Attempt<()>> {
        let configs = admin::configs(&bridge.west, topic)?;
        let found: BTreeMap<_, _> = wanted.iter().map(|(key, _)| (*key, configs.get(*key))).collect();
        let same =
            wanted.iter().all(|(key, value)| configs.get(*key).is_some_and(|found| same(value, found)));
        Ok(if same { Attempt::Done(()) } else { Attempt::NotYet(format!("{found:?}")) })
    };
    strait.wait(&format!("{wanted:?} at {topic}"), PATIENCE, look).expect("taken over");
    begun.elapsed()
}

/// Lists are the same in any order.
fn same(wanted: &str, found: &str) -> bool {
    let sorted = |text: &str| {
        let mut items: Vec<String> = text.split(',').map(str::to_owned).collect();
        items.sort();
        items
    };
    sorted(wanted) == sorted(found)
}

fn send(bridge: &Bridge, topic: &str, partitions: i32) {
    let mut writer = Writer::open(&bridge.east.address(), &[("linger.ms", "0")]).expect("a producer");
    for partition in 0..partitions {
        let record = BaseRecord::<str, str>::to(topic).partition(partition).key("key").payload("value");
        writer.send(record).expect("sent");
    }
    writer.flush().expect("acknowledged");
}
