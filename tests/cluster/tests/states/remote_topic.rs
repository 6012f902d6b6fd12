//! The remote topic is deleted while Strait runs.

use strait_cluster_tests::bridge::Bridge;
use strait_cluster_tests::numbered::{expected, fill};
use strait_cluster_tests::{admin, topic};

use crate::flow::{SOON, assert_losses, assert_target, copied_hundred, wait_state};

pub(crate) fn deleted_stops_the_partition(bridge: &Bridge) {
    let name = "dropped";
    let mut strait = copied_hundred(bridge, name, "");
    admin::delete(&bridge.west, "east.dropped").expect("deleted");
    fill(&bridge.east, name, "old", 100..110);
    let detail = wait_state(&mut strait, name, "truncated", SOON);
    assert!(detail.contains("target"), "{detail}");
    assert_eq!(topic::span(&bridge.west, "east.dropped"), 0, "records copied behind the loss");
}

pub(crate) fn deleted_is_made_anew(bridge: &Bridge) {
    let name = "renewed";
    let mut strait = copied_hundred(bridge, name, "on_truncated = \"continue\"");
    admin::delete(&bridge.west, "east.renewed").expect("deleted");
    fill(&bridge.east, name, "old", 100..110);
    // The source still has everything: it is copied again, and nothing is lost.
    assert_target(bridge, &mut strait, name, &expected("old", 0..110));
    wait_state(&mut strait, name, "running", SOON);
    assert_losses(&mut strait, name, &[]);
}
