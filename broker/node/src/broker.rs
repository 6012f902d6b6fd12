//! A broker's life: it takes its folder, opens its logs, serves, and stops in good order.

use std::io;
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::controller::{Controller, LoadError};
use crate::housekeeping;
use crate::identity::{self, IdentityError};
use crate::internal_log::InternalReadError;
use crate::listener::{Gate, ListenError, Listener};
use crate::lock::{FolderLock, LockError};
use crate::metrics;
use crate::node::{Node, blocking};
use crate::settings::Settings;
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
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error("can't serve HTTP on {address}: {source}")]
    Http { address: String, source: io::Error },
    #[error("metrics can't be shown: {0}")]
    Metrics(#[from] prometheus::Error),
    #[error("the logs were not closed: {0}")]
    Close(#[from] strait_broker_log::LogError),
}

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
    let gate = Arc::new(
        Gate::new(&settings, &settings.listeners().map_err(ListenError::from)?).map_err(ListenError::from)?,
    );
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
    let listeners = Listener::open_all(&settings).await?;
    let http = bind_http(&settings).await?;
    let bootstrap = listeners.first().map(Listener::bootstrap).unwrap_or_default();
    for listener in &listeners {
        tracing::info!(name = listener.name(), address = listener.bootstrap(), "listening");
    }
    tracing::info!(
        %bootstrap, data = %settings.data.display(), cluster_id = %node.cluster_id,
        "broker started"
    );
    started(&bootstrap);
    let mut services = services(&node);
    let mut acceptors = JoinSet::new();
    for listener in listeners {
        acceptors.spawn(listener.serve(Arc::clone(&node), Arc::clone(&gate)));
    }
    tokio::select! {
        served = serve_http(http, &node) => served?,
        () = stop => {}
    }
    // Those that wait for a request end at once, the others when they have answered.
    node.stop();
    while acceptors.join_next().await.is_some() {}
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

async fn bind_http(settings: &Settings) -> Result<Option<strait_http::Server>, BrokerError> {
    let Some(listen) = &settings.http else { return Ok(None) };
    let bound = strait_http::Server::bind(listen).await;
    bound.map(Some).map_err(|source| BrokerError::Http { address: listen.clone(), source })
}

/// Serves health and metrics, for ever.
async fn serve_http(server: Option<strait_http::Server>, node: &Arc<Node>) -> Result<(), BrokerError> {
    let Some(server) = server else { return std::future::pending().await };
    let registry = metrics::registry(node)?;
    let router = strait_http::health(|| Ok(())).merge(strait_http::metrics(registry));
    let served = server.serve(router, std::future::pending()).await;
    let address = node.settings.http.clone().unwrap_or_default();
    served.map_err(|source| BrokerError::Http { address, source })
}
