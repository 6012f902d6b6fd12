//! What a process needs at its peak: many partitions with records, many without, and a record of 20 MiB.
//! `STRAIT_MEMORY_PARTITIONS` (200; by hand 1,000) hold `STRAIT_MEMORY_RECORDS` (200,000; by hand 4,000,000) in all;
//! `STRAIT_EMPTY_TOPICS` (1; by hand 10) of `STRAIT_EMPTY_PARTITIONS` (300; by hand 1,000) hold none: a broker makes no more
//! than those in one request.

use std::time::Duration;

use rdkafka::producer::BaseRecord;
use strait_cluster_tests::bridge::{Bridge, FLOW};
use strait_cluster_tests::cases::Cases;
use strait_cluster_tests::copied::Pair;
use strait_cluster_tests::produce::{self, Load};
use strait_cluster_tests::random::Random;
use strait_cluster_tests::strait::{Plan, Strait};
use strait_cluster_tests::wait::Attempt;
use strait_cluster_tests::writer::Writer;
use strait_cluster_tests::{settings, topic};

const LIMIT: Duration = Duration::from_secs(300);
const LARGE: usize = 20 << 20;
/// Above what a record of that size needs in a batch.
const LARGE_MESSAGES: &str = "message.max.bytes=22020096";

#[test]
fn memory_is_bounded() {
    // Kafka preallocates two indexes for each partition, of 10 MiB each by default.
    let properties = [LARGE_MESSAGES, "log.index.size.max.bytes=4096"];
    let Some(bridge) = Bridge::enter_with("memory_is_bounded", &properties, &properties) else { return };
    let mut cases = Cases::begin();
    cases.run("partitions with records", || partitions_with_records(&bridge));
    cases.run("a record of 20 MiB", || large_record(&bridge));
    cases.run("empty partitions", || empty_partitions(&bridge));
    cases.finish();
}

fn partitions_with_records(bridge: &Bridge) {
    const NAME: &str = "many";
    let partitions = number("STRAIT_MEMORY_PARTITIONS", 200);
    let records = settings::number("STRAIT_MEMORY_RECORDS", 200_000);
    topic::create(&bridge.east, NAME, partitions, &[]).expect("a topic");
    let load = Load {
        address: bridge.east.address(),
        topic: NAME.to_owned(),
        partitions,
        codec: "lz4",
        batch_bytes: 131_072,
    };
    produce::all(load, records).expect("produced");
    let mut strait = bridge.start(NAME, &plan(bridge, NAME));
    let pair = Pair { source: (&bridge.east, NAME), target: (&bridge.west, "east.many"), flow: FLOW };
    pair.wait(&mut strait, LIMIT).expect("copied");
    assert_peak(&strait, &format!("{partitions} partitions with {records} records"), 96.0);
    pair.assert_same(records).expect("both sides can be read");
}

fn empty_partitions(bridge: &Bridge) {
    let topics = number("STRAIT_EMPTY_TOPICS", 1);
    let each = number("STRAIT_EMPTY_PARTITIONS", 300);
    let partitions = topics * each;
    for number in 0..topics {
        topic::create(&bridge.east, &format!("empty-{number}"), each, &[]).expect("a topic");
    }
    let mut strait = bridge.start("empty", &plan(bridge, "empty-.*"));
    let look = |strait: &Strait| {
        let running = strait.metric("strait_partition_state", &["topic=\"empty-", "state=\"running\""])?;
        Ok(match running >= f64::from(partitions) {
            true => Attempt::Done(()),
            false => Attempt::NotYet(format!("{running} partitions run")),
        })
    };
    strait.wait(&format!("{partitions} partitions run"), LIMIT, look).expect("running");
    assert_peak(&strait, &format!("{partitions} empty partitions"), 256.0);
}

fn large_record(bridge: &Bridge) {
    const NAME: &str = "large";
    topic::create(&bridge.east, NAME, 1, &["max.message.bytes=22020096"]).expect("a topic");
    let large = [("message.max.bytes", "30000000")];
    let mut writer = Writer::open(&bridge.east.address(), &large).expect("a producer");
    let mut random = Random::new(1);
    let noise: Vec<u8> = (0..LARGE / 8).flat_map(|_| random.bits().to_be_bytes()).collect();
    let small = b"small".to_vec();
    for value in [&small, &noise, &small, &noise, &noise, &small] {
        let record = BaseRecord::<str, [u8]>::to(NAME).partition(0).key("key").payload(value.as_slice());
        writer.send(record).expect("sent");
        writer.flush().expect("acknowledged");
    }
    let plan = Plan { limits: "memory_bytes = 67108864".to_owned(), ..plan(bridge, NAME) };
    let mut strait = bridge.start(NAME, &plan);
    bridge.assert_copied(&mut strait, NAME);
    // The budget, the answer that is being read, and the process itself.
    assert_peak(&strait, "a record of 20 MiB in a budget of 64 MiB", 160.0);
}

fn plan(bridge: &Bridge, topics: &str) -> Plan {
    Plan { has_no_folder: true, ..bridge.plan(topics) }
}

fn assert_peak(strait: &Strait, what: &str, most_mib: f64) {
    let usage = strait.usage().expect("usage");
    println!("{what}: peak {:.1} MiB of {most_mib} MiB, {:.1} s of CPU", usage.peak_mib, usage.cpu_seconds);
    assert!(usage.peak_mib <= most_mib, "{what}: {usage:?}");
}

fn number(name: &str, default: u64) -> i32 {
    i32::try_from(settings::number(name, default)).unwrap_or_else(|error| panic!("{name}: {error}"))
}
