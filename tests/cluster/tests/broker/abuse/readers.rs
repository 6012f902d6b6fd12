//! Clients that ask for much and read nothing.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rdkafka::producer::BaseRecord;
use strait_cluster_tests::wait::{self, Attempt};
use strait_cluster_tests::world::World;
use strait_cluster_tests::writer::Writer;
use strait_wire::codec::request_frame;
use strait_wire::message::fetch::{FetchPartition, FetchRequest, FetchTopic};

use super::health;
use super::neighbour::Neighbour;
use crate::client;
use crate::process::Broker;

const READERS: usize = 40;
/// Answers of one reader, if it took them.
const REQUESTS: usize = 4;
const ANSWER: i32 = 32 << 20;
/// So many fit into the memory for answers.
const LONG_ANSWERS: usize = 3;
const TOPIC_BYTES: usize = 40 << 20;
const PATIENCE: Duration = Duration::from_secs(30);
const SLOWEST: Duration = Duration::from_secs(10);
/// For 40 answers of 32 MiB it would be 1,280.
const MOST_MIB: f64 = 260.0;

fn fetch() -> Vec<u8> {
    let partition = FetchPartition { partition: 0, partition_max_bytes: ANSWER, ..Default::default() };
    let topics =
        vec![FetchTopic { topic: "long".to_owned(), partitions: vec![partition], ..Default::default() }];
    let request =
        FetchRequest { max_bytes: ANSWER, min_bytes: 1, topics, replica_id: -1, ..Default::default() };
    request_frame(&request, 4, 7, "reader").expect("a frame").concat()
}

#[test]
fn who_does_not_read_holds_little() {
    let Some(world) = World::enter("who_does_not_read_holds_little") else { return };
    let properties = ["connections.max.idle.ms=4000"];
    let mut broker = Broker::start(&world.folder().join("a"), &properties).expect("a broker");
    let address = broker.address();
    client::create(&address, "long", 1, &[]).expect("a topic");
    let value = "x".repeat(100_000);
    let mut writer = Writer::open(&address, &[]).expect("a producer");
    for _ in 0..TOPIC_BYTES / value.len() {
        writer.send(BaseRecord::<str, str>::to("long").payload(&value)).expect("sent");
    }
    writer.flush().expect("written");
    // So that its records are read from the file.
    broker.stop().expect("stopped");
    broker.restart().expect("started");
    let neighbour = Neighbour::start(&address).expect("a neighbour");
    let asked = fetch().repeat(REQUESTS);
    let mut readers: Vec<TcpStream> = Vec::new();
    for _ in 0..READERS {
        let mut stream = TcpStream::connect(&address).expect("the broker listens");
        stream.write_all(&asked).expect("sent");
        // The answer begins, so the broker has it.
        stream.read_exact(&mut [0; 4]).expect("an answer");
        readers.push(stream);
    }
    // The first take all memory for answers, the others get a batch each time. Whoever takes nothing is closed.
    wait::until("the first are given up", PATIENCE, || {
        let closed = broker.log().matches("timed out").count();
        Ok(if closed >= LONG_ANSWERS { Attempt::Done(()) } else { Attempt::NotYet(format!("{closed} were")) })
    })
    .expect("in time");
    let mut whole = 0;
    for stream in &mut readers {
        stream.set_read_timeout(Some(SLOWEST)).expect("a time");
        let read = std::io::copy(stream, &mut std::io::sink()).unwrap_or_default();
        whole += usize::from(read >= REQUESTS as u64 * ANSWER as u64);
    }
    let served = neighbour.stop().expect("a neighbour that is served");
    let peak_mib = health::end(&mut broker).expect("a broker that is well");
    println!("{READERS} readers that do not read: {whole} got all, {served}, {peak_mib:.0} MiB");
    assert_eq!(whole, 0);
    assert!(served.longest < SLOWEST, "{served}");
    assert!(peak_mib < MOST_MIB, "{peak_mib} MiB");
}
