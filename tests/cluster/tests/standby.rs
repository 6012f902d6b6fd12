//! Two instances with the same flow: one copies, the other stands by; when the first gives no sign of life the second
//! takes over, and the first, awake again, writes nothing more. No record is lost, none comes twice.
//! `STRAIT_STOPPED_SECONDS` (12; by hand 900) is how long the first is stopped.

use std::time::{Duration, Instant};

use strait_cluster_tests::bridge::{Bridge, FLOW};
use strait_cluster_tests::cases::Cases;
use strait_cluster_tests::copied::Pair;
use strait_cluster_tests::digest::Timestamps;
use strait_cluster_tests::produce::{Load, Source};
use strait_cluster_tests::strait::{Plan, Strait};
use strait_cluster_tests::wait::Attempt;
use strait_cluster_tests::{settings, topic};

const PARTITIONS: i32 = 4;
const SOON: Duration = Duration::from_secs(30);
const HOUR: Duration = Duration::from_secs(3_600);
const RECORDS: u64 = 100_000;

#[test]
fn a_second_instance_takes_over() {
    let west = ["producer.id.expiration.check.interval.ms=500"];
    let Some(bridge) = Bridge::enter_with("a_second_instance_takes_over", &[], &west) else { return };
    let mut cases = Cases::begin();
    cases.run("new data", || takes_over(&bridge, "new", HOUR));
    cases.run("data 30 days old", || takes_over(&bridge, "old", 30 * 24 * HOUR));
    cases.finish();
}

fn takes_over(bridge: &Bridge, name: &str, age: Duration) {
    let stopped_for = Duration::from_secs(settings::number("STRAIT_STOPPED_SECONDS", 12));
    topic::create(&bridge.east, name, PARTITIONS, &["retention.ms=-1"]).expect("a topic");
    let load = Load {
        address: bridge.east.address(),
        topic: name.to_owned(),
        partitions: PARTITIONS,
        codec: "lz4",
        batch_bytes: 65_536,
    };
    let mut source = Source::open_aged(load, age).expect("a producer");
    source.send(RECORDS).expect("sent");
    // The first is stopped while it copies, with requests on their way.
    let limits = "partition_fetch_bytes = 65536".to_owned();
    let plan = Plan { limits, ..bridge.plan(name) }.with("rate_limit_bytes = 2000000");
    let instance = |instance: &str| {
        bridge.start(&format!("{name}-{instance}"), &Plan { instance: instance.to_owned(), ..plan.clone() })
    };
    let mut first = instance("first");
    wait_beyond(bridge, &mut first, name, 0);
    let mut second = instance("second");
    wait_standby(&mut second, "first");
    let stopped_at = Instant::now();
    first.suspend().expect("stopped");
    assert!(copied(bridge, name) < RECORDS as i64, "the first had nothing left to copy");
    second.wait_log("this instance owns the flow", SOON).expect("taken over");
    println!("{name}: taken over after {:.1?}", stopped_at.elapsed());
    let before = copied(bridge, name);
    wait_beyond(bridge, &mut second, name, before);
    let remote = format!("east.{name}");
    let pair = Pair { source: (&bridge.east, name), target: (&bridge.west, &remote), flow: FLOW };
    let mut sent = RECORDS;
    while stopped_at.elapsed() < stopped_for {
        let before = copied(bridge, name);
        source.send(RECORDS / 100).expect("sent");
        sent += RECORDS / 100;
        wait_beyond(bridge, &mut second, name, before);
    }
    source.send(RECORDS / 2).expect("sent");
    sent += RECORDS / 2;
    first.resume().expect("awake");
    first.wait_state(FLOW, "fenced", SOON).expect("fenced");
    assert!(first.log().contains("fenced: another instance took the flow over"), "{}", first.log_tail());
    assert_eq!(source.finish().expect("produced"), sent);
    pair.assert_copied(&mut second, Timestamps::Compared, SOON + stopped_for).expect("copied");
    let running = second.flow(FLOW).expect("a status");
    assert_eq!(running["state"], "running", "{running}");
    // Started again, it stands by; with the second gone in good order it takes over at once.
    first.kill().expect("killed");
    first.restart().expect("started again");
    wait_standby(&mut first, "second");
    assert_eq!(second.stop(SOON).expect("stopped"), Some(0), "exit code");
    first.wait_state(FLOW, "running", SOON).expect("running");
    pair.assert_same(sent).expect("both sides can be read");
    println!("{name}: {sent} records the same, the first was stopped for {:.1?}", stopped_for);
}

/// Waits until it says that it stands by for `owner`.
fn wait_standby(strait: &mut Strait, owner: &str) {
    strait.wait_state(FLOW, "standby", SOON).expect("standby");
    let status = strait.flow(FLOW).expect("a status");
    assert_eq!(status["last_error"], format!("instance {owner} owns the flow"), "{status}");
}

/// Offsets of the remote topic.
fn copied(bridge: &Bridge, name: &str) -> i64 {
    topic::span(&bridge.west, &format!("east.{name}"))
}

/// Waits until the remote topic spans more than `before` offsets.
fn wait_beyond(bridge: &Bridge, strait: &mut Strait, name: &str, before: i64) {
    let look = |_: &Strait| {
        let copied = copied(bridge, name);
        Ok(if copied > before { Attempt::Done(()) } else { Attempt::NotYet(format!("{copied} offsets")) })
    };
    strait.wait("more records at the target", SOON, look).expect("copying");
}
