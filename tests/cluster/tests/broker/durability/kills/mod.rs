//! SIGKILL at random moments under four loads. `STRAIT_KILLS` (6; by hand 200), at moments from `STRAIT_SEED`.

// What a load was promised, and whether the topic keeps it.
mod history;
// Loads of librdkafka.
mod librdkafka;
// Loads of our own producer.
mod own;

use std::thread;

use strait_cluster_tests::random::Random;
use strait_cluster_tests::settings;
use strait_cluster_tests::world::World;

use crate::client;
use crate::process::Broker;
use history::{PARTITIONS, check_numbers, check_transactions};

use super::load::Load;

#[test]
fn nothing_acknowledged_is_lost_by_kills() {
    let Some(world) = World::enter("nothing_acknowledged_is_lost_by_kills") else { return };
    let mut random = Random::announced("broker");
    let kills = settings::number("STRAIT_KILLS", 6);
    // Small segments, so that some moments find a roll or a flush under way.
    let properties = ["log.segment.bytes=1048576", "log.flush.offset.checkpoint.interval.ms=200"];
    let mut broker = Broker::start(&world.folder().join("a"), &properties).expect("a broker");
    let address = broker.address();
    for name in ["numbers", "own-numbers", "transactions", "own-transactions"] {
        client::create(&address, name, PARTITIONS, &[]).expect("a topic");
    }
    let at = address.clone();
    let numbers = Load::start(move |stop| librdkafka::numbers(&at, "numbers", stop));
    let at = address.clone();
    let own_numbers = Load::start(move |stop| own::numbers(&at, "own-numbers", stop));
    let at = address.clone();
    let transactions = Load::start(move |stop| librdkafka::transactions(&at, "transactions", stop));
    let at = address.clone();
    let own_transactions = Load::start(move |stop| own::transactions(&at, "own-transactions", stop));
    for _ in 0..kills {
        thread::sleep(random.millis(20, 900));
        broker.kill().expect("killed");
        broker.restart().expect("started again");
    }
    let (count, own_count) = (numbers.finish().expect("written"), own_numbers.finish().expect("written"));
    let told = transactions.finish().expect("written");
    let own_told = own_transactions.finish().expect("written");
    check_numbers(&address, "numbers", count).expect("librdkafka's numbers");
    check_numbers(&address, "own-numbers", own_count).expect("our producer's numbers");
    check_transactions(&address, "transactions", &told).expect("librdkafka's transactions");
    check_transactions(&address, "own-transactions", &own_told).expect("our producer's transactions");
    for (name, told) in [("librdkafka", &told), ("our producer", &own_told)] {
        assert!(!told.committed.is_empty() && !told.aborted.is_empty(), "{name} did something");
        let (committed, aborted) = (told.committed.len(), told.aborted.len());
        println!("{name}: {committed} committed, {aborted} aborted, {} unknown", told.unknown.len());
    }
    println!("{kills} kills: {count} and {own_count} numbered records, each once and in order");
}
