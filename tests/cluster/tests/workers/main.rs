//! Three daemons share one flow through a group at the target: one is killed, comes back, is stopped and awakes, has a
//! double, is drained. All partitions are copied again each time (after how long is printed: 15 s are the bar), only those
//! move that must, and at the end the target holds every record of the source once and in order. `STRAIT_PARTITIONS` (60; by hand 300) and
//! `STRAIT_RECORDS_PER_SECOND` (1,000) set the size, `STRAIT_STOPPED_SECONDS` (0; by hand 300) how long one is stopped at least;
//! `STRAIT_SOURCE` and `STRAIT_TARGET` choose brokers other than ours. `STRAIT_MM2=1` shows MirrorMaker 2 with three workers too.

// MirrorMaker 2.
mod beside;

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use strait_cluster_tests::bridge::FLOW;
use strait_cluster_tests::copied::Pair;
use strait_cluster_tests::digest::Timestamps;
use strait_cluster_tests::kafka::{self, Kafka, OURS, Release};
use strait_cluster_tests::produce::{Load, Stream};
use strait_cluster_tests::strait::{Plan, Strait};
use strait_cluster_tests::wait::Attempt;
use strait_cluster_tests::world::World;
use strait_cluster_tests::{binary, settings, topic};

const TOPIC: &str = "work";
const REMOTE: &str = "east.work";
const SHARES: usize = 12;
const SOON: Duration = Duration::from_secs(40);

/// Shares by worker, as the group has them.
type Shares = BTreeMap<String, BTreeSet<String>>;

struct Team {
    world: World,
    east: Kafka,
    west: Kafka,
}

#[test]
fn workers_share_a_flow() {
    let Some(world) = World::enter("workers_share_a_flow") else { return };
    let team = Team {
        world,
        east: start("STRAIT_SOURCE", kafka::source),
        west: start("STRAIT_TARGET", kafka::target),
    };
    let partitions =
        i32::try_from(settings::number("STRAIT_PARTITIONS", 60)).expect("a number of partitions");
    topic::create(&team.east, TOPIC, partitions, &[]).expect("a topic");
    let load = Load {
        address: team.east.address(),
        topic: TOPIC.to_owned(),
        partitions,
        codec: "lz4",
        batch_bytes: 65_536,
    };
    let stream =
        Stream::start(load, settings::number("STRAIT_RECORDS_PER_SECOND", 1_000)).expect("a producer");
    let [mut first, mut second, mut third] = ["a", "b", "c"].map(|name| team.worker(name, name));
    let begun = team.wait_shares(&mut first, &["a", "b", "c"]);
    // Apache Kafka takes its time to make hundreds of partitions.
    team.wait_moving(&mut first, 3 * SOON);

    third.kill().expect("killed");
    let taken = team.wait_moving(&mut first, SOON);
    println!("{partitions} partitions: one of three workers killed, all are copied again after {taken:.1?}");
    let without = team.wait_shares(&mut first, &["a", "b"]);
    for kept in ["a", "b"] {
        assert!(begun[kept].is_subset(&without[kept]), "{kept} had {begun:?}, has {without:?}");
    }

    third.restart().expect("started again");
    let with = team.wait_shares(&mut first, &["a", "b", "c"]);
    team.wait_moving(&mut first, SOON);
    let moved: usize = ["a", "b"].map(|name| without[name].difference(&with[name]).count()).iter().sum();
    println!("a worker was added: {moved} of {SHARES} shares moved");
    assert!(moved <= SHARES / 3, "{without:?}, then {with:?}");

    second.suspend().expect("stopped");
    let taken = team.wait_moving(&mut first, SOON);
    team.wait_shares(&mut first, &["a", "c"]);
    println!("one of three workers stopped, all partitions are copied again after {taken:.1?}");
    thread::sleep(Duration::from_secs(settings::number("STRAIT_STOPPED_SECONDS", 0)));
    second.resume().expect("awake");
    second.wait_log("fenced: the group went on without this worker", SOON).expect("fenced");
    second.wait_log("fenced: another instance took the flow over", SOON).expect("fenced");
    team.wait_shares(&mut first, &["a", "b", "c"]);

    let mut double = team.worker("double", "a");
    first.wait_log("fenced: another worker with this identity joined the group", SOON).expect("fenced");
    first.wait_state(FLOW, "fenced", SOON).expect("fenced");
    team.wait_shares(&mut double, &["a", "b", "c"]);
    team.wait_moving(&mut double, SOON);

    drain(&double, "c");
    team.wait_shares(&mut double, &["a", "b"]);
    team.wait_moving(&mut double, SOON);
    let rows = double.get("/v1/workers").expect("workers");
    assert!(
        rows["workers"].as_array().expect("a list").iter().any(|row| row["state"] == "drained"),
        "{rows}"
    );
    assert_eq!(third.stop(SOON).expect("stopped"), Some(0), "exit code");

    if strait_cluster_tests::beside::is_wanted() {
        beside::show(team.world.folder(), &team.east);
    }
    let sent = stream.finish().expect("produced");
    let pair = Pair { source: (&team.east, TOPIC), target: (&team.west, REMOTE), flow: FLOW };
    pair.assert_copied(&mut double, Timestamps::Compared, SOON).expect("copied");
    println!("{sent} records the same");
}

/// A broker of ours, unless the variable names another.
fn start(variable: &str, chosen: fn() -> Release) -> Kafka {
    let release = if env::var_os(variable).is_some() { chosen() } else { OURS };
    Kafka::start(release).expect("a broker")
}

/// Whether, at each look, every partition got records at the target since this call.
fn moving<'a>(east: &Kafka, west: &'a Kafka, remote: &'a str) -> impl FnMut() -> Attempt<()> + use<'a> {
    let all = topic::ends(east, TOPIC).expect("the source").len();
    let ends = move || topic::ends(west, remote).unwrap_or_default();
    let before = ends();
    move || {
        let is_further = |(index, end): &(i32, i64)| *end > before.get(index).copied().unwrap_or(0);
        match ends().into_iter().filter(is_further).count() {
            further if further == all => Attempt::Done(()),
            further => Attempt::NotYet(format!("{further} moved")),
        }
    }
}

fn drain(asked: &Strait, worker: &str) {
    let mut command = Command::new(binary::path());
    command.args(["worker", "drain", worker, "--yes", "--address", &asked.address()]);
    let output = command.output().expect("the program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains(worker));
}

impl Team {
    fn worker(&self, folder: &str, instance: &str) -> Strait {
        let folder = self.world.folder().join(folder);
        std::fs::create_dir_all(&folder).expect("a folder");
        let plan = Plan::one_flow(&self.east.address(), &self.west.address(), TOPIC);
        let (instance, worker_group) = (instance.to_owned(), "strait-workers".to_owned());
        Strait::start(&folder, &Plan { instance, worker_group, ..plan }).expect("a worker")
    }

    /// Waits until just these workers have shares, all of them and evenly.
    fn wait_shares(&self, asked: &mut Strait, workers: &[&str]) -> Shares {
        let wanted: BTreeSet<&str> = workers.iter().copied().collect();
        let look = |strait: &Strait| {
            let answer = strait.get("/v1/workers");
            let Ok(answer) = answer else { return Ok(Attempt::NotYet(format!("{answer:?}"))) };
            let rows = answer["workers"].as_array().into_iter().flatten();
            let shares: Shares = rows
                .map(|row| {
                    let shares = row["shares"].as_array().into_iter().flatten();
                    let shares = shares.filter_map(|share| Some(share.as_str()?.to_owned())).collect();
                    (row["worker"].as_str().unwrap_or_default().to_owned(), shares)
                })
                .filter(|(_, shares): &(String, BTreeSet<String>)| !shares.is_empty())
                .collect();
            let is_even = shares.values().all(|shares| shares.len() == SHARES / workers.len());
            let found: BTreeSet<&str> = shares.keys().map(String::as_str).collect();
            Ok(if is_even && found == wanted {
                Attempt::Done(shares)
            } else {
                Attempt::NotYet(answer.to_string())
            })
        };
        asked.wait(&format!("shares of {workers:?}"), SOON, look).expect("shared")
    }

    /// Waits until every partition got records at the target since the call; gives how long that took.
    fn wait_moving(&self, asked: &mut Strait, limit: Duration) -> Duration {
        let begun = Instant::now();
        let mut moving = moving(&self.east, &self.west, REMOTE);
        asked.wait("more records in every partition", limit, |_| Ok(moving())).expect("copying");
        let taken = begun.elapsed();
        assert!(taken < limit, "{taken:?}");
        taken
    }
}
