//! Every request and version: cut at every byte, with huge lengths at every place, changed by chance, torn off. The
//! default takes a sample; `STRAIT_FUZZ_FRAMES=1_000_000` takes all places and goes on by chance.

use std::thread;
use std::time::{Duration, Instant};

use strait_cluster_tests::settings;
use strait_cluster_tests::world::World;

use super::frames::{self, TOPICS};
use super::health;
use super::neighbour::Neighbour;
use super::random::Random;
use super::sender::{self, Outcome};
use super::spoil::{Sent, Way, any_way, every_way, spoil};
use crate::client;
use crate::process::Broker;

const FRAMES: u64 = 6_000;
const SENDERS: usize = 6;
/// Before each the topics are made again, since some of the frames delete them.
const ROUNDS: usize = 30;
/// Longest way of a neighbour's record.
const SLOWEST: Duration = Duration::from_secs(10);
const MOST_MIB: f64 = 300.0;

/// What is sent: the frame's number and what becomes of it.
type Plan = Vec<(usize, Way)>;

/// In random order, so that each connection sees many kinds.
fn plan(frames: &[Vec<u8>], count: usize, random: &mut Random) -> Plan {
    let numbered = || frames.iter().enumerate();
    let mut plan: Plan =
        numbered().flat_map(|(number, frame)| every_way(frame).map(move |way| (number, way))).collect();
    for last in (1..plan.len()).rev() {
        plan.swap(last, random.below(last + 1));
    }
    // At least a third by chance.
    plan.truncate(count - count / 3);
    while plan.len() < count {
        let number = random.below(frames.len());
        plan.push((number, any_way(&frames[number], random)));
    }
    plan
}

fn send_part(address: &str, frames: &[Vec<u8>], part: &[(usize, Way)], seed: u64) -> Outcome {
    let mut random = Random::new(seed);
    let sent = part.iter().map(|(number, way)| -> Sent { spoil(&frames[*number], *way, &mut random) });
    sender::send(address, sent).expect("the broker lives")
}

/// The plan in parts, each on its own connections at the same time.
fn send_all(address: &str, frames: &[Vec<u8>], plan: &[(usize, Way)], seed: u64) -> Outcome {
    thread::scope(|scope| {
        let parts = plan.chunks(plan.len().div_ceil(SENDERS)).zip(seed..);
        let start = |(part, seed)| scope.spawn(move || send_part(address, frames, part, seed));
        let senders: Vec<_> = parts.map(start).collect();
        let outcomes = senders.into_iter().map(|sender| sender.join().expect("no panic"));
        outcomes.fold(Outcome::default(), Outcome::and)
    })
}

#[test]
fn wrong_frames_harm_nobody() {
    let Some(world) = World::enter("wrong_frames_harm_nobody") else { return };
    // Who comes may do all, so that no rule of access keeps requests from their handlers.
    let properties = [
        "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users=User:ANONYMOUS",
        "auto.create.topics.enable=false",
        "group.initial.rebalance.delay.ms=0",
        "group.min.session.timeout.ms=1",
        "offsets.topic.num.partitions=4",
        "transaction.state.log.num.partitions=4",
    ];
    let mut broker = Broker::start(&world.folder().join("a"), &properties).expect("a broker");
    let (address, seed) = (broker.address(), settings::number("STRAIT_SEED", 7));
    let neighbour = Neighbour::start(&address).expect("a neighbour");
    let frames = frames::all(seed);
    let count = usize::try_from(settings::number("STRAIT_FUZZ_FRAMES", FRAMES)).expect("fits");
    let plan = plan(&frames, count, &mut Random::new(seed));
    let begun = Instant::now();
    let mut outcome = Outcome::default();
    for (round, seed) in plan.chunks(count.div_ceil(ROUNDS)).zip(seed..) {
        for topic in TOPICS {
            // It may be there still.
            let _ = client::create(&address, topic, 2, &[]);
        }
        outcome = outcome.and(send_all(&address, &frames, round, seed));
    }
    let took = begun.elapsed();
    let served = neighbour.stop().expect("a neighbour that is served");
    let peak_mib = health::end(&mut broker).expect("a broker that is well");
    println!("{} kinds of frames, {outcome:?} in {took:?}, {served}, {peak_mib:.0} MiB", frames.len());
    assert!(outcome.sent >= count as u64, "{outcome:?}");
    assert!(outcome.answered * 20 > outcome.sent && outcome.refused * 20 > outcome.sent, "{outcome:?}");
    assert!(served.longest < SLOWEST, "{served}");
    assert!(peak_mib < MOST_MIB, "{peak_mib} MiB");
    // What is on disk is read again.
    broker.restart().expect("it starts again");
    broker.stop().expect("a good end");
}
