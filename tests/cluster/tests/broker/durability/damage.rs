//! Damaged, cut and missing files: what is said, what goes on, and that nothing whole is removed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::producer::BaseRecord;
use rdkafka::{Offset, TopicPartitionList};
use strait_cluster_tests::wait::{self, Attempt};
use strait_cluster_tests::world::World;
use strait_cluster_tests::writer::Writer;
use strait_cluster_tests::{binary, topic};

use crate::client;
use crate::process::Broker;

const LIMIT: Duration = Duration::from_secs(30);

/// One batch for each value.
fn write(broker: &Broker, name: &str, partition: i32, values: &[&str]) -> Result<()> {
    let mut writer = Writer::open(&broker.address(), &[("linger.ms", "0")])?;
    for value in values {
        writer.send(BaseRecord::<str, str>::to(name).partition(partition).payload(value))?;
        writer.flush()?;
    }
    Ok(())
}

/// A record: its offset and its value.
type Found = (i64, String);

/// Offsets and values from an offset on, up to the end or the first error.
fn read(broker: &Broker, name: &str, partition: i32, from: i64) -> Result<(Vec<Found>, Option<String>)> {
    let consumer: BaseConsumer = topic::client(&broker.address())
        .set("group.id", "damage")
        .set("enable.partition.eof", "true")
        .create()?;
    let mut assignment = TopicPartitionList::new();
    assignment.add_partition_offset(name, partition, Offset::Offset(from))?;
    consumer.assign(&assignment)?;
    let mut found = Vec::new();
    let error = wait::until("the end or an error", LIMIT, || {
        while let Some(polled) = consumer.poll(Duration::from_millis(200)) {
            match polled {
                Ok(message) => {
                    let value = std::str::from_utf8(message.payload().context("a value")?)?.to_owned();
                    found.push((message.offset(), value));
                }
                Err(KafkaError::PartitionEOF(_)) => return Ok(Attempt::Done(None)),
                Err(error) => return Ok(Attempt::Done(Some(error.to_string()))),
            }
        }
        Ok(Attempt::NotYet(format!("{found:?}")))
    })?;
    Ok((found, error))
}

fn records(first: i64, values: &[&str]) -> Vec<Found> {
    (first..).zip(values.iter().map(|value| (*value).to_owned())).collect()
}

fn segment(broker: &Broker, folder: &str) -> PathBuf {
    broker.data().join(folder).join("00000000000000000000.log")
}

/// Where the batches of a segment begin.
fn positions(path: &Path) -> Vec<usize> {
    let bytes = fs::read(path).expect("a segment");
    let mut positions = vec![0];
    while let Some(length) =
        bytes.get(positions[positions.len() - 1] + 8..).and_then(|rest| rest.first_chunk())
    {
        let next = positions[positions.len() - 1] + 12 + u32::from_be_bytes(*length) as usize;
        positions.push(next);
    }
    positions.pop();
    positions
}

fn flip(path: &Path, position: usize) {
    let mut bytes = fs::read(path).expect("a file");
    bytes[position] ^= 1;
    fs::write(path, bytes).expect("written");
}

fn begin(world: &World) -> Broker {
    let broker =
        Broker::start(&world.folder().join("a"), &["offsets.topic.num.partitions=4"]).expect("a broker");
    client::create(&broker.address(), "t", 2, &[]).expect("a topic");
    write(&broker, "t", 0, &["a", "b", "c"]).expect("written");
    write(&broker, "t", 1, &["x", "y"]).expect("written");
    broker
}

#[test]
fn a_flipped_bit_is_told_and_costs_one_batch() {
    let Some(world) = World::enter("a_flipped_bit_is_told_and_costs_one_batch") else { return };
    let mut broker = begin(&world);
    broker.stop().expect("a good end");
    let path = segment(&broker, "t-0");
    let at = positions(&path)[1];
    flip(&path, at + 65);
    broker.restart().expect("started");
    let (found, error) = read(&broker, "t", 0, 0).expect("read");
    assert_eq!(found, records(0, &["a"]));
    assert!(error.is_some(), "the damaged batch is an error");
    // A reader that goes on behind it is served, and so is a writer.
    write(&broker, "t", 0, &["d"]).expect("written");
    assert_eq!(read(&broker, "t", 0, 2).expect("read"), (records(2, &["c", "d"]), None));
    assert_eq!(read(&broker, "t", 1, 0).expect("read"), (records(0, &["x", "y"]), None));
    let told = format!("t-0/00000000000000000000.log is damaged at {at}");
    assert!(broker.log().contains(&told), "{told}:\n{}", broker.log());
    // The same after a sudden end: what had been flushed by the good end stays where it is.
    broker.kill().expect("killed");
    broker.restart().expect("started");
    assert_eq!(read(&broker, "t", 0, 2).expect("read"), (records(2, &["c", "d"]), None));
}

#[test]
fn batches_behind_damage_that_were_not_flushed_are_put_aside() {
    let Some(world) = World::enter("batches_behind_damage_that_were_not_flushed_are_put_aside") else {
        return;
    };
    let mut broker = begin(&world);
    broker.kill().expect("killed");
    let path = segment(&broker, "t-0");
    let whole = fs::read(&path).expect("a segment");
    let at = positions(&path)[1];
    flip(&path, at + 65);
    broker.restart().expect("started");
    assert_eq!(read(&broker, "t", 0, 0).expect("read"), (records(0, &["a"]), None));
    let aside = fs::read(path.with_file_name("00000000000000000001.aside")).expect("a file with the rest");
    let last = positions(&path.with_file_name("00000000000000000001.aside"))[1];
    assert_eq!(aside[last..], whole[at + last..]);
    assert!(broker.log().contains("00000000000000000001.aside"), "{}", broker.log());
    assert_eq!(read(&broker, "t", 1, 0).expect("read"), (records(0, &["x", "y"]), None));
}

#[test]
fn a_cut_segment_is_told_and_its_offsets_are_not_used_again() {
    let Some(world) = World::enter("a_cut_segment_is_told_and_its_offsets_are_not_used_again") else {
        return;
    };
    let mut broker = begin(&world);
    broker.stop().expect("a good end");
    let path = segment(&broker, "t-0");
    let file = fs::OpenOptions::new().write(true).open(&path).expect("opened");
    file.set_len(file.metadata().expect("a length").len() - 5).expect("cut");
    for extension in ["index", "timeindex"] {
        fs::remove_file(segment(&broker, "t-1").with_extension(extension)).expect("removed");
    }
    broker.restart().expect("started");
    write(&broker, "t", 0, &["d"]).expect("written");
    let (found, error) = read(&broker, "t", 0, 0).expect("read");
    assert_eq!((found, error), ([records(0, &["a", "b"]), records(3, &["d"])].concat(), None));
    assert!(broker.log().contains("offsets 2 to before 3 are missing"), "{}", broker.log());
    // Missing indexes are made again.
    assert_eq!(read(&broker, "t", 1, 0).expect("read"), (records(0, &["x", "y"]), None));
    assert!(segment(&broker, "t-1").with_extension("index").exists());
}

#[test]
fn a_partition_that_cant_be_opened_is_offline_alone() {
    let Some(world) = World::enter("a_partition_that_cant_be_opened_is_offline_alone") else { return };
    let mut broker = begin(&world);
    broker.stop().expect("a good end");
    let (path, kept) = (segment(&broker, "t-0"), world.folder().join("kept"));
    fs::rename(&path, &kept).expect("moved");
    fs::create_dir(&path).expect("a folder in the place of the file");
    broker.restart().expect("started");
    assert_eq!(read(&broker, "t", 1, 0).expect("read"), (records(0, &["x", "y"]), None));
    write(&broker, "t", 1, &["z"]).expect("written");
    let consumer: BaseConsumer = topic::client(&broker.address()).create().expect("a client");
    let metadata = consumer.fetch_metadata(Some("t"), LIMIT).expect("metadata");
    let partitions = metadata.topics()[0].partitions();
    let leaders: Vec<_> = partitions.iter().map(|partition| (partition.id(), partition.leader())).collect();
    assert_eq!(leaders, [(0, -1), (1, 1)]);
    assert!(broker.log().contains("partition is offline"), "{}", broker.log());
    broker.stop().expect("a good end");
    fs::remove_dir(&path).expect("removed");
    fs::rename(&kept, &path).expect("moved back");
    broker.restart().expect("started");
    assert_eq!(read(&broker, "t", 0, 0).expect("read"), (records(0, &["a", "b", "c"]), None));
}

#[test]
fn a_damaged_metadata_log_is_not_taken_for_an_empty_one() {
    let Some(world) = World::enter("a_damaged_metadata_log_is_not_taken_for_an_empty_one") else { return };
    let mut broker = begin(&world);
    client::create(&broker.address(), "later", 1, &[]).expect("a topic");
    broker.kill().expect("killed");
    let path = segment(&broker, "__cluster_metadata-0");
    flip(&path, positions(&path)[0] + 65);
    let before = fs::read(&path).expect("a file");
    let refused = Command::new(binary::path())
        .args(["broker", "--listen", "127.0.0.1:0", "--data"])
        .arg(broker.data())
        .output()
        .expect("started");
    assert_eq!(refused.status.code(), Some(1));
    let message = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(message.contains("__cluster_metadata-0/00000000000000000000.log is damaged at 0"), "{message}");
    assert!(fs::read(&path).expect("a file") == before, "nothing was changed");
    assert!(broker.data().join("t-0").is_dir(), "no folder was taken for a stray");
    // Put right, all is there.
    flip(&path, positions(&path)[0] + 65);
    broker.restart().expect("started");
    assert_eq!(read(&broker, "t", 0, 0).expect("read"), (records(0, &["a", "b", "c"]), None));
}

/// Commits as a group without members.
fn commit(broker: &Broker, group: &str) -> Result<(), KafkaError> {
    let consumer: BaseConsumer = topic::client(&broker.address()).set("group.id", group).create()?;
    let mut offsets = TopicPartitionList::new();
    offsets.add_partition_offset("t", 0, Offset::Offset(2))?;
    consumer.commit(&offsets, rdkafka::consumer::CommitMode::Sync)
}

fn committed(broker: &Broker, group: &str) -> Result<Option<Offset>, KafkaError> {
    let consumer: BaseConsumer = topic::client(&broker.address()).set("group.id", group).create()?;
    let mut wanted = TopicPartitionList::new();
    wanted.add_partition("t", 0);
    let found = consumer.committed_offsets(wanted, Duration::from_secs(2))?;
    Ok(found.find_partition("t", 0).map(|partition| partition.offset()))
}

#[test]
fn damaged_groups_are_told_and_the_others_are_served() {
    let Some(world) = World::enter("damaged_groups_are_told_and_the_others_are_served") else { return };
    let mut broker = begin(&world);
    commit(&broker, "first").expect("committed");
    let written = |index: &i32| {
        let path = segment(&broker, &format!("__consumer_offsets-{index}"));
        path.metadata().is_ok_and(|file| file.len() > 0)
    };
    let damaged = (0..4).find(written).expect("a partition with the group");
    let path = segment(&broker, &format!("__consumer_offsets-{damaged}"));
    // A group of another partition.
    let others: Vec<String> = (0..8).map(|number| format!("group-{number}")).collect();
    others.iter().for_each(|group| commit(&broker, group).expect("committed"));
    broker.stop().expect("a good end");
    flip(&path, positions(&path)[0] + 65);
    broker.restart().expect("started");
    let served =
        others.iter().filter(|group| committed(&broker, group) == Ok(Some(Offset::Offset(2)))).count();
    assert!((1..8).contains(&served), "{served} groups of other partitions are served");
    assert!(committed(&broker, "first").is_err(), "the group is not taken for a new one");
    let told = format!("__consumer_offsets-{damaged}/00000000000000000000.log is damaged at 0");
    assert!(broker.log().contains(&told), "{}", broker.log());
    assert_eq!(read(&broker, "t", 0, 0).expect("read"), (records(0, &["a", "b", "c"]), None));
}
