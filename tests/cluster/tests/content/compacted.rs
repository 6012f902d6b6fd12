//! Compacted topics after the cleaner: batches with holes, batches left empty, tombstones.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use rdkafka::Message;
use rdkafka::producer::BaseRecord;
use strait_cluster_tests::bridge::Bridge;
use strait_cluster_tests::wait::{self, Attempt};
use strait_cluster_tests::writer::Writer;
use strait_cluster_tests::{reader, segment, topic};

const CODECS: [&str; 3] = ["none", "lz4", "zstd"];
const KEYS: i64 = 2_000;
const HOUR: i64 = 3_600_000;
/// A record an hour younger than the first of a segment begins a new one; only the newest segment is not cleaned.
const SETTINGS: [&str; 4] = [
    "cleanup.policy=compact",
    "segment.ms=60000",
    "min.cleanable.dirty.ratio=0.01",
    "min.compaction.lag.ms=0",
];

pub(crate) fn keep_their_records(bridge: &Bridge) {
    for codec in CODECS {
        let name = format!("customers-{codec}");
        topic::create(&bridge.east, &name, 1, &SETTINGS).expect("a topic");
        fill(bridge, &name, codec);
    }
    for codec in CODECS {
        let name = format!("customers-{codec}");
        wait::until(&format!("{name} is clean"), Duration::from_secs(60), || cleanness(bridge, &name))
            .expect("clean");
        let batches = segment::batches(&bridge.east, &name, 0).expect("the log");
        let (holed, empty) = (
            batches.iter().filter(|batch| batch.has_holes()).count(),
            batches.iter().filter(|batch| batch.count == 0).count(),
        );
        println!("{name}: {} batches, {holed} with holes, {empty} empty", batches.len());
        assert!(holed > 10 && empty > 0, "the cleaner left too little to test: {holed} {empty}");
    }
    let mut strait = bridge.strait("compacted", "customers-.*", "");
    for codec in CODECS {
        bridge.assert_copied(&mut strait, &format!("customers-{codec}"));
    }
}

/// Three producers write the same keys in three segments, each fewer of them; then a fourth segment begins.
fn fill(bridge: &Bridge, topic: &str, codec: &str) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_millis();
    let begin = i64::try_from(now).expect("small") - 5 * HOUR;
    let overwritten: [fn(i64) -> bool; 3] = [|_| true, |key| key % 3 != 0 || key > 1_900, |key| key % 7 == 0];
    for (round, chosen) in (0..).zip(overwritten) {
        let settings = [("compression.type", codec), ("batch.num.messages", "100")];
        let mut writer = Writer::open(&bridge.east.address(), &settings).expect("a producer");
        for key in (0..KEYS).filter(|key| chosen(*key)) {
            let (name, value) = (format!("customer-{key}"), format!("round {round} of customer {key}"));
            let mut record = BaseRecord::<str, str>::to(topic).partition(0).key(&name);
            record = record.timestamp(begin + round * HOUR + key);
            let tombstone = round == 1 && key % 11 == 0;
            record.payload = (!tombstone).then_some(value.as_str());
            writer.send(record).expect("sent");
        }
        writer.flush().expect("acknowledged");
    }
    let mut writer = Writer::open(&bridge.east.address(), &[]).expect("a producer");
    let last = BaseRecord::<str, str>::to(topic).partition(0).key("last").payload("last");
    writer.send(last.timestamp(begin + 4 * HOUR)).expect("sent");
    writer.flush().expect("acknowledged");
}

/// Done when each key is there once, so that the cleaner finds no more to do.
fn cleanness(bridge: &Bridge, topic: &str) -> Result<Attempt<()>> {
    let mut keys: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    reader::every(&bridge.east, topic, |message| {
        *keys.entry(message.key().unwrap_or_default().to_vec()).or_default() += 1;
    })?;
    let doubled = keys.values().filter(|count| **count > 1).count();
    Ok(if doubled == 0 {
        Attempt::Done(())
    } else {
        Attempt::NotYet(format!("{doubled} keys more than once"))
    })
}
