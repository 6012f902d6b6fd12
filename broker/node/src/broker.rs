//! A broker's life: it takes its folder, opens its logs, serves, and stops in good order.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::connection::Connection;
use crate::controller::{Controller, LoadError};
use crate::housekeeping;
use crate::identity::{self, IdentityError};
use crate::internal_log::InternalReadError;
use crate::lock::{FolderLock, LockError};
use crate::metrics;
use crate::node::{Node, blocking};
use crate::settings::{Endpoint, Settings};
use crate::topics::{GROUP_TOPIC, TRANSACTION_TOPIC};

/// A broker that did not start or did not stop well.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    #[error("the data folder can't be taken: {0}")]
    Lock(#[from] LockError),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error("the data folder can't be opened: {0}")]
    Load(#[from] LoadError),
    #[error("groups can't be read: {0}")]
    Groups(InternalReadError),
    #[error("transactions can't be read: {0}")]
    Transactions(InternalReadError),
    #[error("can't listen on {address}: {source}")]
    Listen { address: String, source: io::Error },
    #[error("metrics can't be shown: {0}")]
    Metrics(#[from] prometheus::Error),
    #[error("the logs were not closed: {0}")]
    Close(#[from] strait_broker_log::LogError),
}

/// Connections get this long to be answered when the broker stops.
const DRAIN: Duration = Duration::from_secs(5);
/// A pause after a failed accept, e.g. when there are too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Runs a broker until `stop` completes; `started` is told the bootstrap address once clients can connect. Needs a
/// runtime with several threads.
///
/// # Errors
/// A folder that is in use or damaged, an address that can't be listened on, a log that can't be closed.
pub async fn run(
    settings: Settings,
    started: impl FnOnce(&str),
    stop: impl Future<Output = ()>,
) -> Result<(), BrokerError> {
    let settings = Arc::new(settings);
    let _lock = FolderLock::take(&settings.data)?;
    let identity = identity::load(&settings.data, settings.node_id())?;
    let controller = blocking(|| Controller::load(Arc::clone(&settings)))?;
    let node = Arc::new(Node::new(Arc::clone(&settings), identity.cluster_id, controller));
    if let Some(topic) = node.topics.by_name(GROUP_TOPIC) {
        blocking(|| node.groups.start(&topic)).map_err(BrokerError::Groups)?;
    }
    if let Some(topic) = node.topics.by_name(TRANSACTION_TOPIC) {
        blocking(|| node.transactions.start(&node, &topic)).map_err(BrokerError::Transactions)?;
    }
    let listen_error = |source| BrokerError::Listen { address: settings.listen.clone(), source };
    let listener = TcpListener::bind(&settings.listen).await.map_err(listen_error)?;
    let address = listener.local_addr().map_err(listen_error)?;
    let (stopping, told) = watch::channel(false);
    let bootstrap = bootstrap(&settings, address);
    tracing::info!(
        %bootstrap, data = %settings.data.display(), cluster_id = %node.cluster_id,
        "broker started"
    );
    started(&bootstrap);
    let mut services = services(&node);
    let mut connections = JoinSet::new();
    tokio::select! {
        () = accept_for_ever(&listener, &node, &mut connections, &told) => {}
        served = serve_http(&node) => served?,
        () = stop => {}
    }
    drop(listener);
    // Those that wait for a request end at once, the others when they have answered.
    let _ = stopping.send(true);
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN, drained).await.is_err() {
        connections.shutdown().await;
    }
    services.shutdown().await;
    blocking(|| node.controller.close())?;
    tracing::info!("broker stopped");
    Ok(())
}

/// What goes on beside the connections. Each has a task of its own, since housekeeping waits for the disk.
fn services(node: &Arc<Node>) -> JoinSet<()> {
    let mut services = JoinSet::new();
    let kept = Arc::clone(node);
    services.spawn(async move { kept.groups.keep_deadlines().await });
    let kept = Arc::clone(node);
    services.spawn(async move { housekeeping::run(&kept).await });
    services
}

/// Serves health and metrics, for ever. Whoever asks is answered once the logs are open.
async fn serve_http(node: &Arc<Node>) -> Result<(), BrokerError> {
    let Some(listen) = &node.settings.http else { return std::future::pending().await };
    let registry = metrics::registry(node)?;
    let router = strait_http::health(|| Ok(())).merge(strait_http::metrics(registry));
    let served = strait_http::serve(listen, router, std::future::pending()).await;
    served.map_err(|source| BrokerError::Listen { address: listen.clone(), source })
}

async fn accept_for_ever(
    listener: &TcpListener,
    node: &Arc<Node>,
    connections: &mut JoinSet<()>,
    told: &watch::Receiver<bool>,
) {
    let slots = Arc::new(Semaphore::new(node.settings.size("max.connections").min(Semaphore::MAX_PERMITS)));
    let advertised = node.settings.advertised().map(Arc::new);
    loop {
        // Like Kafka: at the limit nobody is accepted, clients wait in the backlog.
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "connection not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        while connections.try_join_next().is_some() {}
        let Ok(local) = stream.local_addr() else { continue };
        let endpoint = advertised.clone().unwrap_or_else(|| Arc::new(reached(&node.settings.listen, local)));
        let Ok(connection) = Connection::new(Arc::clone(node), endpoint, stream, peer) else { continue };
        let mut told = told.clone();
        connections.spawn(async move {
            connection.run(async move { drop(told.wait_for(|stops| *stops).await) }).await;
            drop(slot);
        });
    }
}

/// Where a client reached the broker: a name that was given, else the address of the connection.
fn reached(listen: &str, local: SocketAddr) -> Endpoint {
    let host = listen.rsplit_once(':').map_or("", |(host, _)| host);
    let is_address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok();
    let host = if host.is_empty() || is_address { local.ip().to_string() } else { host.to_owned() };
    Endpoint { host, port: local.port() }
}

fn bootstrap(settings: &Settings, local: SocketAddr) -> String {
    let Endpoint { host, port } = settings.advertised().unwrap_or_else(|| reached(&settings.listen, local));
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    format!("{host}:{port}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_told_what_they_can_reach() {
        let local = "10.0.0.7:9092".parse().expect("an address");
        let host = |listen| reached(listen, local).host;
        assert_eq!(host("0.0.0.0:9092"), "10.0.0.7");
        assert_eq!(host("[::]:9092"), "10.0.0.7");
        assert_eq!(host("kafka.example:9092"), "kafka.example");
        assert_eq!(host(":9092"), "10.0.0.7");
    }
}
