//! `strait replicate` copies from one of our brokers to another.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use strait_cluster_tests::strait::{Plan, Strait};
use strait_cluster_tests::topic;
use strait_cluster_tests::wait::Attempt;
use strait_cluster_tests::world::World;

use crate::client;
use crate::process::Broker;

const RECORDS: u64 = 5_000;

#[test]
fn a_topic_is_copied_from_one_broker_to_another() {
    let Some(world) = World::enter("a_topic_is_copied_from_one_broker_to_another") else { return };
    let quick = ["group.initial.rebalance.delay.ms=0"];
    let east = Broker::start(&world.folder().join("east"), &quick).expect("the source");
    let west = Broker::start(&world.folder().join("west"), &quick).expect("the target");
    client::create(&east.address(), "orders", 3, &[]).expect("a topic");
    client::write(&east.address(), "orders", 0..RECORDS).expect("written");
    let plan = Plan::one_flow(&east.address(), &west.address(), "orders");
    let mut strait = Strait::start(world.folder(), &plan).expect("strait");
    let target: BaseConsumer = topic::client(&west.address()).create().expect("a client");
    let copied = strait.wait("all records are copied", Duration::from_secs(60), |_| {
        let end = |partition| target.fetch_watermarks("east.orders", partition, Duration::from_secs(5));
        let ends =
            (0..3).map(|partition| end(partition).map(|(_, end)| end)).collect::<Result<Vec<_>, _>>()?;
        let sum: i64 = ends.iter().sum();
        Ok(match u64::try_from(sum)? {
            RECORDS => Attempt::Done(()),
            copied => Attempt::NotYet(format!("{copied} records")),
        })
    });
    copied.expect("copied");
    client::assert_all(&west.address(), "east.orders", "group", RECORDS).expect("read");
    let state = strait.flow("east--west").expect("the flow")["acls"]["state"].clone();
    assert_eq!(state, "no_authorizer", "neither broker has rules");
    assert_eq!(strait.log().matches("rules of access").count(), 1, "{}", strait.log());
    strait.stop(Duration::from_secs(20)).expect("a good end");
}
