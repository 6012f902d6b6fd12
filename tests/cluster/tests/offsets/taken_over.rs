//! Strait goes on where MirrorMaker 2 stopped, on the same file: after a clean stop, and after a `kill -9` while records
//! were on their way. No record is there twice, none is missing, no group goes back. `STRAIT_TAKEN_GROUPS` (6; by hand 30).

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rdkafka::producer::BaseRecord;
use serde_json::Value;
use strait_cluster_tests::cases::Cases;
use strait_cluster_tests::groups::{self, Place};
use strait_cluster_tests::kafka::{CURRENT, Kafka};
use strait_cluster_tests::mirror_maker::MirrorMaker;
use strait_cluster_tests::strait::Strait;
use strait_cluster_tests::wait::{self, Attempt};
use strait_cluster_tests::world::World;
use strait_cluster_tests::writer::Writer;
use strait_cluster_tests::{binary, settings, topic};

use crate::beside::ONE_BROKER;
use crate::sources;

const LIMIT: Duration = Duration::from_secs(180);
const TOPIC: &str = "orders";
const REMOTE: &str = "east.orders";
const PARTITIONS: i32 = 2;
/// Records that MirrorMaker 2 copies, and those that come after it has ended.
const BEFORE: i64 = 4_000;
const AFTER: i64 = 1_000;

#[test]
fn strait_goes_on_where_mirror_maker_2_stopped() {
    let Some(world) = World::enter("strait_goes_on_where_mirror_maker_2_stopped") else { return };
    let mut cases = Cases::begin();
    for (name, is_killed) in [("a clean stop", false), ("kill -9", true)] {
        let folder = world.folder().join(name.replace(' ', "-"));
        fs::create_dir(&folder).expect("a folder");
        cases.run(name, || take_over(&folder, is_killed));
    }
    cases.finish();
}

fn take_over(folder: &Path, is_killed: bool) {
    let (east, west) = (Kafka::start(CURRENT).expect("a source"), Kafka::start(CURRENT).expect("a target"));
    let file = folder.join("mm2.properties");
    fs::write(&file, properties(&east, &west)).expect("written");
    topic::create(&east, TOPIC, PARTITIONS, &[]).expect("a topic");
    write(&east, 0..BEFORE);
    let groups = commit_groups(&east);
    let mirror_maker =
        MirrorMaker::start(if is_killed { "killed" } else { "stopped" }, &file).expect("MirrorMaker 2");
    let copied = wait::until("MirrorMaker 2 copies records and groups", LIMIT, || {
        let (span, committed) = (topic::span(&west, REMOTE), places(&west, &groups)?);
        let is_through = span >= BEFORE && committed.len() == groups.len() * PARTITIONS as usize;
        Ok(if is_through { Attempt::Done(()) } else { Attempt::NotYet(format!("{span}, {committed:?}")) })
    });
    copied.unwrap_or_else(|error| panic!("{error:#}\n{}", mirror_maker.log_tail()));
    if is_killed {
        // Killed in the middle of these.
        write(&east, BEFORE..2 * BEFORE);
        mirror_maker.kill().expect("killed");
    } else {
        mirror_maker.stop().expect("stopped");
        write(&east, BEFORE..2 * BEFORE);
    }
    drop(mirror_maker);
    let before = places(&west, &groups).expect("asked");
    let at_end = topic::span(&west, REMOTE);
    write(&east, 2 * BEFORE..2 * BEFORE + AFTER);
    let plan = dry_run(&file);
    for row in &plan {
        println!("{row}");
        assert!(row["source_offset"].as_i64().is_some_and(|offset| offset > 0), "{row}");
    }
    let resumed: i64 = plan.iter().filter_map(|row| row["source_offset"].as_i64()).sum();
    assert_eq!(resumed, at_end, "what is planned follows what is at the target");
    let mut strait = Strait::start_on_properties(folder, &file).expect("strait");
    strait
        .wait("all records", LIMIT, |_| {
            let span = topic::span(&west, REMOTE);
            Ok(if span >= 2 * BEFORE + AFTER { Attempt::Done(()) } else { Attempt::NotYet(span.to_string()) })
        })
        .expect("copied");
    assert_eq!(sorted(&west, REMOTE), sorted(&east, TOPIC), "each record once");
    // A group behind the place of the take-over, and one before it.
    let late = BEFORE + AFTER / 2;
    groups::commit(&east, "late", &[(TOPIC, 0, late), (TOPIC, 1, late)]).expect("committed");
    strait
        .wait("a group behind the take-over", LIMIT, |_| {
            let found = groups::committed(&west, "late", &[(REMOTE, 0), (REMOTE, 1)])?;
            let is_exact = found.len() == 2 && found.values().all(|offset| *offset == late);
            Ok(if is_exact { Attempt::Done(()) } else { Attempt::NotYet(format!("{found:?}")) })
        })
        .expect("exact");
    for (place, offset) in places(&west, &groups).expect("asked") {
        assert!(offset >= before[&place], "{place:?} went from {} back to {offset}", before[&place]);
    }
    println!("{} groups, none went back; {} records, each once", groups.len(), 2 * BEFORE + AFTER);
}

fn properties(east: &Kafka, west: &Kafka) -> String {
    format!(
        "clusters = east, west
east.bootstrap.servers = {}
west.bootstrap.servers = {}
east->west.enabled = true
west->east.emit.heartbeats.enabled = false
topics = {TOPIC}
sync.group.offsets.enabled = true
emit.checkpoints.interval.seconds = 1
sync.group.offsets.interval.seconds = 1
refresh.groups.interval.seconds = 1
{ONE_BROKER}",
        east.address(),
        west.address()
    )
}

/// Half of the numbers for each partition.
fn write(east: &Kafka, numbers: std::ops::Range<i64>) {
    let mut writer = Writer::open(&east.address(), &[]).expect("a producer");
    for number in numbers {
        let (partition, value) = (i32::from(number % 2 == 1), format!("order {number}"));
        let record = BaseRecord::<str, str>::to(TOPIC).partition(partition).payload(&value);
        writer.send(record).expect("sent");
    }
    writer.flush().expect("acknowledged");
}

/// Groups at places all over what is there.
fn commit_groups(east: &Kafka) -> Vec<String> {
    let count = i64::try_from(settings::number("STRAIT_TAKEN_GROUPS", 6)).expect("a small number");
    let committed = (1..=count).map(|number| {
        let (group, offset) = (format!("group-{number}"), BEFORE / 2 * number / count);
        groups::commit(east, &group, &[(TOPIC, 0, offset), (TOPIC, 1, offset)]).expect("committed");
        group
    });
    committed.collect()
}

/// Where groups stand at the target.
fn places(west: &Kafka, groups: &[String]) -> anyhow::Result<BTreeMap<(String, Place), i64>> {
    let mut places = BTreeMap::new();
    for group in groups {
        let committed = groups::committed(west, group, &[(REMOTE, 0), (REMOTE, 1)])?;
        places.extend(committed.into_iter().map(|(place, offset)| ((group.clone(), place), offset)));
    }
    Ok(places)
}

fn dry_run(file: &Path) -> Vec<Value> {
    let output = Command::new(binary::path())
        .args(["migrate", "mm2", &file.to_string_lossy(), "--dry-run", "--output=json"])
        .output()
        .expect("the program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let rows: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    rows.as_array().expect("rows").clone()
}

fn sorted(kafka: &Kafka, topic: &str) -> Vec<String> {
    let mut values: Vec<String> =
        sources::records(kafka, topic).into_iter().map(|(_, value)| value).collect();
    values.sort();
    values
}
