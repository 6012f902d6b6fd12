//! Groups go on at their very next record: after kills, across transactions' markers, aborted data and what compaction
//! left out, for data that is copied by sequences and in transactions, also after the local data is gone.
//! `STRAIT_KILLS` (3; by hand 100), `STRAIT_OFFSET_RECORDS` (30,000; by hand 1,000,000), `STRAIT_MM2` (0; 1 shows what
//! MirrorMaker 2 makes of the same groups).

use std::collections::BTreeMap;
use std::time::Duration;

use strait_cluster_tests::copied::Pair;
use strait_cluster_tests::digest::Timestamps;
use strait_cluster_tests::kafka::{CURRENT, Kafka};
use strait_cluster_tests::random::Random;
use strait_cluster_tests::strait::{Plan, Strait};
use strait_cluster_tests::wait::Attempt;
use strait_cluster_tests::world::World;
use strait_cluster_tests::{groups, settings, topic};

use crate::beside;
use crate::sources::{self, Amount, Records, TOPICS};

const LIMIT: Duration = Duration::from_secs(300);
/// Of a thousand records, so many were read.
pub(crate) const POINTS: [usize; 12] = [0, 1, 20, 100, 250, 300, 500, 750, 900, 990, 999, 1_000];

#[test]
fn groups_go_on_at_their_next_record() {
    let Some(world) = World::enter("groups_go_on_at_their_next_record") else { return };
    let mut random = Random::announced("offsets");
    let east = Kafka::start_with(CURRENT, &["log.cleaner.backoff.ms=500"]).expect("a source");
    let west = Kafka::start(CURRENT).expect("a target");
    sources::make(&east).expect("topics");
    let plan = Plan::one_flow(&east.address(), &west.address(), ".*").with("group_interval_ms = 500");
    let mut strait = Strait::start(world.folder(), &plan).expect("strait");
    let (amount, kills) = (Amount::chosen(), settings::number("STRAIT_KILLS", 3));
    for part in 0..=kills {
        sources::write_part(&east, amount, part, kills + 1).expect("written");
        if part < kills {
            std::thread::sleep(random.millis(0, 800));
            strait.kill().expect("killed");
            strait.restart().expect("started");
        }
    }
    for name in TOPICS {
        let remote = format!("east.{name}");
        Pair { source: (&east, name), target: (&west, &remote), flow: "east--west" }
            .assert_copied(&mut strait, Timestamps::Compared, LIMIT)
            .expect("copied");
    }
    let source: BTreeMap<&str, Records> = TOPICS.map(|name| (name, sources::records(&east, name))).into();
    check((&east, &source), &west, &mut strait, "first");
    strait.kill().expect("killed");
    strait.delete_data().expect("deleted");
    strait.restart().expect("started");
    check((&east, &source), &west, &mut strait, "second");
    assert!(topic::span(&west, "__strait_offset_map") > 0, "chunks were sealed");
    if settings::number("STRAIT_MM2", 0) == 1 {
        strait.stop(LIMIT).expect("stopped");
        beside::show((&east, &source), world.folder());
    }
}

/// Commits groups at the source, waits for them at the target, and compares their next records.
fn check((east, source): (&Kafka, &BTreeMap<&str, Records>), west: &Kafka, strait: &mut Strait, word: &str) {
    let target: BTreeMap<&str, Records> =
        TOPICS.map(|name| (name, sources::records(west, &format!("east.{name}")))).into();
    for point in POINTS {
        let places = TOPICS.map(|name| (name, 0, place_of(&source[name], point)));
        groups::commit(east, &format!("{word}-{point}"), &places).expect("committed");
    }
    let (mut again, mut skipped) = (0, 0);
    for point in POINTS {
        let group = format!("{word}-{point}");
        wait_synced(strait, &group);
        let remote = TOPICS.map(|name| format!("east.{name}"));
        let places: Vec<(&str, i32)> = remote.iter().map(|name| (name.as_str(), 0)).collect();
        let committed = groups::committed(west, &group, &places).expect("read");
        for (name, remote) in TOPICS.into_iter().zip(&remote) {
            let committed = committed[&(remote.clone(), 0)];
            let (expected, found) =
                (index_of(&source[name], place_of(&source[name], point)), index_of(&target[name], committed));
            again += expected.saturating_sub(found);
            skipped += found.saturating_sub(expected);
            assert_eq!(found, expected, "{group}, {name}: {committed} at the target");
            let next = |records: &Records, index: usize| records.get(index).map(|(_, value)| value.clone());
            assert_eq!(next(&target[name], found), next(&source[name], expected), "{group}, {name}");
        }
    }
    let sizes: Vec<String> = TOPICS.map(|name| format!("{name}: {}", source[name].len())).into();
    println!(
        "{word}: {} groups in each of {}; {again} records again, {skipped} skipped",
        POINTS.len(),
        sizes.join(", ")
    );
}

/// Where a consumer stands that read this share of a topic: behind the last record it read.
pub(crate) fn place_of(records: &Records, point: usize) -> i64 {
    let read = records.len() * point / 1_000;
    read.checked_sub(1).map_or(0, |last| records[last].0 + 1)
}

/// How many records lie before an offset.
pub(crate) fn index_of(records: &Records, offset: i64) -> usize {
    records.partition_point(|(at, _)| *at < offset)
}

fn wait_synced(strait: &mut Strait, group: &str) {
    let path = format!("/v1/flows/east--west/groups/{group}");
    let look = |strait: &Strait| {
        let status = strait.get(&path)?;
        let is_synced = status["group"]["state"] == "synced";
        let offsets = status["partitions"].as_array().map_or(0, Vec::len);
        Ok(if is_synced && offsets == TOPICS.len() {
            Attempt::Done(())
        } else {
            Attempt::NotYet(status.to_string())
        })
    };
    strait.wait(&format!("{group} is synced"), LIMIT, look).expect("synced");
}
