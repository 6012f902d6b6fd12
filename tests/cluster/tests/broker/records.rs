//! 10,000 records, written idempotently and compressed, are read in order by a group, also after a sudden end.

use std::fs;
use std::time::Duration;

use strait_cluster_tests::wait::{self, Attempt};
use strait_cluster_tests::world::World;

use crate::client;
use crate::http;
use crate::process::Broker;

const RECORDS: u64 = 10_000;
const TOPIC: &str = "orders";
/// Groups need not wait for members that never come.
const QUICK_GROUPS: &str = "group.initial.rebalance.delay.ms=0";

#[test]
fn records_are_read_again_after_a_kill() {
    let Some(world) = World::enter("records_are_read_again_after_a_kill") else { return };
    let mut broker = Broker::start(&world.folder().join("a"), &[QUICK_GROUPS]).expect("a broker");
    client::create(&broker.address(), TOPIC, 3, &[]).expect("a topic");
    client::write(&broker.address(), TOPIC, 0..RECORDS).expect("written");
    client::assert_all(&broker.address(), TOPIC, "first", RECORDS).expect("read");

    broker.kill().expect("killed");
    broker.restart().expect("started again");
    client::assert_all(&broker.address(), TOPIC, "second", RECORDS).expect("read after a kill");
    // The first group goes on where it had committed.
    client::write(&broker.address(), TOPIC, RECORDS..RECORDS + 100).expect("written after a kill");
    let more = client::read_in_group(&broker.address(), TOPIC, "first", 100).expect("the new records");
    assert!(more.into_iter().eq(RECORDS..RECORDS + 100));

    broker.stop().expect("a good end");
    assert!(broker.data().join(".kafka_cleanshutdown").exists());
    broker.restart().expect("started a third time");
    client::assert_all(&broker.address(), TOPIC, "third", RECORDS + 100).expect("read after a stop");
    broker.stop().expect("a good end");
}

/// Above what is kept in memory of a log, each of them.
#[test]
fn long_logs_are_sent_out_of_their_files() {
    let Some(world) = World::enter("long_logs_are_sent_out_of_their_files") else { return };
    let mut broker = Broker::start(&world.folder().join("a"), &[QUICK_GROUPS]).expect("a broker");
    client::create(&broker.address(), TOPIC, 2, &["compression.type=uncompressed"]).expect("a topic");
    client::write_wide(&broker.address(), TOPIC, 0..RECORDS, 800).expect("written");
    assert_ends_with_batch(&broker);
    client::assert_all(&broker.address(), TOPIC, "first", RECORDS).expect("read");
    assert!(sent_out_of_files(&broker) > 2e6);
    // What another process wrote is read once, and checked.
    broker.stop().expect("a good end");
    broker.restart().expect("started again");
    client::assert_all(&broker.address(), TOPIC, "second", RECORDS).expect("read after a stop");
    let before = sent_out_of_files(&broker);
    client::assert_all(&broker.address(), TOPIC, "third", RECORDS).expect("read again");
    assert!(sent_out_of_files(&broker) - before > 2e6, "{before} bytes before");
}

/// What is filled ahead of short batches is cut when none come, long before the file is closed.
fn assert_ends_with_batch(broker: &Broker) {
    let path = broker.data().join(format!("{TOPIC}-0")).join(format!("{:020}.log", 0));
    let cut = || {
        let zeros = fs::read(&path)?.iter().rev().take_while(|byte| **byte == 0).count();
        Ok(if zeros < 8 { Attempt::Done(()) } else { Attempt::NotYet(format!("{zeros} zeros")) })
    };
    wait::until("a file that ends with a batch", Duration::from_secs(30), cut).expect("cut");
}

fn sent_out_of_files(broker: &Broker) -> f64 {
    let metrics = http::get(&broker.http_address(), "/metrics").expect("answered");
    let line =
        metrics.lines().find(|line| line.starts_with("strait_broker_fetched_bytes_total{from=\"file\"}"));
    line.and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("a number of bytes")
}

#[test]
fn a_topic_is_made_by_writing_to_it() {
    let Some(world) = World::enter("a_topic_is_made_by_writing_to_it") else { return };
    let broker = Broker::start(&world.folder().join("a"), &[QUICK_GROUPS, "num.partitions=2"]);
    let broker = broker.expect("a broker");
    client::write(&broker.address(), "made", 0..100).expect("written");
    client::assert_all(&broker.address(), "made", "group", 100).expect("read");
    assert!(broker.data().join("made-1").is_dir());
    assert!(!broker.data().join("made-2").exists());
}

#[test]
fn a_folder_has_one_broker() {
    let Some(world) = World::enter("a_folder_has_one_broker") else { return };
    let broker = Broker::start(&world.folder().join("a"), &[]).expect("a broker");
    let second = std::process::Command::new(strait_cluster_tests::binary::path())
        .args(["broker", "--listen", "127.0.0.1:0", "--data"])
        .arg(broker.data())
        .output()
        .expect("started");
    assert_eq!(second.status.code(), Some(1));
    let message = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(message.contains("in use by another broker"), "{message}");
}
