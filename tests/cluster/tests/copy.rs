//! A topic of 6 partitions, copied from Kafka 4.3.1 to Kafka 4.3.1: every record arrives as it was, in order.
//! `STRAIT_COPY_RECORDS` sets the number of records of each codec (200,000; by hand 4,000,000).

use std::time::Duration;

use strait_cluster_tests::copied::Pair;
use strait_cluster_tests::kafka::{self, Kafka};
use strait_cluster_tests::produce::{self, Load};
use strait_cluster_tests::strait::{Plan, Strait};
use strait_cluster_tests::world::World;
use strait_cluster_tests::{settings, topic};

const PARTITIONS: i32 = 6;
const CODECS: [&str; 3] = ["none", "lz4", "zstd"];

#[test]
fn every_record_is_copied_as_it_was() {
    let Some(world) = World::enter("every_record_is_copied_as_it_was") else { return };
    let records = settings::number("STRAIT_COPY_RECORDS", 200_000);
    let limit = Duration::from_secs(60 + records / 5_000);
    let east = Kafka::start(kafka::source()).expect("the source");
    let west = Kafka::start(kafka::target()).expect("the target");
    for codec in CODECS {
        let name = format!("orders-{codec}");
        topic::create(&east, &name, PARTITIONS, &[]).expect("a topic");
        let load = Load {
            address: east.address(),
            topic: name,
            partitions: PARTITIONS,
            codec,
            batch_bytes: 131_072,
        };
        produce::all(load, records).expect("produced");
    }
    for codec in CODECS {
        let name = format!("orders-{codec}");
        let folder = world.folder().join(codec);
        std::fs::create_dir(&folder).expect("a folder");
        let mut strait =
            Strait::start(&folder, &Plan::one_flow(&east.address(), &west.address(), &name)).expect("strait");
        let remote = format!("east.{name}");
        let pair = Pair { source: (&east, &name), target: (&west, &remote), flow: "east--west" };
        let taken = pair.wait(&mut strait, limit).expect("copied");
        let usage = strait.usage().expect("usage");
        strait.stop(Duration::from_secs(20)).expect("a graceful stop");
        pair.assert_same(records).expect("both sides can be read");
        println!("{codec}: {records} records in {taken:.1?}, {usage:.2?}");
    }
}
