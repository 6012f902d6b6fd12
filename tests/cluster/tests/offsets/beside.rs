//! What MirrorMaker 2 makes of the groups: how many records each would read again, or never.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use strait_cluster_tests::beside::Beside;
use strait_cluster_tests::groups;
use strait_cluster_tests::kafka::Kafka;
use strait_cluster_tests::wait::{self, Attempt};

use crate::next_record::{POINTS, index_of, place_of};
use crate::sources::{self, Records, TOPICS};

const LIMIT: Duration = Duration::from_secs(900);
const LINES: &str = "sync.group.offsets.enabled = true
emit.checkpoints.interval.seconds = 1
sync.group.offsets.interval.seconds = 1
refresh.groups.interval.seconds = 5
east.consumer.isolation.level = read_committed
west.offset.flush.interval.ms = 1000";

/// Runs MirrorMaker 2 with its defaults, but for short intervals and committed records only, to a cluster of its own.
pub(crate) fn show((east, source): (&Kafka, &BTreeMap<&str, Records>), folder: &Path) {
    let beside = Beside::start(folder, east, &TOPICS.join(","), LINES);
    let west = &beside.west;
    let copied = wait::until("MirrorMaker 2 has copied all", LIMIT, || {
        let found = TOPICS.map(|name| sources::records(west, &format!("east.{name}")).len());
        let wanted = TOPICS.map(|name| source[name].len());
        Ok(if found == wanted { Attempt::Done(()) } else { Attempt::NotYet(format!("{found:?}")) })
    });
    copied.unwrap_or_else(|error| panic!("{error:#}\n{}", beside.log_tail()));
    let remote = TOPICS.map(|name| format!("east.{name}"));
    let places: Vec<(&str, i32)> = remote.iter().map(|name| (name.as_str(), 0)).collect();
    let last = format!("second-{}", POINTS[POINTS.len() - 1]);
    wait::until("MirrorMaker 2 translates", LIMIT, || {
        let committed = groups::committed(west, &last, &places)?;
        Ok(match committed.len() == TOPICS.len() {
            true => Attempt::Done(()),
            false => Attempt::NotYet(format!("{committed:?}")),
        })
    })
    .unwrap_or_else(|error| panic!("{error:#}\n{}", beside.log_tail()));
    println!(
        "MirrorMaker 2: records again (+) or skipped (-) of each topic, by share of records that were read"
    );
    let copies = TOPICS.map(|name| sources::records(west, &format!("east.{name}")));
    for point in POINTS {
        let committed = groups::committed(west, &format!("second-{point}"), &places).expect("read");
        let words = TOPICS.into_iter().zip(&copies).map(|(name, copy)| {
            let expected = index_of(&source[name], place_of(&source[name], point));
            match committed.get(&(format!("east.{name}"), 0)) {
                Some(offset) => {
                    let found = index_of(copy, *offset);
                    format!("{name} {:+}", expected as i64 - found as i64)
                }
                None => format!("{name} not translated, all of {expected}"),
            }
        });
        println!("{:>5.1} %: {}", point as f64 / 10.0, words.collect::<Vec<_>>().join(", "));
    }
}
