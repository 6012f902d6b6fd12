//! Source and target of a benchmark.

use std::time::Duration;

use strait_client::{BrokerError, ClientConfig, Cluster};
use strait_wire::codec::Request;
use strait_wire::error_code::ErrorCode;
use strait_wire::ids::Uuid;
use strait_wire::message::delete_topics::{DeleteTopicState, DeleteTopicsRequest};

use crate::error::BenchError;
use crate::peers::{Peer, Peers, Site};
use crate::process;

const DELETE_TIMEOUT_MS: i32 = 30_000;

/// One side: how to reach it, and its process when it is ours.
pub(crate) struct Side<'a> {
    pub(crate) address: String,
    pub(crate) cluster: Cluster,
    peer: Option<Peer<'a>>,
}

pub(crate) struct Clusters<'a> {
    pub(crate) source: Side<'a>,
    pub(crate) target: Side<'a>,
}

impl<'a> Clusters<'a> {
    pub(crate) async fn open(peers: &'a Peers, site: &Site) -> Result<Self, BenchError> {
        if let Some((source, target)) = &site.running {
            let (source, target) = (source.clone(), target.clone());
            return Ok(Self {
                source: Side::open(source, None).await?,
                target: Side::open(target, None).await?,
            });
        }
        tracing::info!("starting two Kafka clusters");
        let (source, source_address) = peers.start_broker("source")?;
        let (target, target_address) = peers.start_broker("target")?;
        Ok(Self {
            source: Side::open(source_address, Some(source)).await?,
            target: Side::open(target_address, Some(target)).await?,
        })
    }

    /// Deletes what a copier made: every topic with `alias` in its name, on both sides.
    pub(crate) async fn clean(&self, alias: &str) -> Result<(), BenchError> {
        delete_containing(&self.source.cluster, alias).await?;
        delete_containing(&self.target.cluster, alias).await
    }
}

impl<'a> Side<'a> {
    async fn open(address: String, peer: Option<Peer<'a>>) -> Result<Self, BenchError> {
        let cluster = connect(&address, Duration::from_secs(60)).await?;
        Ok(Self { address, cluster, peer })
    }

    /// CPU time of the broker's process so far, when it is ours.
    pub(crate) fn cpu_seconds(&self) -> Result<Option<f64>, BenchError> {
        self.peer.as_ref().map(|peer| process::cpu_seconds(peer.pid)).transpose()
    }
}

pub(crate) async fn connect(address: &str, operation_timeout: Duration) -> Result<Cluster, BenchError> {
    let config = ClientConfig {
        bootstrap: vec![address.to_owned()],
        client_id: "strait-bench".to_owned(),
        operation_timeout,
        ..ClientConfig::default()
    };
    Ok(Cluster::connect(config).await?)
}

/// Deletes every topic with `part` in its name.
pub(crate) async fn delete_containing(cluster: &Cluster, part: &str) -> Result<(), BenchError> {
    let metadata = cluster.refresh(None).await?;
    let names: Vec<String> = metadata.topics.keys().filter(|name| name.contains(part)).cloned().collect();
    if names.is_empty() {
        return Ok(());
    }
    let topics = names.iter().map(|name| DeleteTopicState { name: Some(name.clone()), topic_id: Uuid::ZERO });
    let topics = topics.collect();
    let request = DeleteTopicsRequest { topics, topic_names: names, timeout_ms: DELETE_TIMEOUT_MS };
    let response = cluster.controller().await?.call(&request).await?;
    for answer in response.responses {
        let code = ErrorCode(answer.error_code);
        if !code.is_ok() && code != ErrorCode::UNKNOWN_TOPIC_OR_PARTITION {
            let error = BrokerError { code, message: answer.error_message };
            let topic = answer.name.unwrap_or_default();
            return Err(BenchError::Broker { api: DeleteTopicsRequest::KEY, topic, error });
        }
    }
    Ok(())
}
