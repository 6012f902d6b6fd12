//! Records are deleted at the source before a paused flow has copied them.

use strait_cluster_tests::admin;
use strait_cluster_tests::bridge::{Bridge, FLOW};
use strait_cluster_tests::numbered::{expected, fill};
use strait_cluster_tests::strait::Strait;

use crate::flow::{SOON, assert_losses, assert_names, assert_target, copied_hundred, stop, wait_state};

pub(crate) fn goes_on_behind_the_gap(bridge: &Bridge) {
    let name = "overtaken";
    let mut strait = overtaken(bridge, name, "");
    assert_losses(&mut strait, name, &[("retention_gap", (100, 149))]);
    let copied: Vec<_> = expected("old", 0..100).into_iter().chain(expected("old", 150..200)).collect();
    assert_target(bridge, &mut strait, name, &copied);
    wait_state(&mut strait, name, "running", SOON);
}

pub(crate) fn stops_before_the_gap(bridge: &Bridge) {
    let name = "overtaken-and-stopped";
    let mut strait = overtaken(bridge, name, "on_retention_gap = \"stop\"");
    let detail = wait_state(&mut strait, name, "retention_gap", SOON);
    assert_names(&detail, &[100, 149]);
    assert_target(bridge, &mut strait, name, &expected("old", 0..100));
}

/// A flow that copied records 0 to 99, was paused, and finds its source beginning at 150.
fn overtaken(bridge: &Bridge, name: &str, extra: &str) -> Strait {
    let mut strait = copied_hundred(bridge, name, extra);
    stop(&mut strait);
    let plan = bridge.plan(name).with(extra);
    strait.restart_with(&plan.clone().with("paused = true")).expect("started");
    strait.wait_state(FLOW, "paused", SOON).expect("paused");
    fill(&bridge.east, name, "old", 100..200);
    admin::delete_records(&bridge.east, name, 0, 150).expect("deleted");
    stop(&mut strait);
    strait.restart_with(&plan).expect("started");
    strait
}
