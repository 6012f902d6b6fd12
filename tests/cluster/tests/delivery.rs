//! What each mode of delivery promises, under sudden deaths while a producer keeps producing.
//! `STRAIT_KILLS` (3; by hand 20) of each case, at moments from `STRAIT_SEED`.

use std::thread;
use std::time::Duration;

use strait_cluster_tests::bridge::Bridge;
use strait_cluster_tests::cases::Cases;
use strait_cluster_tests::digest::{Contents, Entry};
use strait_cluster_tests::produce::{Load, Stream};
use strait_cluster_tests::random::Random;
use strait_cluster_tests::segment::{self, Batch, End};
use strait_cluster_tests::strait::Strait;
use strait_cluster_tests::wait::Attempt;
use strait_cluster_tests::{settings, topic};

const PARTITIONS: i32 = 4;
const RATE: u64 = 20_000;
const LIMIT: Duration = Duration::from_secs(120);
const STATE: &str = "__strait_state";
/// In the log, of records that are written again.
const REPEATED: &str = "repeated=";

#[test]
fn each_mode_keeps_its_promise_through_kills() {
    let test = "each_mode_keeps_its_promise_through_kills";
    let Some(bridge) = Bridge::enter_with(test, &[], &["log.cleaner.enable=false"]) else { return };
    let mut random = Random::announced("delivery");
    let mut cases = Cases::begin();
    cases.run("transactions", || transactions(&bridge, &mut random));
    cases.run("at least once", || at_least_once(&bridge, &mut random));
    cases.run("from one mode to the next", || from_mode_to_mode(&bridge, &mut random));
    cases.finish();
}

fn kills() -> u64 {
    settings::number("STRAIT_KILLS", 3)
}

fn transactions(bridge: &Bridge, random: &mut Random) {
    let mut ordeal = Ordeal::begin(bridge, "transfers", "transactions");
    for _ in 0..kills() {
        ordeal.kill(random, "transactions");
    }
    let repetitions = ordeal.finish();
    assert_eq!(repetitions, 0, "records that are at the target twice");
    let state = segment::batches(&bridge.west, STATE, 0).expect("the log");
    let commits = filled_commits(&state);
    for partition in 0..PARTITIONS {
        let batches = segment::batches(&bridge.west, "east.transfers", partition).expect("the log");
        assert!(batches.iter().all(|batch| batch.is_transactional), "a batch is in no transaction");
        let of_partition = filled_commits(&batches);
        assert!(0 < of_partition && of_partition <= commits, "{of_partition} of {commits} transactions");
        let producers =
            |batches: &[Batch]| -> Vec<i64> { batches.iter().map(|batch| batch.producer_id).collect() };
        let known = producers(&state);
        assert!(producers(&batches).iter().all(|producer| known.contains(producer)), "positions of another");
    }
    println!("{commits} transactions with positions");
}

/// Transactions of which a partition has batches, that were committed.
fn filled_commits(batches: &[Batch]) -> usize {
    let (mut commits, mut is_filled) = (0, false);
    for batch in batches.iter().filter(|batch| batch.is_transactional) {
        match batch.end {
            None => is_filled = true,
            Some(End::Abort) => is_filled = false,
            Some(End::Commit) => commits += usize::from(std::mem::take(&mut is_filled)),
        }
    }
    commits
}

fn at_least_once(bridge: &Bridge, random: &mut Random) {
    let mut ordeal = Ordeal::begin(bridge, "clicks", "at_least_once");
    for _ in 0..kills() {
        ordeal.kill(random, "at_least_once");
    }
    let repetitions = ordeal.finish();
    let said = ordeal.said();
    println!("{repetitions} records are at the target twice, at most {said} were said");
    assert!(0 < repetitions && repetitions <= said, "{repetitions} of {said}");
    for partition in 0..PARTITIONS {
        let batches = segment::batches(&bridge.west, "east.clicks", partition).expect("the log");
        assert!(batches.iter().all(|batch| batch.producer_id == -1), "a batch carries a producer");
    }
}

fn from_mode_to_mode(bridge: &Bridge, random: &mut Random) {
    let mut ordeal = Ordeal::begin(bridge, "visits", "exactly_once");
    for mode in
        ["at_least_once", "exactly_once", "transactions", "at_least_once", "transactions", "exactly_once"]
    {
        ordeal.kill(random, mode);
    }
    ordeal.kill(random, "exactly_once");
    let repetitions = ordeal.finish();
    let said = ordeal.said();
    println!("{repetitions} records are at the target twice, at most {said} were said");
    assert!(repetitions <= said, "{repetitions} of {said}");
}

/// A topic that is produced to and copied.
struct Ordeal<'a> {
    bridge: &'a Bridge,
    topic: &'static str,
    strait: Strait,
    stream: Option<Stream>,
}

impl<'a> Ordeal<'a> {
    fn begin(bridge: &'a Bridge, topic: &'static str, mode: &str) -> Self {
        topic::create(&bridge.east, topic, PARTITIONS, &[]).expect("a topic");
        let load = Load {
            address: bridge.east.address(),
            topic: topic.to_owned(),
            partitions: PARTITIONS,
            codec: "lz4",
            batch_bytes: 16_384,
        };
        let stream = Stream::start(load, RATE).expect("a producer");
        let strait = bridge.strait(topic, topic, &delivery(mode));
        Self { bridge, topic, strait, stream: Some(stream) }
    }

    fn remote(&self) -> String {
        format!("east.{}", self.topic)
    }

    /// Kills Strait while it copies, and starts it again in a mode.
    fn kill(&mut self, random: &mut Random, mode: &str) {
        let (west, remote) = (&self.bridge.west, self.remote());
        let before = topic::span(west, &remote);
        let grown = |_: &Strait| {
            let span = topic::span(west, &remote);
            Ok(if span > before { Attempt::Done(()) } else { Attempt::NotYet(format!("{span} offsets")) })
        };
        self.strait.wait("more records at the target", LIMIT, grown).expect("copying");
        thread::sleep(random.millis(0, 1_200));
        self.strait.kill().expect("killed");
        let plan = self.bridge.plan(self.topic).with(&delivery(mode));
        self.strait.restart_with(&plan).expect("started again");
    }

    /// Waits until each record is at the target, after those before it; gives how many more are there.
    fn finish(&mut self) -> u64 {
        let records = self.stream.take().map(|stream| stream.finish().expect("produced"));
        let source = Contents::read(&self.bridge.east, self.topic).expect("the source");
        assert_eq!(records, u64::try_from(source.count()).ok());
        let (west, remote) = (&self.bridge.west, self.remote());
        let complete = |_: &Strait| {
            let target = Contents::read(west, &remote)?;
            let missing: usize = source
                .partitions
                .iter()
                .map(|(partition, records)| missing(records, target.partitions.get(partition)))
                .sum();
            Ok(if missing == 0 {
                Attempt::Done(target)
            } else {
                Attempt::NotYet(format!("{missing} are missing"))
            })
        };
        let target = self.strait.wait("all records at the target", LIMIT, complete).expect("copied");
        println!("{}: {} records at the source", self.topic, source.count());
        u64::try_from(target.count() - source.count()).expect("no fewer")
    }

    /// How many records it said are written again.
    fn said(&self) -> u64 {
        let log = self.strait.log();
        let words = log.split_whitespace().filter_map(|word| word.strip_prefix(REPEATED));
        words.map(|number| number.parse::<u64>().expect("a number")).sum()
    }
}

fn delivery(mode: &str) -> String {
    format!("delivery = \"{mode}\"")
}

/// Records of the source that are not found at the target behind those before them.
fn missing(source: &[Entry], target: Option<&Vec<Entry>>) -> usize {
    let mut rest = source;
    for entry in target.into_iter().flatten() {
        if let [next, behind @ ..] = rest
            && next.hash == entry.hash
        {
            rest = behind;
        }
    }
    rest.len()
}
