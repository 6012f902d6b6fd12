//! The same rules, with MirrorMaker 2 and a target of its own, by hand.

use std::fs;
use std::path::Path;
use std::time::Duration;

use strait_cluster_tests::beside::properties;
use strait_cluster_tests::mirror_maker::MirrorMaker;
use strait_cluster_tests::wait::{self, Attempt};
use strait_wire::message::create_acls::AclCreation;

use super::copied::{PROPERTIES, administrator, writes};
use super::rules;
use crate::process::Broker;

const LIMIT: Duration = Duration::from_secs(120);
/// So many are enough to tell.
const MORE_WRITES: u64 = 5;
const WRITES_LIMIT: Duration = Duration::from_secs(30);

/// Shows what MirrorMaker 2 makes of the rules of `orders.*`, and what it does afterwards.
pub(super) fn show(folder: &Path, east: &Broker, at_source: &[AclCreation]) {
    let west = Broker::start(&folder.join("beside"), &PROPERTIES).expect("a broker");
    rules::create(&mut administrator(east), at_source).expect("rules");
    let lines = "sync.topic.acls.enabled = true\nsync.topic.acls.interval.seconds = 1\n";
    let file = folder.join("beside.properties");
    let properties = properties(&east.address(), &west.address(), "orders.*", lines);
    fs::write(&file, properties).expect("a file");
    let _mirror_maker = MirrorMaker::start("acls", &file).expect("MirrorMaker 2");
    let made = || rules::all(&mut administrator(&west));
    let look = || {
        let made = made()?;
        Ok(if made.is_empty() { Attempt::NotYet("no rules".to_owned()) } else { Attempt::Done(made) })
    };
    let found = wait::until("MirrorMaker 2 makes rules", LIMIT, look).expect("rules");
    for rule in rules::shown(&found) {
        println!("MirrorMaker 2: {rule}");
    }
    println!("MirrorMaker 2: {} more requests change rules where nothing differs", more_writes(&west));
    rules::remove_all(&mut administrator(east)).expect("removed");
    println!("MirrorMaker 2: {} more after all rules of the source are gone", more_writes(&west));
    let left = made().expect("rules").len();
    println!("MirrorMaker 2: {left} of {} rules are left", found.len());
}

/// Waits for some requests that change rules, and gives how many came.
fn more_writes(west: &Broker) -> u64 {
    let count = || -> anyhow::Result<u64> {
        let lines = writes(west)?;
        Ok(lines.iter().filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum())
    };
    let before = count().expect("counts");
    let look = || {
        let more = count()? - before;
        Ok(if more >= MORE_WRITES { Attempt::Done(more) } else { Attempt::NotYet(format!("{more} more")) })
    };
    let waited = wait::until("requests that change rules", WRITES_LIMIT, look);
    waited.unwrap_or_else(|_| count().expect("counts") - before)
}
