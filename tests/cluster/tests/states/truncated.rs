//! A broker comes back with an earlier state of its log.

use strait_cluster_tests::bridge::Bridge;
use strait_cluster_tests::kafka::Kafka;
use strait_cluster_tests::numbered::{expected, fill};

use crate::flow::{SOON, assert_names, assert_target, copied_hundred, stop, wait_position, wait_state};

pub(crate) fn at_the_source(bridge: &Bridge) {
    let name = "shortened";
    let mut strait = copied_hundred(bridge, name, "");
    let copy = bridge.folder("source-data");
    save(&bridge.east, &copy);
    fill(&bridge.east, name, "old", 100..150);
    wait_position(&mut strait, name, 150);
    assert_target(bridge, &mut strait, name, &expected("old", 0..150));
    load(&bridge.east, &copy);
    let detail = wait_state(&mut strait, name, "truncated", SOON);
    assert!(detail.contains("source"), "{detail}");
    assert_names(&detail, &[100, 149]);
    assert_target(bridge, &mut strait, name, &expected("old", 0..150));
}

pub(crate) fn at_the_target(bridge: &Bridge) {
    let name = "forgotten";
    let mut strait = copied_hundred(bridge, name, "");
    let copy = bridge.folder("target-data");
    save(&bridge.west, &copy);
    fill(&bridge.east, name, "old", 100..150);
    wait_position(&mut strait, name, 150);
    assert_target(bridge, &mut strait, name, &expected("old", 0..150));
    load(&bridge.west, &copy);
    fill(&bridge.east, name, "old", 150..160);
    let detail = wait_state(&mut strait, name, "truncated", SOON);
    assert!(detail.contains("target"), "{detail}");
    assert_names(&detail, &[100, 149]);
    assert_target(bridge, &mut strait, name, &expected("old", 0..100));
}

/// Positions went back with the records, so that nothing is missing; what the data folder knows is not believed.
pub(crate) fn at_the_target_while_stopped(bridge: &Bridge) {
    let name = "forgotten-while-stopped";
    let mut strait = copied_hundred(bridge, name, "");
    let copy = bridge.folder("earlier-target-data");
    save(&bridge.west, &copy);
    fill(&bridge.east, name, "old", 100..150);
    wait_position(&mut strait, name, 150);
    stop(&mut strait);
    load(&bridge.west, &copy);
    strait.restart().expect("started");
    strait.wait_log("does not continue its copy", SOON).expect("said");
    fill(&bridge.east, name, "old", 150..160);
    assert_target(bridge, &mut strait, name, &expected("old", 0..160));
    wait_state(&mut strait, name, "running", SOON);
}

fn save(kafka: &Kafka, copy: &std::path::Path) {
    kafka.stop().expect("stopped");
    kafka.save_data(copy).expect("saved");
    kafka.restart().expect("started");
}

fn load(kafka: &Kafka, copy: &std::path::Path) {
    kafka.stop().expect("stopped");
    kafka.load_data(copy).expect("put back");
    kafka.restart().expect("started");
}
