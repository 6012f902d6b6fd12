//! How many requests a producer has on their way at once: a relay before a broker keeps them back and counts.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use strait_client::{ClientConfig, Producer, ProducerConfig, ProducerRecord};
use strait_cluster_tests::kafka::{Kafka, OURS};
use strait_cluster_tests::{ports, topic};

use super::behaviour::{Seen, pairs};

const SETTINGS: [&str; 4] = [
    "",
    "max.in.flight.requests.per.connection=1",
    "max.in.flight.requests.per.connection=3",
    "max.in.flight.requests.per.connection=7;enable.idempotence=false",
];
const RECORDS: usize = 10;
/// No more come when none came for so long.
const QUIET: Duration = Duration::from_secs(1);
const PRODUCE: [u8; 2] = [0, 0];
const LOOK: Duration = Duration::from_millis(50);

/// A broker behind a relay, with a topic.
pub(super) fn behind_relay() -> (Kafka, Relay) {
    let relay = Relay::new();
    let advertised = format!("advertised.listeners=PLAINTEXT://{}", relay.address());
    let kafka = Kafka::start_with(OURS, &[&advertised]).expect("a broker");
    relay.forward(kafka.open_address());
    topic::create(&kafka, "held", 1, &[]).expect("a topic");
    (kafka, relay)
}

/// max.in.flight.requests.per.connection, with one record a request.
pub(super) async fn unanswered(relay: &Relay) -> Seen {
    let mut seen = Seen::new();
    for settings in SETTINGS {
        let all = format!("linger.ms=0;batch.size=0;{settings}");
        let config = ProducerConfig::from_properties(pairs(&all)).expect("settings");
        let cluster = ClientConfig { bootstrap: vec![relay.address()], ..ClientConfig::default() };
        let producer = Producer::new(cluster, config).expect("a producer");
        let before = relay.kept();
        let mut waiting = Vec::new();
        for _ in 0..RECORDS {
            let record = ProducerRecord::new("held", vec![0; 100]).with_partition(0);
            waiting.push(producer.send(record).await.expect("taken"));
        }
        let tried = format!("requests without an answer with {settings}");
        seen.push((tried, (relay.settled().await - before).to_string()));
    }
    seen
}

/// Passes on what is sent to it, but keeps requests to produce.
pub(super) struct Relay {
    listener: TcpListener,
    kept: Arc<AtomicUsize>,
}

impl Relay {
    fn new() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", ports::free())).expect("a free port");
        Self { listener, kept: Arc::default() }
    }

    fn address(&self) -> String {
        self.listener.local_addr().expect("bound").to_string()
    }

    fn kept(&self) -> usize {
        self.kept.load(Ordering::Relaxed)
    }

    /// What is kept once nothing more comes.
    async fn settled(&self) -> usize {
        let (mut kept, mut since) = (self.kept(), Instant::now());
        while since.elapsed() < QUIET {
            tokio::time::sleep(LOOK).await;
            if self.kept() != kept {
                (kept, since) = (self.kept(), Instant::now());
            }
        }
        kept
    }

    fn forward(&self, broker: String) {
        let (listener, kept) = (self.listener.try_clone().expect("a listener"), Arc::clone(&self.kept));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(&broker) else { continue };
                let answers = (server.try_clone(), client.try_clone());
                let kept = Arc::clone(&kept);
                thread::spawn(move || pass_requests(client, server, &kept));
                if let (Ok(mut server), Ok(mut client)) = answers {
                    thread::spawn(move || {
                        let _ = io::copy(&mut server, &mut client);
                        let _ = client.shutdown(Shutdown::Both);
                    });
                }
            }
        });
    }
}

/// Frames: a length of four bytes, then a request, which begins with its key of two.
fn pass_requests(mut client: TcpStream, mut server: TcpStream, kept: &AtomicUsize) -> io::Result<()> {
    loop {
        let mut length = [0; 4];
        client.read_exact(&mut length)?;
        let mut request = vec![0; u32::from_be_bytes(length) as usize];
        client.read_exact(&mut request)?;
        if request.starts_with(&PRODUCE) {
            kept.fetch_add(1, Ordering::Relaxed);
            continue;
        }
        server.write_all(&length)?;
        server.write_all(&request)?;
    }
}
