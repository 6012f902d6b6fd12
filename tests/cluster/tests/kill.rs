//! Sudden deaths during a copy, while a producer keeps producing: no record is lost, none comes twice, order is kept.
//! `STRAIT_KILLS` (6; by hand 50) and `STRAIT_BROKER_KILLS` (1 of each side; by hand 10), at moments from `STRAIT_SEED`.
//! And a target that is away for long: `STRAIT_AWAY_SECONDS` (5; by hand 1800), `STRAIT_BACKLOG` (200000 records; by hand
//! 10000000). `STRAIT_MM2` (0; 1 shows what becomes of MirrorMaker 2's copies under the same).

use std::thread;
use std::time::{Duration, Instant};

use strait_cluster_tests::beside::{self, Beside};
use strait_cluster_tests::copied::Pair;
use strait_cluster_tests::kafka::{self, Kafka};
use strait_cluster_tests::produce::{self, Load, Stream};
use strait_cluster_tests::random::Random;
use strait_cluster_tests::strait::{Plan, Strait};
use strait_cluster_tests::wait::{self, Attempt};
use strait_cluster_tests::world::World;
use strait_cluster_tests::{settings, topic};

const PARTITIONS: i32 = 12;
const RATE: u64 = 60_000;
/// For how long MirrorMaker 2 copies at most before it is killed.
const MIRROR_MAKER_COPIES_MS: u64 = 10_000;
/// Of a partition that has no backlog.
const LIVE_RATE: u64 = 200;
const LIMIT: Duration = Duration::from_secs(180);

#[test]
fn strait_is_killed() {
    let Some(mut copy) = Copy::begin("strait_is_killed") else { return };
    let kills = settings::number("STRAIT_KILLS", 6);
    for kill in 0..kills {
        // Every other time while it starts and finds its positions, else while it copies.
        let moment = match kill % 2 {
            0 => copy.random.millis(0, 400),
            _ => copy.random.millis(400, 2_000),
        };
        thread::sleep(moment);
        copy.strait.kill().expect("killed");
        // A backlog grows, so that the next moment finds large batches under way.
        thread::sleep(copy.random.millis(0, 500));
        copy.strait.restart().expect("started again");
    }
    let (east, world) = copy.finish(&format!("{kills} kills of strait"));
    if beside::is_wanted() {
        kill_mirror_maker(&east, &world, kills);
    }
}

/// The same with as many kills of MirrorMaker 2, on a topic of its own.
fn kill_mirror_maker(east: &Kafka, world: &World, kills: u64) {
    let mut random = Random::announced("kill");
    topic::create(east, "beside", PARTITIONS, &[]).expect("a topic");
    let stream = Stream::start(load(east, "beside", PARTITIONS), RATE).expect("a producer");
    let beside = Beside::start(world.folder(), east, "beside", "");
    for _ in 0..kills {
        let before = topic::span(&beside.west, "east.beside");
        let look = || Ok(growth(&beside.west, "east.beside", before));
        wait::until("MirrorMaker 2 copies", LIMIT, look).expect("copying");
        thread::sleep(random.millis(0, MIRROR_MAKER_COPIES_MS));
        beside.restart();
    }
    stream.finish().expect("produced");
    beside.show(east, "beside", &format!("{kills} kills"));
}

#[test]
fn brokers_are_killed() {
    let Some(mut copy) = Copy::begin("brokers_are_killed") else { return };
    let kills = settings::number("STRAIT_BROKER_KILLS", 1);
    for _ in 0..kills {
        for source in [true, false] {
            thread::sleep(copy.random.millis(500, 3_000));
            let broker = if source { &copy.east } else { &copy.west };
            broker.kill().expect("killed");
            broker.restart().expect("started again");
            copy.wait_growth();
        }
    }
    copy.finish(&format!("{kills} kills of each broker"));
}

#[test]
fn the_target_is_away() {
    let Some(world) = World::enter("the_target_is_away") else { return };
    let east = Kafka::start(kafka::source()).expect("the source");
    let west = Kafka::start(kafka::target()).expect("the target");
    for (name, partitions) in [("orders", PARTITIONS), ("live", 1)] {
        topic::create(&east, name, partitions, &[]).expect("a topic");
    }
    let plan = Plan::one_flow(&east.address(), &west.address(), "orders|live");
    let mut strait = Strait::start(world.folder(), &plan).expect("strait");
    let live = Stream::start(load(&east, "live", 1), LIVE_RATE).expect("a producer");
    let is_growing = |_: &Strait| Ok(growth(&west, "east.live", 0));
    strait.wait("records at the target", LIMIT, is_growing).expect("copying");
    let beside = beside::is_wanted().then(|| Beside::start(world.folder(), &east, "orders|live", ""));
    if let Some(beside) = &beside {
        let look = || Ok(growth(&beside.west, "east.live", 0));
        wait::until("MirrorMaker 2 copies", LIMIT, look).expect("copying");
        beside.west.kill().expect("killed");
    }

    west.kill().expect("killed");
    let killed = Instant::now();
    let backlog = settings::number("STRAIT_BACKLOG", 200_000);
    produce::all(load(&east, "orders", PARTITIONS), backlog).expect("produced");
    let shows_lag = |strait: &Strait| {
        let lag = strait.flow("east--west")?["lag_records"].as_u64();
        let is_all = lag.is_some_and(|lag| lag >= backlog);
        Ok(if is_all { Attempt::Done(()) } else { Attempt::NotYet(format!("{lag:?} behind")) })
    };
    strait.wait("lag shows while the target is away", LIMIT, shows_lag).expect("shown");
    let away = Duration::from_secs(settings::number("STRAIT_AWAY_SECONDS", 5));
    thread::sleep(away.saturating_sub(killed.elapsed()));
    west.restart().expect("started again");
    let back = Instant::now();
    let is_live = |strait: &Strait| {
        let lag = strait.partition("east--west", "live", 0)?["lag_records"].as_u64();
        let is_there = lag.is_some_and(|lag| lag < LIVE_RATE);
        Ok(if is_there { Attempt::Done(()) } else { Attempt::NotYet(format!("{lag:?} behind")) })
    };
    strait.wait("the small partition is copied again", LIMIT, is_live).expect("copied");
    let small = back.elapsed();
    let records = live.finish().expect("produced");
    for (name, remote, records) in [("orders", "east.orders", backlog), ("live", "east.live", records)] {
        let pair = Pair { source: (&east, name), target: (&west, remote), flow: "east--west" };
        pair.wait(&mut strait, LIMIT).expect("copied");
        println!("{name}: up to date {:.1?} after the target was back", back.elapsed());
        pair.assert_same(records).expect("both sides can be read");
    }
    println!("{away:?} away: the small partition followed again after {small:.1?}");
    if let Some(beside) = beside {
        beside.west.restart().expect("started again");
        for name in ["orders", "live"] {
            beside.show(&east, name, &format!("{name}, {away:?} away"));
        }
    }
}

/// Whether a topic has more offsets than before.
fn growth(west: &Kafka, remote: &str, before: i64) -> Attempt<()> {
    match topic::span(west, remote) {
        offsets if offsets > before => Attempt::Done(()),
        offsets => Attempt::NotYet(format!("{offsets} offsets")),
    }
}

fn load(east: &Kafka, topic: &str, partitions: i32) -> Load {
    let (address, topic) = (east.address(), topic.to_owned());
    Load { address, topic, partitions, codec: "lz4", batch_bytes: 131_072 }
}

/// Two clusters, a producer at one of them, and Strait between them.
struct Copy {
    // Fields end in this order: first what uses the brokers.
    strait: Strait,
    stream: Stream,
    random: Random,
    east: Kafka,
    west: Kafka,
    world: World,
}

impl Copy {
    fn begin(test: &str) -> Option<Self> {
        let world = World::enter(test)?;
        let random = Random::announced("kill");
        let east = Kafka::start(kafka::source()).expect("the source");
        let west = Kafka::start(kafka::target()).expect("the target");
        topic::create(&east, "orders", PARTITIONS, &[]).expect("a topic");
        let stream = Stream::start(load(&east, "orders", PARTITIONS), RATE).expect("a producer");
        let plan = Plan::one_flow(&east.address(), &west.address(), "orders");
        let strait = Strait::start(world.folder(), &plan).expect("strait");
        let mut copy = Self { strait, stream, random, east, west, world };
        copy.wait_growth();
        Some(copy)
    }

    /// Waits until more records are at the target than are there at the call.
    fn wait_growth(&mut self) {
        let west = &self.west;
        let before = topic::span(west, "east.orders");
        let look = |_: &Strait| Ok(growth(west, "east.orders", before));
        self.strait.wait("more records at the target", LIMIT, look).expect("copying");
    }

    /// Ends the producer, waits for the rest of the copy, and compares all of it. The source stays.
    fn finish(mut self, ordeal: &str) -> (Kafka, World) {
        let records = self.stream.finish().expect("produced");
        let pair =
            Pair { source: (&self.east, "orders"), target: (&self.west, "east.orders"), flow: "east--west" };
        pair.wait(&mut self.strait, LIMIT).expect("copied");
        pair.assert_same(records).expect("both sides can be read");
        println!("{ordeal}: {records} records, the same on both sides");
        (self.east, self.world)
    }
}
