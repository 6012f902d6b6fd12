//! Offsets by time and by name, on a log with every kind of batch: compressed, committed, aborted, still open.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use bytes::Bytes;
use strait_wire::message::list_offsets::{ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic};
use strait_wire::message::offset_for_leader_epoch::{
    OffsetForLeaderEpochRequest, OffsetForLeaderPartition, OffsetForLeaderTopic,
};

use super::compare;
use super::forged::{Forged, Part, TIME};
use super::golden::Answers;
use super::peer::Peer;
use super::requests::{self, error};
use super::transactions::{self, TRANSACTIONAL};
use crate::wire::Wire;

const PRODUCE: i16 = 9;
/// Of EndTxn; the epoch stays.
const END: i16 = 3;
const NONE: i16 = 0;
const LZ4: i16 = 3;
/// Asks for the record with the largest timestamp.
const LARGEST_TIME: i64 = -3;
/// All in one segment, though its records are old and its markers are not.
const KEPT: &[(&str, &str)] = &[("retention.ms", "-1"), ("segment.ms", "9223372036854775807")];

/// A batch whose records are this many milliseconds after `TIME`.
fn at(codec: i16, times: &[i64]) -> Forged {
    let records =
        times.iter().zip(0..).map(|(time, index)| Part { timestamp_delta: *time, ..Part::at(index) });
    let batch = Forged::of(codec, records.map(|record| record.bytes()).collect());
    Forged { max_timestamp: TIME + times.iter().max().copied().unwrap_or(0), ..batch }
}

fn write(wire: &mut Wire, topic: &str, id: Option<&str>, batch: &Forged) -> Result<()> {
    let bytes = Bytes::from(batch.bytes());
    let answer = requests::produce(wire, PRODUCE, topic, id, bytes)?;
    anyhow::ensure!(answer.error_code == 0, "{answer:?}");
    Ok(())
}

/// Two records in a transaction of its own; `end` is whether and how it ends.
fn transaction(wire: &mut Wire, topic: &str, id: &str, times: &[i64], end: Option<bool>) -> Result<()> {
    let producer = transactions::begin(wire, id, topic)?;
    let (producer_id, epoch) = (producer.producer_id, producer.epoch);
    let batch = Forged { attributes: TRANSACTIONAL, producer_id, epoch, sequence: 0, ..at(NONE, times) };
    write(wire, topic, Some(id), &batch)?;
    if let Some(committed) = end {
        let (answer, _) = transactions::end(wire, (id, topic), producer, committed, END)?;
        anyhow::ensure!(answer == error(0), "{answer}");
        await_next_millisecond();
    }
    Ok(())
}

/// So that no two markers have the same time: the largest one would be another's.
fn await_next_millisecond() {
    let now_ms = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let begun = now_ms();
    while now_ms() == begun {
        std::thread::yield_now();
    }
}

/// Offsets 0-2, 3-5 out of order, 6-7 committed by 8, 9-10 aborted by 11, 12, 13-14 open, 15.
pub(super) fn fill(wire: &mut Wire, topic: &str, settings: &[(&str, &str)]) -> Result<()> {
    requests::create(wire, topic, 1, &[settings, KEPT].concat())?;
    write(wire, topic, None, &at(NONE, &[0, 0, 2]))?;
    write(wire, topic, None, &at(LZ4, &[20, 10, 30]))?;
    transaction(wire, topic, &format!("{topic}-committed"), &[40, 41], Some(true))?;
    transaction(wire, topic, &format!("{topic}-aborted"), &[50, 51], Some(false))?;
    write(wire, topic, None, &at(NONE, &[60]))?;
    transaction(wire, topic, &format!("{topic}-open"), &[70, 71], None)?;
    write(wire, topic, None, &at(LZ4, &[80]))
}

/// Times after `TIME` by their distance, those of the broker's own clock as `now`.
fn time(timestamp: i64) -> String {
    match timestamp - TIME {
        distance @ 0..1_000_000 => format!("+{distance}"),
        1_000_000.. => "now".to_owned(),
        _ => timestamp.to_string(),
    }
}

fn ask(
    wire: &mut Wire,
    topic: &str,
    partition: ListOffsetsPartition,
    (version, isolation_level): (i16, i8),
) -> Result<String> {
    let topic = ListOffsetsTopic { name: topic.to_owned(), partitions: vec![partition] };
    let request =
        ListOffsetsRequest { replica_id: -1, isolation_level, topics: vec![topic], timeout_ms: 1_000 };
    let answer = wire.ask(&request, version)?;
    let topic = answer.topics.first().context("a topic")?;
    let parts = topic.partitions.iter().map(|found| match found.error_code {
        0 => format!("offset {} time {} epoch {}", found.offset, time(found.timestamp), found.leader_epoch),
        code => format!("{} offset {} epoch {}", error(code), found.offset, found.leader_epoch),
    });
    Ok(parts.collect::<Vec<_>>().join("; "))
}

fn by_time(wire: &mut Wire, answers: &mut Answers, topic: &str) -> Result<()> {
    let distances = [-1, 0, 1, 2, 3, 10, 11, 20, 25, 30, 31, 40, 45, 50, 51, 55, 60, 61, 70, 75, 80, 81];
    let named = [-1, -2, -3, -4, -5, 0, 1, i64::MAX];
    for timestamp in distances.iter().map(|distance| TIME + distance).chain(named) {
        // All of the broker's own times may be one millisecond.
        if topic == "append-time" && timestamp == LARGEST_TIME {
            continue;
        }
        for (isolation, level) in [("uncommitted", 0), ("committed", 1)] {
            let partition = ListOffsetsPartition { timestamp, ..Default::default() };
            let answer = ask(wire, topic, partition, (10, level))?;
            answers.add(format!("{topic}, {isolation}, time {}", time(timestamp)), answer);
        }
    }
    Ok(())
}

fn by_version(wire: &mut Wire, answers: &mut Answers, topic: &str) -> Result<()> {
    for version in 1..=10 {
        for timestamp in [-1, -2, -3, -4, -5, -6, -7, TIME + 15] {
            let partition = ListOffsetsPartition { timestamp, ..Default::default() };
            let answer = ask(wire, topic, partition, (version, 0))?;
            answers.add(format!("{topic}, version {version}, time {}", time(timestamp)), answer);
        }
    }
    for (current_leader_epoch, partition_index) in [(-1, 0), (0, 0), (1, 0), (-2, 0), (0, 1), (-1, -1)] {
        let partition = ListOffsetsPartition { partition_index, current_leader_epoch, timestamp: -1 };
        let answer = ask(wire, topic, partition, (10, 0))?;
        answers.add(format!("{topic}, partition {partition_index}, epoch {current_leader_epoch}"), answer);
    }
    let latest = || ListOffsetsPartition { timestamp: -1, ..Default::default() };
    answers.add("a topic that is not there", ask(wire, "missing", latest(), (10, 0))?);
    let twice = ListOffsetsTopic { name: topic.to_owned(), partitions: vec![latest(), latest()] };
    let request = ListOffsetsRequest { replica_id: -1, topics: vec![twice], ..Default::default() };
    let answer = wire.ask(&request, 10)?;
    let found: Vec<_> = answer.topics.iter().flat_map(|topic| topic.partitions.iter()).collect();
    let found = found.iter().map(|found| format!("{} {}", error(found.error_code), found.offset));
    answers.add(format!("{topic}, partition 0 twice"), found.collect::<Vec<_>>().join("; "));
    Ok(())
}

fn epochs(wire: &mut Wire, answers: &mut Answers, topic: &str) -> Result<()> {
    for version in 2..=4 {
        for (current_leader_epoch, leader_epoch, partition) in [
            (-1, 0, 0),
            (0, 0, 0),
            (1, 0, 0),
            (-1, 1, 0),
            (-1, 7, 0),
            (-1, -1, 0),
            (-1, -2, 0),
            (-1, 0, 1),
            (-2, 0, 0),
        ] {
            let wanted = OffsetForLeaderPartition { partition, current_leader_epoch, leader_epoch };
            let topics = vec![OffsetForLeaderTopic { topic: topic.to_owned(), partitions: vec![wanted] }];
            let answer = wire.ask(&OffsetForLeaderEpochRequest { replica_id: -1, topics }, version)?;
            let topic = answer.topics.first().context("a topic")?;
            let found = topic.partitions.first().context("a partition")?;
            let (epoch, end) = (found.leader_epoch, found.end_offset);
            answers.add(
                format!("end of epoch {leader_epoch} of partition {partition}, current {current_leader_epoch}, version {version}"),
                format!("{} epoch {epoch} end {end}", error(found.error_code)),
            );
        }
    }
    Ok(())
}

fn scenario(peer: &mut Peer) -> Result<Answers> {
    let mut wire = peer.wire()?;
    let mut answers = Answers::default();
    fill(&mut wire, "create-time", &[])?;
    fill(&mut wire, "append-time", &[("message.timestamp.type", "LogAppendTime")])?;
    requests::create(&mut wire, "empty", 1, &[])?;
    for topic in ["create-time", "append-time", "empty"] {
        by_time(&mut wire, &mut answers, topic)?;
    }
    by_version(&mut wire, &mut answers, "create-time")?;
    epochs(&mut wire, &mut answers, "create-time")?;
    Ok(answers)
}

#[test]
fn offsets_are_listed_as_by_kafka() {
    compare("list-offsets", &[], scenario);
}
