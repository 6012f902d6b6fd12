//! A source that allows Strait to read and describe one topic, and nothing else: that is enough.

use std::time::Duration;

use strait_cluster_tests::copied::Pair;
use strait_cluster_tests::digest::Timestamps;
use strait_cluster_tests::kafka::{CURRENT, Kafka};
use strait_cluster_tests::numbered::fill;
use strait_cluster_tests::strait::{Plan, Strait};
use strait_cluster_tests::world::World;
use strait_cluster_tests::{access, admin, topic};

const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn reading_and_describing_is_enough() {
    let Some(world) = World::enter("reading_and_describing_is_enough") else { return };
    let east = Kafka::start_secured(CURRENT).expect("the source");
    let west = Kafka::start(CURRENT).expect("the target");
    for name in ["granted", "hidden"] {
        topic::create(&east, name, 2, &["retention.ms=7654321"]).expect("a topic");
        fill(&east, name, "record", 0..100);
    }
    access::allow(&east, "granted", &["Read", "Describe"]).expect("allowed");
    let plan = Plan::one_flow(&east.open_address(), &west.address(), ".*");
    let mut strait = Strait::start(world.folder(), &plan).expect("strait");
    let pair = Pair { source: (&east, "granted"), target: (&west, "east.granted"), flow: "east--west" };
    pair.assert_copied(&mut strait, Timestamps::Compared, LIMIT).expect("copied");
    admin::widen(&east, "granted", 3).expect("widened");
    fill(&east, "granted", "record", 100..200);
    topic::wait_for_partitions(&west, "east.granted", 3).expect("widened at the target");
    pair.assert_copied(&mut strait, Timestamps::Compared, LIMIT).expect("copied");
    strait.wait_state("east--west", "running", LIMIT).expect("running");
    assert!(!topic::names(&west).expect("topics").contains("east.hidden"), "a topic that may not be seen");
    strait.stop(Duration::from_secs(20)).expect("a graceful stop");
    strait.restart().expect("started");
    fill(&east, "granted", "record", 200..300);
    pair.assert_copied(&mut strait, Timestamps::Compared, LIMIT).expect("copied");
}
