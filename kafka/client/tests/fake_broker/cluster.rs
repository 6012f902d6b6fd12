//! A cluster whose brokers are gone, or that asks to be found anew.

use strait_client::{ClientError, Cluster};

use crate::broker::{Broker, HONEST, Script};

const REBOOTSTRAP: Script = Script::Honest { throttle_time_ms: 0, error_code: 129, cluster_id: "one" };

#[tokio::test]
async fn lost_brokers_are_looked_for_at_the_bootstrap_addresses() {
    // Bootstrap, then the known broker that dies, then bootstrap again.
    let (broker, config) = Broker::on_tcp(&[HONEST, Script::Closes, HONEST]).await;
    let cluster = Cluster::connect(config).await.expect("connected");
    cluster.refresh(None).await.expect("refreshed");
    assert_eq!(broker.connections(), 3);
    assert_eq!(cluster.metadata().await.brokers.len(), 1);
}

#[tokio::test]
async fn a_wish_to_be_found_anew_is_followed() {
    let (broker, config) = Broker::on_tcp(&[HONEST, REBOOTSTRAP, HONEST]).await;
    let cluster = Cluster::connect(config).await.expect("connected");
    cluster.refresh(None).await.expect("refreshed");
    assert_eq!(broker.connections(), 3);
    cluster.refresh(None).await.expect("refreshed");
    assert_eq!(broker.connections(), 4, "the connection that was too old is not used again");
}

#[tokio::test]
async fn another_cluster_at_the_same_address_is_not_taken() {
    let (broker, config) = Broker::on_tcp(&[HONEST]).await;
    let cluster = Cluster::connect(config).await.expect("connected");
    broker.becomes(Script::Honest { throttle_time_ms: 0, error_code: 0, cluster_id: "two" });
    let outcome = cluster.refresh(None).await;
    assert!(matches!(&outcome, Err(ClientError::OtherCluster { found, .. }) if found == "two"));
    assert_eq!(cluster.metadata().await.cluster_id.as_deref(), Some("one"));
}

#[tokio::test]
async fn every_bootstrap_address_that_fails_is_named() {
    let (_broker, mut config) = Broker::on_tcp(&[Script::Closes]).await;
    config.bootstrap.push("127.0.0.1:1".to_owned());
    let Err(ClientError::Bootstrap { failures }) = Cluster::connect(config).await else {
        panic!("nobody answers");
    };
    assert_eq!(failures.len(), 2);
}
