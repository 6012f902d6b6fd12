//! A broker that is told to stop answers whoever waits for it, and sends clients elsewhere.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use strait_cluster_tests::wait::{self, Attempt};
use strait_cluster_tests::world::World;
use strait_wire::codec::{Request, request_frame, response_body};
use strait_wire::error_code::ErrorCode;
use strait_wire::message::fetch::{FetchPartition, FetchRequest, FetchTopic};
use strait_wire::message::find_coordinator::FindCoordinatorRequest;
use strait_wire::message::join_group::{JoinGroupRequest, JoinGroupRequestProtocol};
use strait_wire::message::metadata::MetadataRequest;

use crate::client;
use crate::http::get;
use crate::process::Broker;
use crate::wire::Wire;

const PATIENCE: Duration = Duration::from_secs(20);
/// All that wait here wait longer.
const LONG_MILLIS: i32 = 60_000;
const FETCH: i16 = 4;
const JOIN: i16 = 3;
const METADATA: i16 = 13;

fn frame<R: Request>(request: &R, version: i16) -> Vec<u8> {
    request_frame(request, version, 7, "waiting").expect("a frame").concat()
}

fn fetch() -> Vec<u8> {
    let partition = FetchPartition { partition: 0, partition_max_bytes: 1, ..Default::default() };
    let topics =
        vec![FetchTopic { topic: "orders".to_owned(), partitions: vec![partition], ..Default::default() }];
    let (max_wait_ms, min_bytes) = (LONG_MILLIS, 1);
    frame(&FetchRequest { max_wait_ms, min_bytes, max_bytes: 1, topics, ..Default::default() }, FETCH)
}

fn join() -> Vec<u8> {
    let protocols = vec![JoinGroupRequestProtocol { name: "range".to_owned(), ..Default::default() }];
    let request = JoinGroupRequest {
        group_id: "group".to_owned(),
        protocol_type: "consumer".to_owned(),
        session_timeout_ms: LONG_MILLIS,
        rebalance_timeout_ms: LONG_MILLIS,
        protocols,
        ..Default::default()
    };
    frame(&request, JOIN)
}

fn send(address: &str, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("the broker listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time");
    stream.write_all(bytes).expect("sent");
    stream
}

fn answer<R: Request>(stream: &mut TcpStream, version: i16) -> R::Response {
    let mut length = [0; 4];
    stream.read_exact(&mut length).expect("an answer");
    let mut frame = vec![0; usize::try_from(i32::from_be_bytes(length)).expect("a length")];
    stream.read_exact(&mut frame).expect("a whole answer");
    response_body::<R>(frame.into(), version).expect("a response").1
}

fn wait_for_requests(broker: &Broker) {
    wait::until("both wait", PATIENCE, || {
        let metrics = get(&broker.http_address(), "/metrics")?;
        let came = |api: &str| metrics.contains(&format!("strait_broker_requests_total{{api=\"{api}\"}} 1"));
        let waits =
            metrics.contains("strait_broker_groups{type=\"classic\",state=\"preparing_rebalance\"} 1");
        Ok(if came("FETCH") && waits { Attempt::Done(()) } else { Attempt::NotYet(metrics) })
    })
    .expect("they wait");
}

#[test]
fn who_waits_is_answered_when_the_broker_stops() {
    let Some(world) = World::enter("who_waits_is_answered_when_the_broker_stops") else { return };
    let properties = ["group.initial.rebalance.delay.ms=60000"];
    let mut broker = Broker::start(&world.folder().join("a"), &properties).expect("a broker");
    client::create(&broker.address(), "orders", 1, &[]).expect("a topic");
    wait::until("a coordinator", PATIENCE, || {
        let request = FindCoordinatorRequest { key: "group".to_owned(), ..Default::default() };
        let error = Wire::open(&broker.address(), "member")?.ask(&request, 0)?.error_code;
        Ok(if error == 0 { Attempt::Done(()) } else { Attempt::NotYet(format!("error {error}")) })
    })
    .expect("a coordinator");
    let metadata = frame(&MetadataRequest { topics: Some(Vec::new()), ..Default::default() }, METADATA);
    let mut reader = send(&broker.address(), &[fetch(), metadata].concat());
    let mut member = send(&broker.address(), &join());
    wait_for_requests(&broker);
    let begun = Instant::now();
    broker.stop().expect("a good end");
    assert!(begun.elapsed() < Duration::from_secs(5), "it took {:?}", begun.elapsed());
    let fetched = answer::<FetchRequest>(&mut reader, FETCH);
    assert_eq!(fetched.responses[0].partitions[0].error_code, ErrorCode::NONE.0);
    // What was sent behind it is answered too.
    let told = answer::<MetadataRequest>(&mut reader, METADATA);
    assert_eq!(told.error_code, ErrorCode::REBOOTSTRAP_REQUIRED.0);
    assert_eq!(answer::<JoinGroupRequest>(&mut member, JOIN).error_code, ErrorCode::NOT_COORDINATOR.0);
    assert_eq!(reader.read(&mut [0; 1]).expect("the end"), 0);
}
