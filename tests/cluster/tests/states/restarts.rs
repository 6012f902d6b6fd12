//! A broker is stopped in good order: its partitions are shown without a leader before it goes.

use strait_cluster_tests::bridge::Bridge;
use strait_cluster_tests::kafka::Kafka;
use strait_cluster_tests::numbered::{expected, fill};

use crate::flow::{assert_target, copied_hundred, wait_position};

const ROUNDS: i64 = 2;

pub(crate) fn change_nothing(bridge: &Bridge, name: &str, broker: &Kafka) {
    let mut strait = copied_hundred(bridge, name, "");
    for round in 1..=ROUNDS {
        broker.stop().expect("stopped");
        broker.restart().expect("started");
        fill(&bridge.east, name, "old", round * 100..(round + 1) * 100);
        wait_position(&mut strait, name, (round + 1) * 100);
        assert_target(bridge, &mut strait, name, &expected("old", 0..(round + 1) * 100));
    }
}
