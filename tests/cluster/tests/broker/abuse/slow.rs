//! Clients that do nothing, that send a byte at a time, and that promise more than they send.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rdkafka::producer::BaseRecord;
use strait_cluster_tests::settings;
use strait_cluster_tests::usage::Usage;
use strait_cluster_tests::world::World;
use strait_cluster_tests::writer::Writer;

use super::health;
use super::neighbour::Neighbour;
use crate::client;
use crate::process::Broker;

const PATIENCE: Duration = Duration::from_secs(20);
const SLOWEST: Duration = Duration::from_secs(10);
/// ApiVersions 0.
const REQUEST: [u8; 14] = [0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 0xff, 0xff];
/// Memory for one idle connection.
const EACH_MIB: f64 = 0.012;

fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the broker listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time");
    stream
}

/// Whether an answer comes; else the connection was closed.
fn is_answered(stream: &mut TcpStream) -> bool {
    let mut length = [0; 4];
    if stream.read_exact(&mut length).is_err() {
        return false;
    }
    let length = usize::try_from(i32::from_be_bytes(length)).expect("a length");
    stream.read_exact(&mut vec![0; length]).is_ok()
}

#[test]
fn idle_connections_cost_little() {
    let Some(world) = World::enter("idle_connections_cost_little") else { return };
    let mut broker = Broker::start(&world.folder().join("a"), &[]).expect("a broker");
    let address = broker.address();
    let neighbour = Neighbour::start(&address).expect("a neighbour");
    let before = Usage::of(broker.process_id().expect("it runs")).expect("usage").peak_mib;
    let count = settings::number("STRAIT_IDLE_CONNECTIONS", 5_000);
    // Every second one has asked for something before.
    let mut idle: Vec<TcpStream> = Vec::new();
    for number in 0..count {
        let mut stream = connect(&address);
        if number % 2 == 0 {
            stream.write_all(&REQUEST).expect("sent");
            assert!(is_answered(&mut stream));
        }
        idle.push(stream);
    }
    for stream in idle.iter_mut().step_by(100) {
        stream.write_all(&REQUEST).expect("sent");
        assert!(is_answered(stream), "an idle connection is served");
    }
    let served = neighbour.stop().expect("a neighbour that is served");
    drop(idle);
    let peak_mib = health::end(&mut broker).expect("a broker that is well");
    println!("{count} idle connections: {before:.1} MiB before, {peak_mib:.1} MiB with them, {served}");
    assert!(peak_mib < before + 16.0 + EACH_MIB * count as f64, "{before} MiB, then {peak_mib} MiB");
    assert!(served.longest < SLOWEST, "{served}");
}

#[test]
fn slow_senders_wait_for_themselves_only() {
    let Some(world) = World::enter("slow_senders_wait_for_themselves_only") else { return };
    // Memory for two of the longest requests.
    let properties = [
        "connections.max.idle.ms=2000",
        // Members of groups wait for others, and are idle so long.
        "group.initial.rebalance.delay.ms=0",
        "socket.request.max.bytes=4194304",
        "queued.max.request.bytes=8388608",
    ];
    let mut broker = Broker::start(&world.folder().join("a"), &properties).expect("a broker");
    let address = broker.address();
    client::create(&address, "large", 1, &["max.message.bytes=4000000"]).expect("a topic");
    let neighbour = Neighbour::start(&address).expect("a neighbour");
    // Each sends nearly all of the longest request: some hold all memory, the others wait for it.
    let nearly = [&(4_i32 << 20).to_be_bytes()[..], &vec![0; (4 << 20) - 1]].concat();
    let mut greedy: Vec<TcpStream> = (0..6).map(|_| connect(&address)).collect();
    for stream in &mut greedy {
        stream.set_write_timeout(Some(Duration::from_millis(200))).expect("a time");
        // The broker does not take all of it.
        let _ = stream.write_all(&nearly);
    }
    // Short requests need none of it, however slowly they come.
    let mut slow: Vec<TcpStream> = (0..100).map(|_| connect(&address)).collect();
    for byte in REQUEST {
        for stream in &mut slow {
            stream.write_all(&[byte]).expect("sent");
        }
    }
    assert!(slow.iter_mut().all(is_answered));
    // The greedy are closed, and then long requests have room again.
    assert!(!greedy.iter_mut().any(is_answered));
    let value = "x".repeat(3_000_000);
    let mut writer = Writer::open(&address, &[]).expect("a producer");
    writer.send(BaseRecord::<str, str>::to("large").payload(&value)).expect("sent");
    writer.flush().expect("a long request is served");
    let served = neighbour.stop().expect("a neighbour that is served");
    let peak_mib = health::end(&mut broker).expect("a broker that is well");
    println!("slow senders: {served}, {peak_mib:.1} MiB");
    assert!(served.longest < SLOWEST, "{served}");
    assert!(peak_mib < 100.0, "{peak_mib} MiB");
}
