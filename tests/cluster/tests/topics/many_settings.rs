//! Settings changed at many topics, on both sides: only what differs is written, and what stays different is listed.

use std::time::Duration;

use serde_json::Value;
use strait_cluster_tests::bridge::{Bridge, FLOW};
use strait_cluster_tests::strait::Strait;
use strait_cluster_tests::wait::Attempt;
use strait_cluster_tests::{admin, settings, topic};

const LIMIT: Duration = Duration::from_secs(120);
const CHANGED: u64 = 20;
const CHANGED_BY_HAND: u64 = 5;
const EXCLUDED: u64 = 3;

/// `STRAIT_TOPICS` (30; by hand 500).
pub(crate) fn only_what_differs_is_written(bridge: &Bridge, strait: &mut Strait) {
    let topics = settings::number("STRAIT_TOPICS", 30);
    let name = |number: u64| format!("many-{number}");
    for number in 0..topics {
        topic::create(&bridge.east, &name(number), 1, &["retention.ms=1000000"]).expect("a topic");
    }
    let begun = settled(strait, topics);
    let written = |sync: &Value| sync["written_total"].as_u64().expect("a number");
    for number in 0..CHANGED {
        admin::configure(&bridge.east, &name(number), &[("retention.ms", "2000000")]).expect("configured");
    }
    for number in CHANGED..CHANGED + CHANGED_BY_HAND {
        let remote = format!("east.{}", name(number));
        admin::configure(&bridge.west, &remote, &[("retention.ms", "3000000")]).expect("configured");
    }
    let excluded = ["retention.ms=1000000", "message.timestamp.type=LogAppendTime"];
    for number in topics - EXCLUDED..topics {
        let excluded = excluded.map(|setting| setting.split_once('=').expect("a pair"));
        admin::configure(&bridge.east, &name(number), &excluded).expect("configured");
    }
    let expected = written(&begun["sync"]) + CHANGED + CHANGED_BY_HAND;
    strait
        .wait(&format!("{expected} settings are written"), LIMIT, |strait| {
            let told = strait.get(&format!("/v1/flows/{FLOW}/configs"))?;
            let is_all = written(&told["sync"]) == expected;
            Ok(if is_all { Attempt::Done(()) } else { Attempt::NotYet(told["sync"].to_string()) })
        })
        .expect("written");
    for number in [0, CHANGED - 1, CHANGED, CHANGED + CHANGED_BY_HAND - 1, topics - 1] {
        let wanted = if number < CHANGED { "2000000" } else { "1000000" };
        let configs = admin::configs(&bridge.west, &format!("east.{}", name(number))).expect("settings");
        assert_eq!(configs["retention.ms"], wanted, "{}", name(number));
    }
    // Later looks find only what stays as it is at the target, and write nothing.
    let after = settled(strait, topics);
    assert_eq!(written(&after["sync"]), expected, "{after}");
    let rows = of_many(&after);
    assert_eq!(rows.len() as u64, EXCLUDED, "{after}");
    for row in rows {
        let found = ["setting", "source_value", "target_value", "state"].map(|key| &row[key]);
        assert_eq!(found, ["message.timestamp.type", "LogAppendTime", "CreateTime", "excluded"], "{row}");
    }
}

/// What two looks at all topics in a row tell, as soon as both tell the same of what was written.
fn settled(strait: &mut Strait, topics: u64) -> Value {
    let mut before: Option<(u64, u64)> = None;
    strait
        .wait("settings are settled", LIMIT, |strait| {
            let told = strait.get(&format!("/v1/flows/{FLOW}/configs"))?;
            let number = |key: &str| told["sync"][key].as_u64().unwrap_or_default();
            let unsettled = of_many(&told).iter().any(|row| row["state"] != "excluded");
            if number("topics") < topics || unsettled {
                before = None;
                return Ok(Attempt::NotYet(told.to_string()));
            }
            let now = (number("at_ms"), number("written_total"));
            let (at, written) = *before.get_or_insert(now);
            if written != now.1 {
                before = Some(now);
            }
            let is_settled = now.0 > at && written == now.1;
            Ok(if is_settled { Attempt::Done(told) } else { Attempt::NotYet(told.to_string()) })
        })
        .expect("settled")
}

fn of_many(told: &Value) -> Vec<&Value> {
    let rows = told["configs"].as_array().into_iter().flatten();
    rows.filter(|row| row["topic"].as_str().is_some_and(|topic| topic.starts_with("many-"))).collect()
}
