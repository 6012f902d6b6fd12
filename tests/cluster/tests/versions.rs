//! Kafka 2.8.2, 3.9.2 and 4.3.1 as source and target in every combination, with data of three codecs.

use std::time::Duration;

use strait_cluster_tests::copied::Pair;
use strait_cluster_tests::kafka::{CURRENT, KRAFT_3_9, Kafka, Release, ZOOKEEPER_2_8};
use strait_cluster_tests::produce::{self, Load};
use strait_cluster_tests::strait::{Flow, Plan, Strait};
use strait_cluster_tests::topic;
use strait_cluster_tests::world::World;

const RELEASES: [Release; 3] = [ZOOKEEPER_2_8, KRAFT_3_9, CURRENT];
const CODECS: [&str; 3] = ["none", "lz4", "zstd"];
const PARTITIONS: i32 = 3;
const RECORDS: u64 = 20_000;

#[test]
fn every_release_copies_to_every_release() {
    let Some(world) = World::enter("every_release_copies_to_every_release") else { return };
    // One after the other: brokers that start together starve each other of CPU.
    let clusters = |side: &str| -> Vec<(String, Kafka)> {
        let start = |release: Release| (name(side, release), Kafka::start(release).expect("a broker"));
        RELEASES.into_iter().map(start).collect()
    };
    let (sources, targets) = (clusters("from"), clusters("to"));
    for (_, source) in &sources {
        fill(source);
    }
    let mut strait = Strait::start(world.folder(), &plan(&sources, &targets)).expect("strait");
    for (from, source) in &sources {
        for (to, target) in &targets {
            for codec in CODECS {
                let flow = format!("{from}--{to}");
                let (topic, remote) = (format!("orders-{codec}"), format!("{from}.orders-{codec}"));
                let pair = Pair { source: (source, &topic), target: (target, &remote), flow: &flow };
                pair.wait(&mut strait, Duration::from_secs(90)).expect("copied");
                pair.assert_same(RECORDS).expect("both sides can be read");
            }
            println!("{from} to {to}: {RECORDS} records of each of {CODECS:?} are the same");
        }
    }
}

fn name(side: &str, release: Release) -> String {
    format!("{side}-{}", release.version.replace('.', "-"))
}

fn fill(source: &Kafka) {
    for codec in CODECS {
        let topic = format!("orders-{codec}");
        topic::create(source, &topic, PARTITIONS, &[]).expect("a topic");
        let address = source.address();
        let load = Load { address, topic, partitions: PARTITIONS, codec, batch_bytes: 131_072 };
        produce::all(load, RECORDS).expect("produced");
    }
}

fn plan(sources: &[(String, Kafka)], targets: &[(String, Kafka)]) -> Plan {
    let all = sources.iter().chain(targets);
    let clusters = all.map(|(name, kafka)| (name.clone(), kafka.address())).collect();
    let flow = |source: &String, target: &String| Flow {
        source: source.clone(),
        target: target.clone(),
        topics: vec!["orders-.*".to_owned()],
        extra: String::new(),
    };
    let flows = sources.iter().flat_map(|(from, _)| targets.iter().map(move |(to, _)| flow(from, to)));
    Plan { clusters, flows: flows.collect(), ..Plan::default() }
}
