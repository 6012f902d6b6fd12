//! A cluster: bootstrap, metadata, and one control connection to each broker.

use std::collections::BTreeMap;
use std::sync::Arc;

use strait_wire::message::metadata::{MetadataRequest, MetadataRequestTopic};
use tokio::sync::Mutex;

use crate::config::ClientConfig;
use crate::connection::Connection;
use crate::error::{ClientError, ConnectionError};
use crate::metadata::Metadata;

/// A handle to a cluster; clones share it.
#[derive(Clone, Debug)]
pub struct Cluster {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    config: ClientConfig,
    cluster_id: Option<String>,
    metadata: Mutex<Arc<Metadata>>,
    connections: Mutex<BTreeMap<i32, Connection>>,
}

impl Cluster {
    /// Asks the bootstrap addresses in turn; the first that answers is believed.
    pub async fn connect(config: ClientConfig) -> Result<Self, ClientError> {
        let metadata = bootstrap(&config, &no_topics()).await?;
        let cluster_id = metadata.cluster_id.clone();
        let inner = Inner {
            config,
            cluster_id,
            metadata: Mutex::new(Arc::new(metadata)),
            connections: Mutex::new(BTreeMap::new()),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    pub fn config(&self) -> &ClientConfig {
        &self.inner.config
    }

    pub fn cluster_id(&self) -> Option<String> {
        self.inner.cluster_id.clone()
    }

    /// What is known now.
    pub async fn metadata(&self) -> Arc<Metadata> {
        self.inner.metadata.lock().await.clone()
    }

    /// Asks for some topics, or for all with `None`. A known broker is asked; when none answers, the bootstrap.
    pub async fn refresh(&self, topics: Option<&[String]>) -> Result<Arc<Metadata>, ClientError> {
        let request = match topics {
            None => MetadataRequest { topics: None, allow_auto_topic_creation: false, ..Default::default() },
            Some(names) => of_topics(names),
        };
        let known = self.metadata().await;
        for id in known.brokers.keys() {
            let Ok(connection) = self.connection_to(*id).await else { continue };
            if let Ok(response) = connection.call(&request).await {
                let mut metadata = (*known).clone();
                metadata.absorb(response, topics.is_none());
                return Ok(self.keep(metadata).await);
            }
        }
        let metadata = bootstrap(&self.inner.config, &request).await?;
        Ok(self.keep(metadata).await)
    }

    async fn keep(&self, metadata: Metadata) -> Arc<Metadata> {
        let metadata = Arc::new(metadata);
        *self.inner.metadata.lock().await = metadata.clone();
        metadata
    }

    /// The shared control connection to a broker.
    pub async fn connection_to(&self, id: i32) -> Result<Connection, ClientError> {
        let mut connections = self.inner.connections.lock().await;
        if let Some(connection) = connections.get(&id).filter(|connection| !connection.is_closed()) {
            return Ok(connection.clone());
        }
        let connection = self.dedicated(id).await?;
        connections.insert(id, connection.clone());
        Ok(connection)
    }

    /// The control connection to a broker that can be reached.
    pub(crate) async fn any_broker(&self) -> Result<Connection, ClientError> {
        let metadata = self.metadata().await;
        let mut last = None;
        for id in metadata.brokers.keys() {
            match self.connection_to(*id).await {
                Ok(connection) => return Ok(connection),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or(ClientError::NoBrokers))
    }

    /// A connection of the caller's own.
    pub async fn dedicated(&self, id: i32) -> Result<Connection, ClientError> {
        let metadata = self.metadata().await;
        let broker = metadata.brokers.get(&id).ok_or(ClientError::UnknownBroker { id })?;
        Ok(Connection::open(&self.inner.config, &broker.address()).await?)
    }

    /// The control connection to the controller, or in KRaft to a broker that forwards to it.
    pub async fn controller(&self) -> Result<Connection, ClientError> {
        let id = self.metadata().await.controller_id;
        if id < 0 {
            return Err(ClientError::NoController);
        }
        self.connection_to(id).await
    }
}

fn no_topics() -> MetadataRequest {
    of_topics(&[])
}

fn of_topics(names: &[String]) -> MetadataRequest {
    let topics =
        names.iter().map(|name| MetadataRequestTopic { name: Some(name.clone()), ..Default::default() });
    MetadataRequest {
        topics: Some(topics.collect()),
        allow_auto_topic_creation: false,
        ..MetadataRequest::default()
    }
}

async fn bootstrap(config: &ClientConfig, request: &MetadataRequest) -> Result<Metadata, ClientError> {
    let mut failures = Vec::new();
    for address in &config.bootstrap {
        match ask(config, address, request).await {
            Ok(metadata) => return Ok(metadata),
            Err(error) => failures.push(error.to_string()),
        }
    }
    Err(ClientError::Bootstrap { failures })
}

async fn ask(
    config: &ClientConfig,
    address: &str,
    request: &MetadataRequest,
) -> Result<Metadata, ConnectionError> {
    let response = Connection::open(config, address).await?.call(request).await?;
    let mut metadata = Metadata::default();
    metadata.absorb(response, true);
    Ok(metadata)
}
