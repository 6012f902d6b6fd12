//! A source topic is deleted and made again under the same name.

use strait_cluster_tests::bridge::Bridge;
use strait_cluster_tests::numbered::{expected, fill};
use strait_cluster_tests::{admin, topic};

use crate::flow::{SOON, assert_losses, assert_target, copied_hundred, stop, wait_position, wait_state};

pub(crate) fn while_running(bridge: &Bridge, name: &str, records: i64) {
    let mut strait = copied_hundred(bridge, name, "");
    remake(bridge, name, records);
    check(bridge, &mut strait, name, records);
}

pub(crate) fn while_stopped(bridge: &Bridge, name: &str, records: i64) {
    let mut strait = copied_hundred(bridge, name, "");
    stop(&mut strait);
    fill(&bridge.east, name, "uncopied", 0..20);
    remake(bridge, name, records);
    strait.restart().expect("started");
    check(bridge, &mut strait, name, records);
    stop(&mut strait);
    strait.restart().expect("started");
    wait_position(&mut strait, name, records + 10);
    assert_target(bridge, &mut strait, name, &both(records + 10));
}

fn remake(bridge: &Bridge, name: &str, records: i64) {
    admin::delete(&bridge.east, name).expect("deleted");
    topic::create(&bridge.east, name, 1, &[]).expect("made again");
    fill(&bridge.east, name, "new", 0..records);
}

/// The new topic is copied from its beginning; what the old one held beyond the position is in the ledger.
fn check(bridge: &Bridge, strait: &mut strait_cluster_tests::strait::Strait, name: &str, records: i64) {
    assert_target(bridge, strait, name, &both(records));
    assert_losses(strait, name, &[("recreated", (100, -1))]);
    wait_state(strait, name, "running", SOON);
    wait_position(strait, name, records);
    fill(&bridge.east, name, "new", records..records + 10);
    assert_target(bridge, strait, name, &both(records + 10));
    admin::delete_records(&bridge.east, name, 0, records).expect("the new topic is the one of that name");
}

fn both(records: i64) -> Vec<String> {
    expected("old", 0..100).into_iter().chain(expected("new", 0..records)).collect()
}
