//! What MirrorMaker 2 makes of groups' places at the target.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use strait_cluster_tests::beside::Beside;
use strait_cluster_tests::bridge::Bridge;
use strait_cluster_tests::numbered::fill;
use strait_cluster_tests::topic;
use strait_cluster_tests::wait::{self, Attempt};

use crate::kept_places::{LIMIT, Member, READING, REMOTE, STEP, TOPIC, begin, commit_reading, place, watch};

const PACE: Duration = Duration::from_millis(500);
/// Many times the interval of its syncs.
const SETTLED: Duration = Duration::from_secs(30);
const LINES: &str = "sync.group.offsets.enabled = true
emit.checkpoints.interval.seconds = 1
sync.group.offsets.interval.seconds = 1
refresh.groups.interval.seconds = 5";

/// The same groups for as long, and where each stands in the end.
pub(crate) fn show(bridge: &Bridge, lasting: Duration) {
    let (east, beside) = (&bridge.east, Beside::start(&bridge.folder("beside"), &bridge.east, TOPIC, LINES));
    let west = &beside.west;
    wait::until("MirrorMaker 2 copies", LIMIT, || {
        let copied = topic::span(west, REMOTE);
        let is_all = copied == topic::span(east, TOPIC);
        Ok(if is_all { Attempt::Done(()) } else { Attempt::NotYet(format!("{copied} records")) })
    })
    .expect("copied");
    begin(east, west).expect("groups");
    let (is_watched, is_over) = (AtomicBool::new(true), AtomicBool::new(false));
    let (active, flapping) = (Member::new("active"), Member::new("flapping"));
    let mut end = topic::span(east, TOPIC);
    thread::scope(|scope| {
        let staying = scope.spawn(|| active.stay(west, &is_over));
        let going = scope.spawn(|| flapping.come_and_go(west, &is_over));
        let watching = scope.spawn(|| watch(west, &active, &is_watched));
        let begun = Instant::now();
        while begun.elapsed() < lasting {
            fill(east, TOPIC, "tick", end..end + STEP);
            end += STEP;
            commit_reading(east, end - STEP / 2).expect("committed");
            thread::sleep(PACE);
        }
        is_watched.store(false, Ordering::Relaxed);
        let looks = watching.join().expect("no panic");
        is_over.store(true, Ordering::Relaxed);
        staying.join().expect("no panic").expect("a member");
        println!(
            "MirrorMaker 2: looks at each group {looks:?}, visits {:?}",
            going.join().expect("no panic")
        );
    });
    commit_reading(east, end).expect("committed");
    thread::sleep(SETTLED);
    for group in READING {
        match place(west, group) {
            Ok(offset) => {
                println!("MirrorMaker 2: {group} is {} records behind its place at the source", end - offset)
            }
            Err(error) => println!("MirrorMaker 2: {error}"),
        }
    }
}
