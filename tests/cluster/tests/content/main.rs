//! The target holds what a read_committed consumer of the source sees: keys, values, headers, timestamps, order.

mod append_time;
mod compacted;
mod odd_records;
mod old_formats;
mod transactions;

use strait_cluster_tests::bridge::Bridge;
use strait_cluster_tests::cases::Cases;

#[test]
fn the_target_holds_what_consumers_of_the_source_see() {
    let properties = ["log.cleaner.backoff.ms=100"];
    let Some(bridge) = Bridge::enter("the_target_holds_what_consumers_of_the_source_see", &properties) else {
        return;
    };
    let mut cases = Cases::begin();
    cases.run("transactions, many of them aborted", || transactions::are_copied_once_committed(&bridge));
    cases.run("transactions open while the copy runs", || transactions::are_waited_for(&bridge));
    cases.run("compacted topics with holes", || compacted::keep_their_records(&bridge));
    cases.run("LogAppendTime at the source", || append_time::of_the_source_is_kept(&bridge));
    cases.run("LogAppendTime at the target", || append_time::of_the_target_changes_nothing_else(&bridge));
    cases.run("odd records in every codec", || odd_records::arrive_as_they_were(&bridge));
    cases.run("message formats 0 and 1", || old_formats::become_the_current_one(&bridge));
    cases.finish();
}
