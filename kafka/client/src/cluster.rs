//! A cluster: bootstrap, metadata, and one control connection to each broker.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex as StdMutex, OnceLock};

use strait_wire::error_code::ErrorCode;
use strait_wire::message::metadata::{MetadataRequest, MetadataRequestTopic, MetadataResponse};
use tokio::sync::Mutex;
use tokio::time::timeout;
use tracing::warn;

use crate::config::ClientConfig;
use crate::connection::Connection;
use crate::error::{ClientError, ConnectionError};
use crate::metadata::Metadata;
use crate::shared::lock;

/// A handle to a cluster; clones share it.
#[derive(Clone, Debug)]
pub struct Cluster {
    inner: Arc<Inner>,
}

/// The control connection to one broker; who opens it holds the lock.
type Slot = Arc<Mutex<Option<Connection>>>;

#[derive(Debug)]
struct Inner {
    config: ClientConfig,
    /// Of the first answer that had one.
    cluster_id: OnceLock<String>,
    metadata: Mutex<Arc<Metadata>>,
    connections: StdMutex<BTreeMap<i32, Slot>>,
}

impl Cluster {
    /// Asks the bootstrap addresses in turn; the first that answers is believed.
    pub async fn connect(config: ClientConfig) -> Result<Self, ClientError> {
        let cluster = Self::unasked(config);
        cluster.refresh(Some(&[])).await?;
        Ok(cluster)
    }

    /// A cluster that is asked for the first time when something is wanted of it: nobody need listen now.
    pub(crate) fn unasked(config: ClientConfig) -> Self {
        if config.security.sends_secrets_in_clear() {
            warn!(bootstrap = ?config.bootstrap, "secrets travel in clear: SASL without TLS");
        }
        let (metadata, connections) = (Mutex::default(), StdMutex::default());
        Self { inner: Arc::new(Inner { config, cluster_id: OnceLock::new(), metadata, connections }) }
    }

    pub fn config(&self) -> &ClientConfig {
        &self.inner.config
    }

    pub fn cluster_id(&self) -> Option<String> {
        self.inner.cluster_id.get().cloned()
    }

    /// What is known now.
    pub async fn metadata(&self) -> Arc<Metadata> {
        self.inner.metadata.lock().await.clone()
    }

    /// Asks for some topics, or for all with `None`. A known broker is asked. When none answers, or one says that
    /// what is known is too old, the bootstrap addresses are resolved and asked again.
    pub async fn refresh(&self, topics: Option<&[String]>) -> Result<Arc<Metadata>, ClientError> {
        let request = match topics {
            None => MetadataRequest { topics: None, allow_auto_topic_creation: false, ..Default::default() },
            Some(names) => of_topics(names),
        };
        self.refresh_with(&request).await
    }

    /// Asks for some topics; brokers that create topics when they are asked for them do so.
    pub(crate) async fn refresh_or_create(&self, topics: &[String]) -> Result<Arc<Metadata>, ClientError> {
        self.refresh_with(&MetadataRequest { allow_auto_topic_creation: true, ..of_topics(topics) }).await
    }

    async fn refresh_with(&self, request: &MetadataRequest) -> Result<Arc<Metadata>, ClientError> {
        let known = timeout(self.config().operation_timeout, self.ask_known(request)).await;
        let response = match known.ok().flatten() {
            Some(response) => response,
            None => {
                lock(&self.inner.connections).clear();
                bootstrap(&self.inner.config, request).await?
            }
        };
        self.keep(response, request.topics.is_none()).await
    }

    async fn ask_known(&self, request: &MetadataRequest) -> Option<MetadataResponse> {
        for id in self.metadata().await.brokers.keys() {
            let Ok(connection) = self.connection_to(*id).await else { continue };
            let Ok(response) = connection.call(request).await else { continue };
            match ErrorCode(response.error_code) {
                ErrorCode::NONE => return Some(response),
                ErrorCode::REBOOTSTRAP_REQUIRED => return None,
                _ => {}
            }
        }
        None
    }

    /// An address may have been given to another cluster: nothing is taken from that one.
    async fn keep(&self, response: MetadataResponse, all_topics: bool) -> Result<Arc<Metadata>, ClientError> {
        if let Some(found) = &response.cluster_id {
            let expected = self.inner.cluster_id.get_or_init(|| found.clone());
            if expected != found {
                return Err(ClientError::OtherCluster { expected: expected.clone(), found: found.clone() });
            }
        }
        let mut current = self.inner.metadata.lock().await;
        let mut metadata = (**current).clone();
        metadata.absorb(response, all_topics);
        *current = Arc::new(metadata);
        Ok(current.clone())
    }

    /// The shared control connection to a broker.
    pub async fn connection_to(&self, id: i32) -> Result<Connection, ClientError> {
        let slot = lock(&self.inner.connections).entry(id).or_default().clone();
        let mut slot = slot.lock().await;
        if let Some(connection) = slot.as_ref().filter(|connection| !connection.is_closed()) {
            return Ok(connection.clone());
        }
        *slot = None;
        Ok(slot.insert(self.dedicated(id).await?).clone())
    }

    /// The control connection to a broker that can be reached.
    pub(crate) async fn any_broker(&self) -> Result<Connection, ClientError> {
        let mut metadata = self.metadata().await;
        if metadata.brokers.is_empty() {
            metadata = self.refresh(Some(&[])).await?;
        }
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

fn of_topics(names: &[String]) -> MetadataRequest {
    let topics =
        names.iter().map(|name| MetadataRequestTopic { name: Some(name.clone()), ..Default::default() });
    MetadataRequest {
        topics: Some(topics.collect()),
        allow_auto_topic_creation: false,
        ..MetadataRequest::default()
    }
}

async fn bootstrap(
    config: &ClientConfig,
    request: &MetadataRequest,
) -> Result<MetadataResponse, ClientError> {
    let mut failures = Vec::new();
    for address in &config.bootstrap {
        match ask(config, address, request).await {
            Ok(response) => return Ok(response),
            Err(error) => failures.push(error),
        }
    }
    Err(ClientError::Bootstrap { failures })
}

async fn ask(
    config: &ClientConfig,
    address: &str,
    request: &MetadataRequest,
) -> Result<MetadataResponse, ConnectionError> {
    let answer = Connection::open(config, address).await?.call(request).await;
    answer.map_err(|error| match error {
        // Kafka says no more than this to a client that does not authenticate.
        ConnectionError::Closed { address, reason } if config.security.sasl.is_none() => {
            ConnectionError::Closed { address, reason: format!("{reason}; it may want SASL") }
        }
        error => error,
    })
}
