//! The target refuses what one partition of fifty holds: the others are copied, and the policy decides about the one.

mod place;

use strait_cluster_tests::bridge::Bridge;
use strait_cluster_tests::cases::Cases;

use crate::place::{KEYLESS, OVERSIZE, Place};

#[test]
fn one_refused_partition_holds_up_no_other() {
    let Some(bridge) = Bridge::enter("one_refused_partition_holds_up_no_other", &[]) else { return };
    let mut cases = Cases::begin();
    for kind in [OVERSIZE, KEYLESS] {
        let name = |policy: &str| format!("{}, {policy}", kind.name);
        cases.run(&name("stop"), || stops(&Place::make(&bridge, kind, "stop")));
        cases.run(&name("skip"), || skips(&Place::make(&bridge, kind, "skip")));
        cases.run(&name("dead letter"), || sets_aside(&Place::make(&bridge, kind, "dead_letter")));
    }
    cases.finish();
}

fn stops(place: &Place<'_>) {
    // The default.
    let mut strait = place.strait("");
    place.assert_others_copied(&mut strait);
    place.assert_stopped(&mut strait);
    place.assert_others_move(&mut strait);
}

fn skips(place: &Place<'_>) {
    let mut strait = place.strait("on_refused = \"skip\"");
    place.assert_others_copied(&mut strait);
    place.assert_skipped(&mut strait);
}

fn sets_aside(place: &Place<'_>) {
    let mut strait = place.strait("on_refused = \"dead_letter\"");
    place.assert_others_copied(&mut strait);
    place.assert_skipped(&mut strait);
    place.assert_set_aside(&mut strait);
}
