//! What happened behind the replicator's back is a named state with exact offsets, or an entry in the ledger: never silence.

mod flow;
mod recreated;
mod remote_topic;
mod restarts;
mod retention;
mod transaction;
mod truncated;

use strait_cluster_tests::bridge::Bridge;
use strait_cluster_tests::cases::Cases;

#[test]
fn losses_have_names_and_ranges() {
    let Some(bridge) = Bridge::enter("losses_have_names_and_ranges", &[]) else { return };
    let mut cases = Cases::begin();
    cases.run("recreated while running, shorter", || recreated::while_running(&bridge, "shorter", 30));
    cases.run("recreated while running, longer", || recreated::while_running(&bridge, "longer", 150));
    cases.run("recreated while stopped, shorter", || recreated::while_stopped(&bridge, "briefer", 30));
    cases.run("recreated while stopped, longer", || recreated::while_stopped(&bridge, "lengthier", 150));
    cases.run("retention overtakes, go on", || retention::goes_on_behind_the_gap(&bridge));
    cases.run("retention overtakes, stop", || retention::stops_before_the_gap(&bridge));
    cases.run("hanging transaction", || transaction::that_hangs_is_named(&bridge));
    cases.run("source restarted", || restarts::change_nothing(&bridge, "resumed", &bridge.east));
    cases.run("target restarted", || restarts::change_nothing(&bridge, "reopened", &bridge.west));
    cases.run("source truncated", || truncated::at_the_source(&bridge));
    cases.run("target truncated", || truncated::at_the_target(&bridge));
    cases.run("target truncated while stopped", || truncated::at_the_target_while_stopped(&bridge));
    cases.run("remote topic deleted, stop", || remote_topic::deleted_stops_the_partition(&bridge));
    cases.run("remote topic deleted, go on", || remote_topic::deleted_is_made_anew(&bridge));
    cases.finish();
}
