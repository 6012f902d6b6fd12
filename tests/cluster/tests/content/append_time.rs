//! Topics whose broker stamps the time.

use rdkafka::Message;
use rdkafka::message::Timestamp;
use rdkafka::producer::BaseRecord;
use strait_cluster_tests::bridge::Bridge;
use strait_cluster_tests::digest::Timestamps;
use strait_cluster_tests::topic::KEPT;
use strait_cluster_tests::writer::Writer;
use strait_cluster_tests::{reader, topic};

const CODECS: [&str; 3] = ["none", "lz4", "zstd"];
const APPEND_TIME: &str = "message.timestamp.type=LogAppendTime";
const LONG_AGO: i64 = 1_600_000_000_000;

pub(crate) fn of_the_source_is_kept(bridge: &Bridge) {
    for codec in CODECS {
        fill(bridge, &format!("stamped-{codec}"), codec, &[APPEND_TIME]);
    }
    let mut strait = bridge.strait("append-time-source", "stamped-.*", "");
    for codec in CODECS {
        let name = format!("stamped-{codec}");
        assert_eq!(old_times(&bridge.east, &name), 0, "times of producers at the source");
        bridge.assert_copied(&mut strait, &name);
    }
}

pub(crate) fn of_the_target_changes_nothing_else(bridge: &Bridge) {
    let sources: [(&str, &[&str]); 2] = [("producers", &[]), ("brokers", &[APPEND_TIME])];
    let names =
        || sources.iter().flat_map(|(kind, _)| CODECS.map(|codec| format!("restamped-{kind}-{codec}")));
    for (kind, settings) in sources {
        for codec in CODECS {
            fill(bridge, &format!("restamped-{kind}-{codec}"), codec, settings);
        }
    }
    for name in names() {
        topic::create(&bridge.west, &format!("east.{name}"), 2, &[APPEND_TIME]).expect("a remote topic");
    }
    let mut strait = bridge.strait("append-time-target", "restamped-.*", "");
    for name in names() {
        bridge.assert_copied_as(&mut strait, &name, Timestamps::Ignored);
        assert_eq!(old_times(&bridge.west, &format!("east.{name}")), 0, "times of producers at the target");
    }
}

fn fill(bridge: &Bridge, topic: &str, codec: &str, settings: &[&str]) {
    topic::create(&bridge.east, topic, 2, &[settings, &[KEPT]].concat()).expect("a topic");
    let mut writer =
        Writer::open(&bridge.east.address(), &[("compression.type", codec)]).expect("a producer");
    for number in 0..1_000 {
        let text = format!("reading {number}");
        let record = BaseRecord::<str, str>::to(topic).partition(number % 2).key(&text).payload(&text);
        writer.send(record.timestamp(LONG_AGO + i64::from(number % 17))).expect("sent");
        if number % 250 == 249 {
            writer.flush().expect("acknowledged");
        }
    }
}

/// Records whose time is not the broker's.
fn old_times(kafka: &strait_cluster_tests::kafka::Kafka, topic: &str) -> usize {
    let mut old = 0;
    reader::every(kafka, topic, |message| {
        old += usize::from(
            !matches!(message.timestamp(), Timestamp::LogAppendTime(time) if time > LONG_AGO + HOUR),
        );
    })
    .expect("read");
    old
}

const HOUR: i64 = 3_600_000;
