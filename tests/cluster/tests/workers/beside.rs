//! Three nodes of MirrorMaker 2 on the same topic: one is killed, and comes back.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use strait_cluster_tests::kafka::{CURRENT, Kafka};
use strait_cluster_tests::mirror_maker::MirrorMaker;
use strait_cluster_tests::{beside, ports, wait};

use crate::{REMOTE, SHARES, TOPIC, moving};

/// MirrorMaker 2 waits five minutes for a node that is gone.
const LIMIT: Duration = Duration::from_secs(900);

pub(crate) fn show(folder: &Path, east: &Kafka) {
    let west = Kafka::start(CURRENT).expect("another target");
    let files = [0, 1, 2].map(|node| properties(folder, (east, &west), node));
    let [_first, _second, third] =
        files.each_ref().map(|file| MirrorMaker::start(&name_of(file), file).expect("a node"));
    let begun = wait_moving(east, &west);
    third.kill().expect("killed");
    let taken = wait_moving(east, &west);
    third.restart().expect("started again");
    let added = wait_moving(east, &west);
    println!(
        "MirrorMaker 2: all partitions are copied {begun:.1?} after a start of three nodes, {taken:.1?} after one was killed, {added:.1?} after it was started again"
    );
}

fn properties(folder: &Path, (east, west): (&Kafka, &Kafka), node: u16) -> PathBuf {
    let file = folder.join(format!("node-{node}.properties"));
    let port = ports::free();
    let lines = format!(
        "tasks.max = {SHARES}
dedicated.mode.enable.internal.rest = true
listeners = http://127.0.0.1:{port}"
    );
    fs::write(&file, beside::properties(&east.address(), &west.address(), TOPIC, &lines)).expect("written");
    file
}

fn name_of(file: &Path) -> String {
    file.file_stem().expect("a name").to_string_lossy().into_owned()
}

fn wait_moving(east: &Kafka, west: &Kafka) -> Duration {
    let begun = Instant::now();
    let mut look = moving(east, west, REMOTE);
    wait::until("MirrorMaker 2 copies all partitions", LIMIT, || Ok(look())).expect("copying");
    begun.elapsed()
}
