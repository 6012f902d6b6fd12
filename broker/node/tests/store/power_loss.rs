//! The power is lost at any moment, with `flush.messages` of 1 for all topics: whatever was acknowledged is there.
//! `STRAIT_POWER_LOSSES` (12; by hand more), from `STRAIT_SEED`.

use std::sync::Arc;
use std::time::Duration;

use strait_broker_log::store::faulty::{FaultyStore, Random};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use super::load::{self, Shared};
use super::node::Node;

/// Few partitions of its own topics, so that a broker starts fast; small segments, so that they are closed often.
const PROPERTIES: &[(&str, &str)] = &[
    ("log.flush.interval.messages", "1"),
    ("offsets.topic.num.partitions", "2"),
    ("transaction.state.log.num.partitions", "2"),
    ("log.flush.offset.checkpoint.interval.ms", "50"),
    ("group.initial.rebalance.delay.ms", "0"),
];

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect(name))
}

#[test]
fn whatever_was_acknowledged_survives_power_losses() {
    let losses = number("STRAIT_POWER_LOSSES", 12);
    let mut seed = number("STRAIT_SEED", 1);
    let mut left = losses;
    let mut written = 0;
    while left > 0 {
        let lives = left.min(4);
        written += live(seed, lives);
        left -= lives;
        seed += 1;
    }
    println!("{losses} power losses, {written} promises kept");
    assert!(written > 0, "something was acknowledged");
}

/// Several lives of one broker. Gives how much was acknowledged.
fn live(seed: u64, lives: u64) -> usize {
    println!("STRAIT_SEED={seed}");
    let (store, mut random) = (FaultyStore::new(seed), Random(seed));
    if seed % 2 == 1 {
        store.fill_by(600);
    }
    let folder = tempfile::tempdir().expect("a folder");
    let promised = Shared::default();
    for life in 0..=lives {
        let node = Node::start(&store, folder.path(), PROPERTIES);
        let clients = Runtime::new().expect("a runtime");
        let what = format!("seed {seed}, life {life}");
        match life {
            0 => clients.block_on(load::create(node.client(), &["numbers", "transactions"])),
            _ => clients.block_on(load::check(node.client(), &promised.lock().expect("no panic"), &what)),
        }
        if life == lives {
            node.stop();
            break;
        }
        for _ in 0..3 {
            clients.spawn(load::write(node.client(), Arc::clone(&promised)));
        }
        clients.spawn(load::transact(node.client(), Arc::clone(&promised)));
        let (handle, client, shared) = (clients.handle().clone(), node.client(), Arc::clone(&promised));
        let (end, ended) = oneshot::channel();
        let administered = clients.spawn_blocking(move || {
            handle.block_on(async {
                tokio::select! {
                    () = load::administer(client, shared) => {}
                    _ = ended => {}
                }
            });
        });
        std::thread::sleep(Duration::from_millis(50 + random.below(250)));
        // At a flush, or between two.
        if random.one_in(2) {
            store.lose_power_at_sync(random.below(20));
            std::thread::sleep(Duration::from_millis(50));
        }
        store.lose_power();
        node.end();
        // It may have ended before.
        let _ = end.send(());
        clients.block_on(administered).expect("no panic");
        clients.shutdown_timeout(Duration::from_secs(5));
    }
    let promised = promised.lock().expect("no panic");
    promised.written.len() + promised.committed.len() + promised.topics.len()
}
