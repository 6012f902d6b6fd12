//! `strait replicate --mm2` on properties files, beside MirrorMaker 2 on the same ones: the same topics, names,
//! partitions, settings and numbers of records come out. Each has a pair of clusters of its own. `STRAIT_MM2_FILES` (1; by
//! hand 4) files. Positions that one of both leaves to the other, and what MirrorMaker 2's client tells of our topics.

// Positions of a Connect cluster.
mod connect_cluster;
// MirrorMaker 2 goes on where Strait stopped.
mod hand_over;
// MirrorMaker 2's client on our topics.
mod mirror_client;
// Strait goes on where MirrorMaker 2 stopped.
mod take_over;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

use rdkafka::producer::BaseRecord;
use strait_cluster_tests::bridge::Bridge;
use strait_cluster_tests::cases::Cases;
use strait_cluster_tests::kafka::{CURRENT, Kafka};
use strait_cluster_tests::mirror_maker::{MirrorMaker, ONE_BROKER};
use strait_cluster_tests::secured::{Files, Listener, SCRAM_PASSWORD, STORE_PASSWORD, Secured};
use strait_cluster_tests::strait::Strait;
use strait_cluster_tests::wait::{self, Attempt};
use strait_cluster_tests::world::World;
use strait_cluster_tests::writer::Writer;
use strait_cluster_tests::{admin, reader, settings, topic};
use take_over::{End, Layout};

const LIMIT: Duration = Duration::from_secs(120);
const RECORDS: usize = 100;

#[test]
fn files_of_mirror_maker_2_give_the_same_topics() {
    let Some(world) = World::enter("files_of_mirror_maker_2_give_the_same_topics") else { return };
    let mut cases = Cases::begin();
    cases.run("two ways with overrides", || compare(&world, "overrides", &OVERRIDES));
    if settings::number("STRAIT_MM2_FILES", 1) > 1 {
        cases.run("the sample", || compare(&world, "sample", &SAMPLE));
        cases.run("look-ahead", || compare(&world, "look-ahead", &LOOK_AHEAD));
        cases.run("TLS and SCRAM", || secured(&world));
    }
    cases.finish();
}

#[test]
fn strait_and_mirror_maker_2_go_on_after_each_other() {
    let Some(bridge) = Bridge::enter("strait_and_mirror_maker_2_go_on_after_each_other", &[]) else { return };
    let mut cases = Cases::begin();
    cases.run("taken over from a Connect cluster", || connect_cluster::check(&bridge));
    cases.run("handed over", || hand_over::check(&bridge));
    let take_over = |topic, layout, end| take_over::check(&bridge, topic, layout, end);
    cases.run("killed", || take_over("killed", Layout::Dedicated, End::Killed));
    if take_over::group_count() > 4 {
        cases.run("stopped", || take_over("stopped", Layout::Dedicated, End::Stopped));
        cases.run("connect, stopped", || take_over("connect-stopped", Layout::ConnectCluster, End::Stopped));
        cases.run("connect, killed", || take_over("connect-killed", Layout::ConnectCluster, End::Killed));
    }
    cases.finish();
}

#[test]
fn mirror_client_is_told_the_same() {
    let Some(world) = World::enter("mirror_client_is_told_the_same") else { return };
    mirror_client::check(world.folder());
}

/// A file and what is copied with it.
struct Case {
    /// With `LEFT` and `RIGHT` for the addresses.
    properties: &'static str,
    /// Topics at the left and right cluster, with their partitions and settings.
    left: &'static [(&'static str, i32, &'static [&'static str])],
    right: &'static [(&'static str, i32, &'static [&'static str])],
    /// Remote topics that come out.
    at_left: &'static [&'static str],
    at_right: &'static [&'static str],
    /// A key that Strait names as one without effect.
    without_effect: &'static str,
}

/// As the file that comes with MirrorMaker 2: everything, both ways.
const SAMPLE: Case = Case {
    properties: "clusters = A, B
A.bootstrap.servers = LEFT
B.bootstrap.servers = RIGHT
A->B.enabled = true
A->B.topics = .*
B->A.enabled = true
B->A.topics = .*
",
    left: &[("orders", 3, &["retention.ms=7200000"]), ("events.internal", 1, &[]), ("old.replica", 1, &[])],
    right: &[("orders", 2, &[]), ("compacted", 1, &["cleanup.policy=compact"])],
    at_left: &["B.orders", "B.compacted"],
    at_right: &["A.orders"],
    without_effect: "heartbeats.topic.replication.factor",
};

const OVERRIDES: Case = Case {
    properties: "clusters = us-west, eu
us-west.bootstrap.servers = LEFT
eu.bootstrap.servers = RIGHT
topics = nothing
us-west->eu.enabled = true
us-west->eu.topics = orders.*, payments
us-west->eu.topics.exclude = .*-private
us-west->eu.sync.topic.configs.enabled = false
eu->us-west.enabled = true
eu->us-west.topics = claims
eu->us-west.replication.policy.class = org.apache.kafka.connect.mirror.IdentityReplicationPolicy
eu->us-west.config.properties.exclude = retention\\\\..*
us-west->eu.replication.policy.separator = -
us-west->eu.emit.checkpoints.enabled = false
",
    left: &[
        ("orders-1", 2, &["retention.ms=7200000"]),
        ("orders-private", 1, &[]),
        ("payments", 1, &[]),
        ("other", 1, &[]),
    ],
    right: &[("claims", 2, &["retention.ms=7200000", "max.message.bytes=2000000"]), ("orders-2", 1, &[])],
    at_left: &["claims"],
    at_right: &["us-west-orders-1", "us-west-payments"],
    without_effect: "checkpoints.topic.replication.factor",
};

const LOOK_AHEAD: Case = Case {
    properties: "clusters = a, b
a.bootstrap.servers = LEFT
b.bootstrap.servers = RIGHT
a->b.enabled = true
b->a.enabled = false
a->b.topics = ^(?!internal).*
tasks.max = 2
",
    left: &[("orders", 2, &[]), ("internal-orders", 1, &[]), ("notinternal", 1, &[])],
    right: &[],
    at_left: &[],
    at_right: &["a.orders", "a.notinternal"],
    without_effect: "tasks.max",
};

/// A topic's partitions, records and settings in force.
type Topics = BTreeMap<String, (usize, usize, BTreeMap<String, String>)>;

fn compare(world: &World, name: &str, case: &Case) {
    let found = [false, true].map(|is_strait| {
        let (left, right) = (Kafka::start(CURRENT).expect("left"), Kafka::start(CURRENT).expect("right"));
        let properties = case.properties.replace("LEFT", &left.address()).replace("RIGHT", &right.address());
        run(world, name, case, (&left, &right), &properties, is_strait)
    });
    let [mirror_maker, strait] = found;
    assert_eq!(mirror_maker, strait, "MirrorMaker 2 and Strait");
}

fn secured(world: &World) {
    let files = Files::make(world.folder()).expect("keytool");
    let case = Case { without_effect: "tasks.max", properties: "", ..LOOK_AHEAD };
    let found = [false, true].map(|is_strait| {
        let left = Secured::start(CURRENT, &files).expect("left");
        let right = Kafka::start(CURRENT).expect("right");
        let properties = secured_properties(&files, &left, &right);
        run(world, "secured", &case, (&left.kafka, &right), &properties, is_strait)
    });
    let [mirror_maker, strait] = found;
    assert_eq!(mirror_maker, strait, "MirrorMaker 2 and Strait");
}

fn secured_properties(files: &Files, left: &Secured, right: &Kafka) -> String {
    let module = "org.apache.kafka.common.security.scram.ScramLoginModule";
    let listener = left.address(Listener::SaslSsl);
    let plain = LOOK_AHEAD.properties.replace("LEFT", &listener).replace("RIGHT", &right.address());
    format!(
        "{plain}a.security.protocol = SASL_SSL
a.ssl.truststore.location = {}
a.ssl.truststore.password = {STORE_PASSWORD}
a.ssl.truststore.type = JKS
a.sasl.mechanism = SCRAM-SHA-512
a.sasl.jaas.config = {module} required username=\"strait\" password=\"{SCRAM_PASSWORD}\";
",
        files.path("trust.jks")
    )
}

/// Makes the topics, runs one of both programs until all records are there, and gives what it made: left and right.
fn run(
    world: &World,
    name: &str,
    case: &Case,
    (left, right): (&Kafka, &Kafka),
    properties: &str,
    is_strait: bool,
) -> (Topics, Topics) {
    make(left, case.left);
    make(right, case.right);
    let file = world.folder().join(format!("{name}.properties"));
    fs::write(&file, format!("{properties}{ONE_BROKER}")).expect("written");
    let watch = |side: &Kafka, remote: &[&str]| {
        wait::until(&format!("{remote:?} with all records"), LIMIT, || {
            let counts: Vec<_> = remote.iter().map(|topic| count(side, topic)).collect();
            let all = counts.iter().all(|count| *count == RECORDS);
            Ok(if all { Attempt::Done(()) } else { Attempt::NotYet(format!("{counts:?}")) })
        })
    };
    if is_strait {
        let mut strait = start_strait(world.folder(), name, &file);
        watch(left, case.at_left).and_then(|()| watch(right, case.at_right)).expect("copied by Strait");
        strait.wait_log(case.without_effect, LIMIT).expect("a key without effect");
        return (made(left, case.left), made(right, case.right));
    }
    let mirror_maker = MirrorMaker::start(name, &file).expect("MirrorMaker 2");
    let copied = watch(left, case.at_left).and_then(|()| watch(right, case.at_right));
    copied.unwrap_or_else(|error| panic!("{error:#}\n{}", mirror_maker.log_tail()));
    (made(left, case.left), made(right, case.right))
}

fn start_strait(folder: &Path, name: &str, file: &Path) -> Strait {
    let folder = folder.join(name);
    fs::create_dir_all(&folder).expect("a folder");
    Strait::start_on_properties(&folder, file).expect("strait")
}

fn make(kafka: &Kafka, topics: &[(&str, i32, &[&str])]) {
    for (name, partitions, settings) in topics {
        admin::create(kafka, name, *partitions, settings).expect("a topic");
        let mut writer = Writer::open(&kafka.address(), &[]).expect("a producer");
        for number in 0..RECORDS {
            let key = number.to_string();
            let partition = i32::try_from(number).expect("small") % partitions;
            let record = BaseRecord::to(name).key(&key).payload("x").partition(partition);
            writer.send(record).expect("sent");
        }
        writer.flush().expect("acknowledged");
    }
}

/// Records, without the markers that transactions leave; none while the topic is not there.
fn count(kafka: &Kafka, name: &str) -> usize {
    let mut records = 0;
    if topic::span(kafka, name) == 0 {
        return records;
    }
    reader::every(kafka, name, |_| records += 1).map_or(0, |_| records)
}

/// All topics of a cluster but those that were there and those that a copier keeps for itself.
fn made(kafka: &Kafka, before: &[(&str, i32, &[&str])]) -> Topics {
    let there: BTreeSet<&str> = before.iter().map(|(name, ..)| *name).collect();
    let is_own = |name: &str| name.ends_with("internal") || name.ends_with("heartbeats");
    let names = topic::names(kafka).expect("topics");
    let names = names.into_iter().filter(|name| !there.contains(name.as_str()) && !is_own(name));
    let described = names.map(|name| {
        let partitions = topic::bounds(kafka, &name).expect("partitions").len();
        let settings = admin::configs(kafka, &name).expect("settings");
        (name.clone(), (partitions, count(kafka, &name), settings))
    });
    described.collect()
}
