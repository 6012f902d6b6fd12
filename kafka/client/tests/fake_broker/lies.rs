//! What can come out of a socket instead of an answer.

use std::time::Duration;

use strait_client::{ClientConfig, Connection, ConnectionError};
use strait_wire::codec::Request;
use strait_wire::message::metadata::MetadataRequest;

use crate::broker::{Broker, HONEST, Script};

/// The first connection fails with a typed error and is closed, the second works.
async fn first_fails(script: Script) -> ConnectionError {
    let (_broker, config) = Broker::on_tcp(&[script.clone(), HONEST]).await;
    let error = match Connection::open(&config, &config.bootstrap[0]).await {
        Err(error) => error,
        Ok(connection) => {
            let outcome = connection.call(&MetadataRequest::default()).await;
            assert!(connection.is_closed(), "{script:?} leaves the connection open");
            outcome.expect_err("a lie is no answer")
        }
    };
    let next = Connection::open(&config, &config.bootstrap[0]).await.expect("the next connection");
    next.call(&MetadataRequest::default()).await.expect("an answer");
    error
}

fn frame(length: i32, body: &[u8]) -> Vec<u8> {
    [length.to_be_bytes().as_slice(), body].concat()
}

#[tokio::test]
async fn lengths_that_can_not_be_are_refused() {
    for length in [i32::MIN, -1, 0, 3, i32::MAX] {
        let error = first_fails(Script::Bytes(frame(length, b"junk"))).await;
        assert!(matches!(&error, ConnectionError::Closed { reason, .. } if reason.contains("a frame of")));
    }
}

#[tokio::test]
async fn a_frame_that_ends_early_is_no_answer() {
    let error = first_fails(Script::Bytes(frame(1_000, &[0; 10]))).await;
    assert!(matches!(error, ConnectionError::Closed { .. }), "{error}");
    let error = first_fails(Script::Bytes(vec![0, 0])).await;
    assert!(matches!(error, ConnectionError::Closed { .. }), "{error}");
    let error = first_fails(Script::Closes).await;
    assert!(matches!(&error, ConnectionError::Closed { reason, .. } if reason == "closed by the broker"));
}

#[tokio::test]
async fn answers_to_other_requests_are_no_answers() {
    for by in [1, -1, 1_000_000] {
        let error = first_fails(Script::Shifted(by)).await;
        assert!(matches!(&error, ConnectionError::Closed { reason, .. } if reason.contains("out of order")));
    }
}

#[tokio::test]
async fn answers_in_the_wrong_order_reach_nobody() {
    let (_broker, config) = Broker::on_tcp(&[Script::Swapped, HONEST]).await;
    let connection = Connection::open(&config, &config.bootstrap[0]).await.expect("connected");
    let version = connection.version_of::<MetadataRequest>().expect("a version").min(12);
    let first = connection.submit(&MetadataRequest::default(), version).expect("sent");
    let second = connection.submit(&MetadataRequest::default(), version).expect("sent");
    assert!(matches!(first.await, Err(ConnectionError::Closed { .. })));
    assert!(matches!(second.await, Err(ConnectionError::Closed { .. })));
    Connection::open(&config, &config.bootstrap[0]).await.expect("the next connection");
}

#[tokio::test]
async fn bytes_that_mean_nothing_are_a_decode_error() {
    let body = [&0x7fff_ffff_i32.to_be_bytes()[..], &[0xff; 200]].concat();
    let error = first_fails(Script::BytesAtOnce(frame(204, &body))).await;
    assert!(matches!(error, ConnectionError::Closed { .. }), "{error}");
    let body = [&0_i32.to_be_bytes()[..], &[0xff; 200]].concat();
    let error = first_fails(Script::BytesAtOnce(frame(204, &body))).await;
    assert!(matches!(error, ConnectionError::Decode { .. }), "{error}");
}

#[tokio::test]
async fn tls_on_the_other_side_is_named() {
    let error = first_fails(Script::BytesAtOnce(vec![21, 3, 3, 0, 2, 2, 80])).await;
    assert!(matches!(&error, ConnectionError::Closed { reason, .. } if reason.contains("TLS")), "{error}");
}

/// A small generator (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let bits = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits ^ (bits >> 29)
    }
}

#[tokio::test]
async fn random_bytes_never_break_more_than_their_connection() {
    let mut random = Random(7);
    for round in 0..300 {
        let bytes: Vec<u8> = (0..random.next() % 64).map(|_| random.next().to_le_bytes()[0]).collect();
        // Half of them with a length and a correlation id that hold, so that the body is read.
        let bytes = match round % 2 {
            0 => bytes,
            _ => frame(bytes.len() as i32 + 4, &[&1_i32.to_be_bytes(), bytes.as_slice()].concat()),
        };
        let (_broker, config) = Broker::on_tcp(&[Script::Bytes(bytes.clone()), HONEST]).await;
        let connection = Connection::open(&config, &config.bootstrap[0]).await.expect("connected");
        let outcome = connection.call(&MetadataRequest::default()).await;
        assert!(outcome.is_err(), "{bytes:?} is read as {outcome:?}");
    }
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("a peak");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

#[tokio::test]
async fn memory_follows_the_bytes_that_came() {
    let (_broker, config) = Broker::on_tcp(&[Script::Bytes(frame(120 << 20, &[0; 1_000]))]).await;
    let config = ClientConfig { request_timeout: Duration::from_secs(5), ..config };
    let before = resident_kib();
    let mut open = Vec::new();
    for _ in 0..50 {
        let connection = Connection::open(&config, &config.bootstrap[0]).await.expect("connected");
        open.push(connection.submit(&MetadataRequest::default(), 12).expect("sent"));
    }
    for pending in open {
        assert!(matches!(pending.await, Err(ConnectionError::Closed { .. })));
    }
    let grown = resident_kib() - before;
    assert!(grown < 64 << 10, "50 announced frames of 120 MiB took {grown} KiB");
}

#[tokio::test]
async fn a_version_that_the_broker_does_not_speak_is_not_sent() {
    let (_broker, config) = Broker::on_tcp(&[HONEST]).await;
    let connection = Connection::open(&config, &config.bootstrap[0]).await.expect("connected");
    let unsupported = connection.version_of::<strait_wire::message::fetch::FetchRequest>();
    let error = unsupported.expect_err("only two requests are known");
    assert_eq!(error.api, strait_wire::message::fetch::FetchRequest::KEY);
}
