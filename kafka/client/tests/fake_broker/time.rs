//! Waiting, with a clock that stands still until everyone waits.

use std::time::Duration;

use strait_client::{ClientConfig, Connection, ConnectionError};
use strait_wire::message::metadata::MetadataRequest;
use tokio::time::Instant;

use crate::broker::{Broker, HONEST, Script};

async fn open(scripts: &[Script]) -> (Connection, ClientConfig) {
    let (_broker, config) = Broker::in_memory(scripts);
    let connection = Connection::open(&config, &config.bootstrap[0]).await.expect("connected");
    (connection, config)
}

#[tokio::test(start_paused = true)]
async fn silence_ends_at_the_request_timeout() {
    let (connection, config) = open(&[Script::Silent, HONEST]).await;
    let started = Instant::now();
    let outcome = connection.call(&MetadataRequest::default()).await;
    assert!(matches!(outcome, Err(ConnectionError::Timeout { .. })), "{outcome:?}");
    assert_eq!(started.elapsed(), config.request_timeout);
    assert!(connection.is_closed());
    Connection::open(&config, &config.bootstrap[0]).await.expect("the next connection");
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_does_not_read_holds_nobody() {
    let (connection, config) = open(&[Script::Deaf, HONEST]).await;
    let request = MetadataRequest {
        topics: Some(vec![strait_wire::message::metadata::MetadataRequestTopic {
            name: Some("x".repeat(30_000)),
            ..Default::default()
        }]),
        ..MetadataRequest::default()
    };
    let sent: Vec<_> = (0..8).map(|_| connection.submit(&request, 12).expect("queued")).collect();
    for pending in sent {
        assert!(pending.await.is_err());
    }
    assert!(connection.is_closed());
    Connection::open(&config, &config.bootstrap[0]).await.expect("the next connection");
}

#[tokio::test(start_paused = true)]
async fn requests_in_flight_are_bounded() {
    let (_broker, config) = Broker::in_memory(&[Script::Silent]);
    let config = ClientConfig { max_in_flight: 3, ..config };
    let connection = Connection::open(&config, &config.bootstrap[0]).await.expect("connected");
    let sent: Vec<_> =
        (0..3).map(|_| connection.submit(&MetadataRequest::default(), 12).expect("queued")).collect();
    let refused = connection.submit(&MetadataRequest::default(), 12).err();
    assert!(matches!(refused, Some(ConnectionError::TooManyInFlight { limit: 3, .. })), "{refused:?}");
    drop(sent);
}

#[tokio::test(start_paused = true)]
async fn quotas_hold_requests_back() {
    let throttled = Script::Honest { throttle_time_ms: 300, error_code: 0, cluster_id: "one" };
    let (connection, _config) = open(&[throttled]).await;
    let started = Instant::now();
    assert_eq!(connection.throttled_until(), None);
    connection.call(&MetadataRequest::default()).await.expect("an answer");
    assert_eq!(started.elapsed(), Duration::ZERO);
    assert_eq!(connection.last_throttle(), Duration::from_millis(300));
    assert_eq!(connection.throttled_until(), Some(started + Duration::from_millis(300)));
    connection.call(&MetadataRequest::default()).await.expect("an answer");
    let waited = started.elapsed();
    assert!((Duration::from_millis(300)..Duration::from_millis(310)).contains(&waited), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_quota_without_end_is_cut_at_the_request_timeout() {
    let throttled = Script::Honest { throttle_time_ms: i32::MAX, error_code: 0, cluster_id: "one" };
    let (connection, config) = open(&[throttled]).await;
    let started = Instant::now();
    connection.call(&MetadataRequest::default()).await.expect("an answer");
    connection.call(&MetadataRequest::default()).await.expect("an answer");
    assert!(started.elapsed() < config.request_timeout + Duration::from_millis(10));
}
