//! A flow that has copied a hundred records, and what a test asks of it then.

use std::time::Duration;

use serde_json::Value;
use strait_cluster_tests::bridge::{Bridge, FLOW};
use strait_cluster_tests::numbered::{fill, values};
use strait_cluster_tests::rest::Loss;
use strait_cluster_tests::strait::Strait;
use strait_cluster_tests::topic;
use strait_cluster_tests::wait::Attempt;

/// Until a state shows.
pub(crate) const SOON: Duration = Duration::from_secs(15);
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// A Strait that has copied `old 0` to `old 99` of a new topic.
pub(crate) fn copied_hundred(bridge: &Bridge, name: &str, extra: &str) -> Strait {
    topic::create(&bridge.east, name, 1, &[]).expect("a topic");
    fill(&bridge.east, name, "old", 0..100);
    let mut strait = bridge.strait(name, name, extra);
    bridge.assert_copied(&mut strait, name);
    strait.wait_partition(FLOW, (name, 0), "running", SOON).expect("running");
    wait_position(&mut strait, name, 100);
    strait
}

/// Waits until the source's next offset to copy is this one.
pub(crate) fn wait_position(strait: &mut Strait, topic: &str, position: i64) {
    let look = |strait: &Strait| {
        let status = strait.partition(FLOW, topic, 0)?;
        Ok(match status["position"] == position {
            true => Attempt::Done(()),
            false => Attempt::NotYet(status.to_string()),
        })
    };
    strait.wait(&format!("{topic} at {position}"), SOON, look).expect("the position");
}

/// Stops a Strait as a person would.
pub(crate) fn stop(strait: &mut Strait) {
    assert_eq!(strait.stop(STOP_LIMIT).expect("stopped"), Some(0), "exit code");
}

/// Waits until the target holds exactly these values, in this order.
pub(crate) fn assert_target(bridge: &Bridge, strait: &mut Strait, topic: &str, wanted: &[String]) {
    let remote = format!("east.{topic}");
    let look = |_: &Strait| {
        let found = values(&bridge.west, &remote)?;
        let last = found.last().cloned().unwrap_or_default();
        Ok(match found.len() >= wanted.len() {
            true => Attempt::Done(found),
            false => Attempt::NotYet(format!("{} records, the last `{last}`", found.len())),
        })
    };
    let found = strait.wait(&format!("{} records in {remote}", wanted.len()), SOON, look).expect("copied");
    let same = found.iter().zip(wanted).take_while(|(found, wanted)| found == wanted).count();
    let place = (found.get(same), wanted.get(same));
    let counts = (found.len(), wanted.len());
    assert!(found == wanted, "{remote}: found and wanted {counts:?}, differ after {same}: {place:?}");
}

/// Waits for entries in the ledger and checks that they are these.
pub(crate) fn assert_losses(strait: &mut Strait, topic: &str, wanted: &[(&str, (i64, i64))]) {
    let loss =
        |(reason, offsets): &(&str, (i64, i64))| Loss { reason: (*reason).to_owned(), offsets: *offsets };
    let wanted: Vec<Loss> = wanted.iter().map(loss).collect();
    let look = |strait: &Strait| {
        let found = strait.losses(FLOW, topic, 0)?;
        Ok(match found.len() >= wanted.len() {
            true => Attempt::Done(found),
            false => Attempt::NotYet(format!("{found:?}")),
        })
    };
    let found = strait.wait(&format!("{wanted:?} in the ledger"), SOON, look).expect("the ledger");
    assert_eq!(found, wanted, "ledger of {topic}");
    let ranges = strait.metric("strait_flow_lost_ranges_total", &["flow=\"east--west\""]).expect("a metric");
    assert!(ranges >= wanted.len() as f64, "strait_flow_lost_ranges_total is {ranges}");
}

/// Waits for a state of the partition in REST and metrics; gives the detail.
pub(crate) fn wait_state(strait: &mut Strait, topic: &str, state: &str, limit: Duration) -> String {
    let status: Value = strait.wait_partition(FLOW, (topic, 0), state, limit).expect("the state");
    let labels = [format!("topic=\"{topic}\""), format!("state=\"{state}\"")];
    let labels = labels.each_ref().map(String::as_str);
    assert_eq!(strait.metric("strait_partition_state", &labels).expect("a metric"), 1.0, "{labels:?}");
    status["detail"].as_str().expect("a detail").to_owned()
}

/// Checks that a text names these offsets.
pub(crate) fn assert_names(detail: &str, offsets: &[i64]) {
    let numbers: Vec<i64> =
        detail.split(|letter: char| !letter.is_ascii_digit()).filter_map(|word| word.parse().ok()).collect();
    for offset in offsets {
        assert!(numbers.contains(offset), "`{detail}` does not name {offset}");
    }
}
