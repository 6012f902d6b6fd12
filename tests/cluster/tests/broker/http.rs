//! Health and metrics on the HTTP port.

use std::io::{Read, Write};
use std::net::TcpStream;

use anyhow::Result;
use strait_cluster_tests::world::World;

use crate::client;
use crate::process::Broker;

pub(crate) fn get(address: &str, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[test]
fn health_and_metrics_are_told() {
    let Some(world) = World::enter("health_and_metrics_are_told") else { return };
    let broker = Broker::start(&world.folder().join("a"), &[]).expect("a broker");
    client::create(&broker.address(), "orders", 4, &[]).expect("a topic");
    let http = broker.http_address();
    for path in ["/livez", "/readyz"] {
        let answer = get(&http, path).expect("answered");
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
    }
    let metrics = get(&http, "/metrics").expect("answered");
    assert!(metrics.contains("strait_broker_partitions{topic=\"orders\"} 4"), "{metrics}");
    assert!(metrics.contains("strait_broker_requests_total{api=\"CREATE_TOPICS\"} 1"), "{metrics}");
}
