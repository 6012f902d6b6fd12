//! Batches that become large when they are opened: refused, by many clients at once, in bounded memory.

use std::thread;
use std::time::Duration;

use bytes::Bytes;
use strait_cluster_tests::world::World;
use strait_wire::batch::{BatchBuilder, Compression, Stamp};
use strait_wire::error_code::ErrorCode;
use strait_wire::message::produce::{PartitionProduceData, ProduceRequest, TopicProduceData};
use strait_wire::record_data::RecordData;

use super::health;
use super::neighbour::Neighbour;
use crate::client;
use crate::process::Broker;
use crate::wire::Wire;

const CLIENTS: usize = 8;
const EACH: usize = 5;
/// More than a hundred times the longest batch of a topic, and more than is always allowed.
const SMALL_TOPIC: (&str, usize) = ("small", 20 << 20);
const OTHER_TOPIC: (&str, usize) = ("other", 110 << 20);
const SLOWEST: Duration = Duration::from_secs(10);
const MOST_MIB: f64 = 400.0;

fn bomb(topic: &str, codec: Compression, bytes: usize) -> ProduceRequest {
    let mut builder = BatchBuilder::new(codec, 0);
    builder.push(0, None, Some(&Bytes::from(vec![0; bytes])), &[]);
    let batch = builder.finish(Stamp::NONE, 0).expect("a batch").bytes().clone();
    let records = Some(RecordData::single(batch));
    let partition_data = vec![PartitionProduceData { index: 0, records }];
    let topic_data = vec![TopicProduceData { name: topic.to_owned(), partition_data, ..Default::default() }];
    ProduceRequest { acks: -1, timeout_ms: 10_000, topic_data, ..Default::default() }
}

fn light(address: &str, bombs: &[ProduceRequest]) {
    let mut wire = Wire::open(address, "bomber").expect("a connection");
    for _ in 0..EACH {
        for bomb in bombs {
            let answer = wire.ask(bomb, 9).expect("an answer");
            let error = answer.responses[0].partition_responses[0].error_code;
            assert_eq!(error, ErrorCode::MESSAGE_TOO_LARGE.0);
        }
    }
}

#[test]
fn bombs_are_refused_in_bounded_memory() {
    let Some(world) = World::enter("bombs_are_refused_in_bounded_memory") else { return };
    let mut broker = Broker::start(&world.folder().join("a"), &[]).expect("a broker");
    let address = broker.address();
    client::create(&address, SMALL_TOPIC.0, 1, &["max.message.bytes=100000"]).expect("a topic");
    client::create(&address, OTHER_TOPIC.0, 1, &[]).expect("a topic");
    let codecs = [Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd];
    let mut bombs: Vec<ProduceRequest> =
        codecs.iter().map(|codec| bomb(SMALL_TOPIC.0, *codec, SMALL_TOPIC.1)).collect();
    bombs.push(bomb(OTHER_TOPIC.0, Compression::Zstd, OTHER_TOPIC.1));
    let neighbour = Neighbour::start(&address).expect("a neighbour");
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| light(&address, &bombs));
        }
    });
    let served = neighbour.stop().expect("a neighbour that is served");
    let peak_mib = health::end(&mut broker).expect("a broker that is well");
    println!("{} bombs, {served}, {peak_mib:.0} MiB", CLIENTS * EACH * bombs.len());
    assert!(served.longest < SLOWEST, "{served}");
    assert!(peak_mib < MOST_MIB, "{peak_mib} MiB");
}
