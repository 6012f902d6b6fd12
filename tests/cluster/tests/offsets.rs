//! Groups go on at their very next record: after kills, across transactions' markers and aborted data, for data that is
//! copied by sequences and in transactions, also after the local data is gone. `STRAIT_KILLS` (5; by hand 100).

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use anyhow::{Result, ensure};
use rdkafka::Message;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::producer::BaseRecord;
use rdkafka::{Offset, TopicPartitionList};
use strait_cluster_tests::copied::Pair;
use strait_cluster_tests::digest::Timestamps;
use strait_cluster_tests::kafka::{CURRENT, Kafka};
use strait_cluster_tests::random::Random;
use strait_cluster_tests::strait::{Plan, Strait};
use strait_cluster_tests::wait::Attempt;
use strait_cluster_tests::world::World;
use strait_cluster_tests::writer::Writer;
use strait_cluster_tests::{reader, settings, topic};

const LIMIT: Duration = Duration::from_secs(120);
const TOPICS: [&str; 3] = ["plain", "transactional", "old"];
/// Enough that parts of the offset map are sealed.
const TRANSACTIONS: u64 = 1_800;
const WRITERS: u64 = 6;
const RECORDS: u64 = 30_000;
/// Groups at so many places of each topic, and one at its end.
const POINTS: usize = 10;
const MONTH_MS: i64 = 30 * 24 * 3_600 * 1_000;

#[test]
fn groups_go_on_at_their_next_record() {
    let Some(world) = World::enter("groups_go_on_at_their_next_record") else { return };
    let mut random = Random::announced("offsets");
    let (east, west) = (Kafka::start(CURRENT).expect("a source"), Kafka::start(CURRENT).expect("a target"));
    for name in TOPICS {
        topic::create(&east, name, 1, &["retention.ms=-1"]).expect("a topic");
    }
    let plan = Plan::one_flow(&east.address(), &west.address(), ".*").with("group_interval_ms = 500");
    let mut strait = Strait::start(world.folder(), &plan).expect("strait");
    let kills = settings::number("STRAIT_KILLS", 5);
    for part in 0..=kills {
        write_part(&east, part, kills + 1).expect("written");
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
    check(&east, &west, &mut strait, "first");
    strait.kill().expect("killed");
    strait.delete_data().expect("deleted");
    strait.restart().expect("started");
    check(&east, &west, &mut strait, "second");
    assert!(topic::names(&west).expect("names").contains("strait-offset-map.internal"), "chunks were sealed");
}

/// Commits groups at the source, waits for them at the target, and compares their next records.
fn check(east: &Kafka, west: &Kafka, strait: &mut Strait, word: &str) {
    let source: BTreeMap<&str, Records> = TOPICS.map(|name| (name, records(east, name))).into();
    let target: BTreeMap<&str, Records> =
        TOPICS.map(|name| (name, records(west, &format!("east.{name}")))).into();
    for point in 0..=POINTS {
        let places = TOPICS.map(|name| (name.to_owned(), place_of(&source[name], point)));
        commit(east, &format!("{word}-{point}"), &places).expect("committed");
    }
    for point in 0..=POINTS {
        let group = format!("{word}-{point}");
        wait_synced(strait, &group);
        let committed = committed(west, &group).expect("read");
        for name in TOPICS {
            let from = place_of(&source[name], point);
            let next = |records: &Records, from: i64| {
                records.iter().find(|(offset, _)| *offset >= from).map(|(_, value)| value.clone())
            };
            let expected = next(&source[name], from);
            let found = next(&target[name], committed[&format!("east.{name}")]);
            assert_eq!(found, expected, "{group}, {name}: source offset {from}, {committed:?}");
        }
    }
    println!("{word}: {} groups at their next record in each of {TOPICS:?}", POINTS + 1);
}

type Records = Vec<(i64, String)>;

/// Where a consumer stands that read this share of a topic: behind the last record it read.
fn place_of(records: &Records, point: usize) -> i64 {
    let read = records.len() * point / POINTS;
    read.checked_sub(1).map_or(0, |last| records[last].0 + 1)
}

fn write_part(east: &Kafka, part: u64, parts: u64) -> Result<()> {
    let numbers = |count: u64| (count * part / parts)..(count * (part + 1) / parts);
    for (name, age_ms) in [("plain", 0), ("old", MONTH_MS)] {
        let mut writer = Writer::open(&east.address(), &[])?;
        for number in numbers(RECORDS) {
            let timestamp = now_ms() - age_ms;
            let value = format!("{name} {number}");
            writer
                .send(BaseRecord::<str, str>::to(name).partition(0).timestamp(timestamp).payload(&value))?;
        }
        writer.flush()?;
    }
    let range = numbers(TRANSACTIONS);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let range = range.clone();
                scope.spawn(move || write_transactions(east, writer, part, range))
            })
            .collect();
        writers.into_iter().try_for_each(|writer| writer.join().expect("no panic"))
    })
}

/// Transactions of a few records, of which some are aborted.
fn write_transactions(east: &Kafka, writer: u64, part: u64, numbers: Range<u64>) -> Result<()> {
    let settings = [("linger.ms", "0")];
    let mut open = Writer::transactional(&east.address(), &format!("writer-{writer}"), &settings)?;
    for transaction in numbers.filter(|number| number % WRITERS == writer) {
        open.begin()?;
        for record in 0..3 {
            let value = format!("transactional {part}-{transaction}-{record}");
            open.send(BaseRecord::<str, str>::to("transactional").partition(0).payload(&value))?;
        }
        match (transaction / WRITERS) % 10 {
            3 | 6 | 9 => open.abort()?,
            _ => open.commit()?,
        }
    }
    Ok(())
}

fn records(kafka: &Kafka, topic: &str) -> Records {
    let mut records = Records::new();
    reader::every(kafka, topic, |message| {
        let value = String::from_utf8_lossy(message.payload().unwrap_or_default()).into_owned();
        records.push((message.offset(), value));
    })
    .expect("read");
    records
}

fn consumer(kafka: &Kafka, group: &str) -> Result<BaseConsumer> {
    let mut config = topic::client(&kafka.address());
    Ok(config.set("group.id", group).set("enable.auto.commit", "false").create()?)
}

fn commit(kafka: &Kafka, group: &str, places: &[(String, i64)]) -> Result<()> {
    let mut list = TopicPartitionList::new();
    for (topic, offset) in places {
        list.add_partition_offset(topic, 0, Offset::Offset(*offset))?;
    }
    Ok(consumer(kafka, group)?.commit(&list, CommitMode::Sync)?)
}

/// What a group committed for each remote topic.
fn committed(kafka: &Kafka, group: &str) -> Result<BTreeMap<String, i64>> {
    let mut list = TopicPartitionList::new();
    for name in TOPICS {
        list.add_partition(&format!("east.{name}"), 0);
    }
    let committed = consumer(kafka, group)?.committed_offsets(list, LIMIT)?;
    let offsets: BTreeMap<String, i64> = committed
        .elements()
        .iter()
        .filter_map(|element| match element.offset() {
            Offset::Offset(offset) => Some((element.topic().to_owned(), offset)),
            _ => None,
        })
        .collect();
    ensure!(offsets.len() == TOPICS.len(), "{group} at the target: {offsets:?}");
    Ok(offsets)
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

fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
