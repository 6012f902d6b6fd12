//! Groups at the target while offsets are synced: none goes back, members are left alone, each has its state and
//! reason. `STRAIT_SYNC_SECONDS` (10; by hand 600), `STRAIT_MM2` (0; 1 shows what becomes of them with MirrorMaker 2).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rdkafka::Message;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use strait_client::{CommittedOffset, CommittedOffsets};
use strait_cluster_tests::beside;
use strait_cluster_tests::bridge::{Bridge, FLOW};
use strait_cluster_tests::kafka::Kafka;
use strait_cluster_tests::numbered::fill;
use strait_cluster_tests::random::Random;
use strait_cluster_tests::strait::Strait;
use strait_cluster_tests::wait::Attempt;
use strait_cluster_tests::{groups, settings, topic};

use crate::{many, places_beside};

pub(crate) const TOPIC: &str = "ticks";
pub(crate) const REMOTE: &str = "east.ticks";
pub(crate) const LIMIT: Duration = Duration::from_secs(60);
const FIRST: i64 = 1_000;
/// Records that are added at once.
pub(crate) const STEP: i64 = 100;
/// Where `ahead` stands at the source, and at the target.
const AHEAD: (i64, i64) = (100, 900);
/// Groups that read on at the source while the test runs.
pub(crate) const READING: [&str; 6] = ["idle", "active", "absent", "behind", "null-at-target", "flapping"];
/// What shows while it runs; the flapping group is now here, now there.
const STATES: [(&str, &str, &str); 7] = [
    ("idle", "synced", ""),
    ("absent", "synced", ""),
    ("behind", "synced", ""),
    ("null-at-target", "synced", ""),
    ("active", "active_at_target", "members are in it at the target (Stable)"),
    ("ahead", "ahead_at_target", "in 1 partitions it is further on at the target"),
    ("null-at-source", "no_offset", "in 1 partitions it committed that it has no offset"),
];

#[test]
fn groups_keep_their_places_at_the_target() {
    let Some(bridge) = Bridge::enter("groups_keep_their_places_at_the_target", &[]) else { return };
    topic::create(&bridge.east, TOPIC, 1, &[]).expect("a topic");
    fill(&bridge.east, TOPIC, "tick", 0..FIRST);
    let mut strait = bridge.strait("places", TOPIC, "group_interval_ms = 500");
    bridge.assert_copied(&mut strait, TOPIC);
    begin(&bridge.east, &bridge.west).expect("groups");
    let lasting = Duration::from_secs(settings::number("STRAIT_SYNC_SECONDS", 10));
    let until = Instant::now() + lasting;
    let (is_watched, is_over) = (AtomicBool::new(true), AtomicBool::new(false));
    let (active, flapping) = (Member::new("active"), Member::new("flapping"));
    std::thread::scope(|scope| {
        let staying = scope.spawn(|| active.stay(&bridge.west, &is_over));
        let going = scope.spawn(|| flapping.come_and_go(&bridge.west, &is_over));
        let watching = scope.spawn(|| watch(&bridge.west, &active, &is_watched));
        let outcome = read_on(&bridge, &mut strait, until);
        // Before the members leave.
        is_watched.store(false, Ordering::Relaxed);
        let looks = watching.join().expect("no panic");
        is_over.store(true, Ordering::Relaxed);
        staying.join().expect("no panic").expect("a member");
        let visits = going.join().expect("no panic").expect("a member that comes and goes");
        let looks = looks.expect("no group goes back");
        outcome.expect("states");
        println!("{looks} looks at each group while one came and went {visits} times: none went back");
    });
    // All members are gone, so their groups follow.
    let left = Instant::now();
    let end = topic::span(&bridge.east, TOPIC);
    commit_reading(&bridge.east, end).expect("committed");
    for group in READING {
        // The state may still be that of the commit before.
        wait_place(&mut strait, &bridge.west, group, end).expect("followed");
        wait_state(&mut strait, group, "synced", "").expect("followed");
    }
    println!("groups that members left are synced after {:.1?}", left.elapsed());
    assert_eq!(place(&bridge.west, "ahead").expect("committed"), AHEAD.1, "a group that is ahead stays");
    if beside::is_wanted() {
        drop(strait);
        places_beside::show(&bridge, lasting);
    }
}

/// Groups as they are at the beginning.
pub(crate) fn begin(east: &Kafka, west: &Kafka) -> Result<()> {
    for (group, offset) in [("idle", 0), ("behind", 100), ("ahead", AHEAD.1)] {
        groups::commit(west, group, &[(REMOTE, 0, offset)])?;
    }
    commit_nothing(west, "null-at-target", REMOTE)?;
    commit_nothing(east, "null-at-source", TOPIC)?;
    groups::commit(east, "ahead", &[(TOPIC, 0, AHEAD.0)])
}

/// Commits, as some clients do, that a group has no offset.
fn commit_nothing(kafka: &Kafka, group: &str, topic: &str) -> Result<()> {
    let nothing = CommittedOffset { offset: -1, leader_epoch: -1, metadata: String::new() };
    let offsets = CommittedOffsets::from([(topic.to_owned(), [(0, nothing)].into_iter().collect())]);
    many::commit(kafka, &BTreeMap::from([(group.to_owned(), offsets)]))
}

pub(crate) fn commit_reading(east: &Kafka, offset: i64) -> Result<()> {
    READING.iter().try_for_each(|group| groups::commit(east, group, &[(TOPIC, 0, offset)]))
}

/// Records come, groups of the source follow half a step behind, until the time is over and all states have shown.
fn read_on(bridge: &Bridge, strait: &mut Strait, until: Instant) -> Result<()> {
    // Whoever is to be left alone is there first.
    strait.wait("a member reads", LIMIT, |_| place(&bridge.west, "active").map(|_| Attempt::Done(())))?;
    let mut end = FIRST;
    while Instant::now() < until {
        fill(&bridge.east, TOPIC, "tick", end..end + STEP);
        end += STEP;
        commit_reading(&bridge.east, end - STEP / 2)?;
        for (group, state, reason) in STATES {
            wait_state(strait, group, state, reason)?;
        }
    }
    for group in ["idle", "absent", "behind", "null-at-target"] {
        ensure!(place(&bridge.west, group)? <= end, "{group} is past the end");
    }
    Ok(())
}

fn wait_state(strait: &mut Strait, group: &str, state: &str, reason: &str) -> Result<()> {
    strait.wait(&format!("{group} is {state}"), LIMIT, |strait| {
        let status = strait.get(&format!("/v1/flows/{FLOW}/groups/{group}"))?;
        let is_so = status["group"]["state"] == state && status["group"]["reason"] == reason;
        Ok(if is_so { Attempt::Done(()) } else { Attempt::NotYet(status.to_string()) })
    })
}

fn wait_place(strait: &mut Strait, west: &Kafka, group: &str, end: i64) -> Result<()> {
    strait.wait(&format!("{group} is at {end}"), LIMIT, |_| {
        let place = place(west, group)?;
        Ok(if place == end { Attempt::Done(()) } else { Attempt::NotYet(place.to_string()) })
    })
}

pub(crate) fn place(west: &Kafka, group: &str) -> Result<i64> {
    let committed = groups::committed(west, group, &[(REMOTE, 0)])?;
    committed.get(&(REMOTE.to_owned(), 0)).copied().with_context(|| format!("{group} has no offset"))
}

/// Looks at all groups of the target for as long as it lasts; gives how often.
pub(crate) fn watch(west: &Kafka, active: &Member, is_watched: &AtomicBool) -> Result<u64> {
    let mut last: BTreeMap<&str, i64> = BTreeMap::new();
    let mut looks = 0;
    while is_watched.load(Ordering::Relaxed) {
        for group in READING.into_iter().chain(["ahead"]) {
            let Ok(offset) = place(west, group) else { continue };
            let before = last.insert(group, offset).unwrap_or(0);
            ensure!(offset >= before, "{group} went from {before} back to {offset}");
            ensure!(group != "active" || active.committed(offset), "{group}: somebody committed {offset}");
        }
        looks += 1;
    }
    Ok(looks)
}

/// A reader at the target.
pub(crate) struct Member {
    group: &'static str,
    committed: Mutex<BTreeSet<i64>>,
}

impl Member {
    pub(crate) fn new(group: &'static str) -> Self {
        Self { group, committed: Mutex::new(BTreeSet::new()) }
    }

    fn committed(&self, offset: i64) -> bool {
        self.committed.lock().expect("no panic inside").contains(&offset)
    }

    fn join(&self, west: &Kafka) -> Result<BaseConsumer> {
        let mut config = topic::client(&west.address());
        config.set("group.id", self.group).set("enable.auto.commit", "false");
        config.set("auto.offset.reset", "earliest").set("heartbeat.interval.ms", "500");
        let consumer: BaseConsumer = config.create()?;
        consumer.subscribe(&[REMOTE])?;
        Ok(consumer)
    }

    /// Reads so many records, or what there is, and commits behind each.
    fn read(&self, consumer: &BaseConsumer, records: usize, is_over: &AtomicBool) -> Result<Option<i64>> {
        let mut first = None;
        for _ in 0..records {
            let message = loop {
                if is_over.load(Ordering::Relaxed) {
                    return Ok(first);
                }
                if let Some(message) = consumer.poll(Duration::from_millis(100)) {
                    break message?;
                }
            };
            first.get_or_insert(message.offset());
            self.committed.lock().expect("no panic inside").insert(message.offset() + 1);
            consumer.commit_message(&message, CommitMode::Sync)?;
        }
        Ok(first)
    }

    /// Stays to the end, slower than the source's group.
    pub(crate) fn stay(&self, west: &Kafka, is_over: &AtomicBool) -> Result<()> {
        let consumer = self.join(west)?;
        while !is_over.load(Ordering::Relaxed) {
            self.read(&consumer, 1, is_over)?;
        }
        Ok(())
    }

    /// Comes, reads a little, and goes, until the end; gives how often.
    pub(crate) fn come_and_go(&self, west: &Kafka, is_over: &AtomicBool) -> Result<u64> {
        let mut random = Random::new(7);
        let (mut visits, mut left_at) = (0, 0);
        while !is_over.load(Ordering::Relaxed) {
            let consumer = self.join(west)?;
            let first = self.read(&consumer, 5, is_over)?;
            drop(consumer);
            if let Some(first) = first {
                ensure!(first >= left_at, "{} was set back from {left_at} to {first}", self.group);
                left_at = place(west, self.group)?;
                visits += 1;
            }
            std::thread::sleep(random.millis(0, 1_200));
        }
        Ok(visits)
    }
}
