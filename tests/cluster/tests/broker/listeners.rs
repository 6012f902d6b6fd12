//! Several listeners: each client is told the address of the one it came by; limits hold at each.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use strait_cluster_tests::wait::{self, Attempt};
use strait_cluster_tests::world::World;
use strait_cluster_tests::{ports, topic};

use crate::client;
use crate::process::Broker;

const PATIENCE: Duration = Duration::from_secs(10);

/// The address that a client at `address` is told.
pub(crate) fn told(address: &str) -> String {
    let consumer: BaseConsumer = topic::client(address).create().expect("a client");
    let metadata = consumer.fetch_metadata(None, PATIENCE).expect("metadata");
    let broker = metadata.brokers().first().expect("a broker");
    format!("{}:{}", broker.host(), broker.port())
}

#[test]
fn each_client_is_told_the_listener_it_came_by() {
    let Some(world) = World::enter("each_client_is_told_the_listener_it_came_by") else { return };
    let [plain, inside, named, controller] = [(); 4].map(|()| ports::free());
    let properties = [
        "process.roles=broker,controller".to_owned(),
        "node.id=1".to_owned(),
        format!("controller.quorum.voters=1@localhost:{controller}"),
        format!(
            "listeners=PLAINTEXT://127.0.0.1:{plain},inside://127.0.0.1:{inside},NAMED://127.0.0.1:{named},CONTROLLER://127.0.0.1:{controller}"
        ),
        format!("advertised.listeners=PLAINTEXT://127.0.0.1:{plain},INSIDE://localhost:{inside}"),
        "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,INSIDE:PLAINTEXT,NAMED:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT".to_owned(),
        "controller.listener.names=CONTROLLER".to_owned(),
        "log.dirs=/nowhere".to_owned(),
        "queued.max.requests=400".to_owned(),
        "sasl.enabled.mechanisms=PLAIN".to_owned(),
        "sasl.jaas.config=a.PlainLoginModule required user_harness=\"secret\";".to_owned(),
    ];
    let mut broker =
        Broker::start_listening(&world.folder().join("a"), plain, properties.to_vec()).expect("a broker");
    assert_eq!(told(&broker.address()), format!("127.0.0.1:{plain}"));
    assert_eq!(told(&format!("127.0.0.1:{inside}")), format!("localhost:{inside}"));
    let by_name = format!("harness:secret@127.0.0.1:{named}");
    assert_eq!(told(&by_name), format!("127.0.0.1:{named}"));
    client::create(&by_name, "orders", 1, &[]).expect("a topic");
    client::write(&by_name, "orders", 0..100).expect("written");
    client::assert_all(&broker.address(), "orders", "group", 100).expect("read");
    assert!(TcpStream::connect(("127.0.0.1", controller)).is_err(), "nobody serves controllers");
    let log = broker.log();
    for key in ["process.roles", "controller.quorum.voters", "log.dirs", "queued.max.requests"] {
        assert!(log.lines().any(|line| line.contains("means nothing here") && line.contains(key)), "{key}");
    }
    broker.stop().expect("a good end");
}

/// Whether the broker answers on a connection: ApiVersions 0. None: nothing came yet.
fn answers(stream: &mut TcpStream) -> Option<bool> {
    stream.set_read_timeout(Some(Duration::from_millis(200))).expect("a time");
    match stream.read(&mut [0; 64]) {
        Ok(0) => Some(false),
        Ok(_) => Some(true),
        Err(error) if [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind()) => None,
        Err(_) => Some(false),
    }
}

fn ask(port: u16) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    stream.write_all(&[0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 0xff, 0xff]).expect("sent");
    stream
}

fn wait_answer(stream: &mut TcpStream) -> bool {
    wait::until("an answer or an end", PATIENCE, || {
        Ok(answers(stream).map_or(Attempt::NotYet("silence".to_owned()), Attempt::Done))
    })
    .expect("in time")
}

#[test]
fn connections_have_limits_and_places_come_back() {
    let Some(world) = World::enter("connections_have_limits_and_places_come_back") else { return };
    let [plain, few] = [(); 2].map(|()| ports::free());
    let properties = [
        format!("listeners=PLAINTEXT://127.0.0.1:{plain},FEW://127.0.0.1:{few}"),
        "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,FEW:PLAINTEXT".to_owned(),
        "listener.name.few.max.connections=2".to_owned(),
        "max.connections.per.ip=6".to_owned(),
    ];
    let broker =
        Broker::start_listening(&world.folder().join("a"), plain, properties.to_vec()).expect("a broker");
    for _ in 0..3 {
        let mut two = [ask(few), ask(few)];
        assert!(two.iter_mut().all(wait_answer));
        // The third is not served, and not refused: it waits for a place.
        let mut third = ask(few);
        assert_eq!(answers(&mut third), None);
        drop(two);
        assert!(wait_answer(&mut third), "it gets a place that became free");
    }
    // At another listener six are served, and the next is closed.
    let mut six = wait::until("six places", PATIENCE, || {
        let mut six: Vec<TcpStream> = (0..6).map(|_| ask(plain)).collect();
        Ok(match six.iter_mut().all(wait_answer) {
            true => Attempt::Done(six),
            false => Attempt::NotYet("fewer".to_owned()),
        })
    })
    .expect("all places came back");
    let mut seventh = ask(plain);
    assert!(!wait_answer(&mut seventh), "one address has six");
    six.pop();
    wait::until("a place that came back", PATIENCE, || {
        Ok(if wait_answer(&mut ask(plain)) {
            Attempt::Done(())
        } else {
            Attempt::NotYet("closed".to_owned())
        })
    })
    .expect("a place");
    drop(broker);
}
