//! Settings changed at many topics, on both sides: only what differs is written, and what stays different is listed.

use std::ops::Range;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;
use strait_cluster_tests::beside::{self, Beside};
use strait_cluster_tests::bridge::{Bridge, FLOW};
use strait_cluster_tests::kafka::Kafka;
use strait_cluster_tests::strait::Strait;
use strait_cluster_tests::wait::{self, Attempt};
use strait_cluster_tests::{admin, settings, topic};

const LIMIT: Duration = Duration::from_secs(120);
const CHANGED: u64 = 20;
const CHANGED_BY_HAND: u64 = 5;
const EXCLUDED: u64 = 3;

/// `STRAIT_TOPICS` (30; by hand 500). `STRAIT_MM2` (0; 1 shows what MirrorMaker 2 does of it).
pub(crate) fn only_what_differs_is_written(bridge: &Bridge, strait: &mut Strait, folder: &Path) {
    let topics = settings::number("STRAIT_TOPICS", 30);
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
    if beside::is_wanted() {
        show_mirror_maker(&bridge.east, folder, topics);
    }
}

fn name(number: u64) -> String {
    format!("many-{number}")
}

/// The same changes once more, with MirrorMaker 2 and a target of its own: how many of them it follows.
fn show_mirror_maker(east: &Kafka, folder: &Path, topics: u64) {
    let beside = Beside::start(folder, east, "many-.*", "sync.topic.configs.interval.seconds = 5");
    let retention = |number: u64| {
        let configs = admin::configs(&beside.west, &format!("east.{}", name(number))).ok()?;
        configs.get("retention.ms").cloned()
    };
    wait::until("MirrorMaker 2 has made the topics", LIMIT, || {
        let missing = (0..topics).filter(|number| retention(*number).is_none()).count();
        Ok(if missing == 0 { Attempt::Done(()) } else { Attempt::NotYet(format!("{missing} are missing")) })
    })
    .expect("made");
    for number in 0..CHANGED {
        admin::configure(east, &name(number), &[("retention.ms", "4000000")]).expect("configured");
    }
    for number in CHANGED..CHANGED + CHANGED_BY_HAND {
        let remote = format!("east.{}", name(number));
        admin::configure(&beside.west, &remote, &[("retention.ms", "3000000")]).expect("configured");
    }
    let begun = Instant::now();
    let mut followed = (0, 0);
    let all = wait::until("MirrorMaker 2 follows", LIMIT, || {
        let with = |numbers: Range<u64>, value: &str| {
            numbers.filter(|number| retention(*number).as_deref() == Some(value)).count() as u64
        };
        followed = (with(0..CHANGED, "4000000"), with(CHANGED..CHANGED + CHANGED_BY_HAND, "1000000"));
        let is_all = followed == (CHANGED, CHANGED_BY_HAND);
        Ok(if is_all { Attempt::Done(()) } else { Attempt::NotYet(format!("{followed:?}")) })
    });
    let (changed, set_back) = followed;
    let after = if all.is_ok() { format!("{:?}", begun.elapsed()) } else { format!("{LIMIT:?} and more") };
    println!(
        "MirrorMaker 2, {topics} topics: {changed} of {CHANGED} changes followed, {set_back} of {CHANGED_BY_HAND} by hand set back, after {after}"
    );
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
