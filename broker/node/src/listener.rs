//! Accepts connections, and stops: in-flight requests end, logs are closed.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tracing::{debug, info, warn};

use crate::broker::{Broker, Endpoint};
use crate::configuration::Configuration;
use crate::connection;
use crate::error::BrokerError;
use crate::upkeep;

/// For requests in flight at a stop.
const DRAIN: Duration = Duration::from_secs(5);
/// After an accept failed, as when there are no file descriptors left.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(100);

/// Runs a broker until `shutdown` completes. `started` is told the bootstrap address.
pub async fn run(
    configuration: Configuration,
    started: impl FnOnce(&str),
    shutdown: impl Future<Output = ()>,
) -> Result<(), BrokerError> {
    let listen = configuration.listen.clone();
    let failed = |source| BrokerError::Listen { listen: listen.clone(), source };
    let listener = TcpListener::bind(&listen).await.map_err(failed)?;
    let endpoint = endpoint(&configuration, &listener.local_addr().map_err(failed)?.to_string())?;
    let address = format!("{}:{}", endpoint.host, endpoint.port);
    let broker = Arc::new(Broker::open(configuration, endpoint)?);
    started(&address);
    let timers = tokio::spawn({
        let broker = broker.clone();
        async move { tokio::join!(broker.groups.run(), upkeep::run(broker.clone())) }
    });
    let (stop, stopping) = watch::channel(false);
    let mut connections = JoinSet::new();
    tokio::select! {
        () = accept(&listener, &broker, &stopping, &mut connections) => {}
        () = shutdown => {}
    }
    info!("broker is stopping");
    stop.send_replace(true);
    timers.abort();
    let drained = tokio::time::timeout(DRAIN, async { while connections.join_next().await.is_some() {} });
    if drained.await.is_err() {
        warn!(connections = connections.len(), "connections did not end in time and are cut");
        connections.shutdown().await;
    }
    broker.catalog().close()
}

async fn accept(
    listener: &TcpListener,
    broker: &Arc<Broker>,
    stopping: &watch::Receiver<bool>,
    connections: &mut JoinSet<()>,
) {
    let slots = Arc::new(Semaphore::new(broker.configuration.max_connections));
    loop {
        // Without a free slot clients wait in the backlog, as with Kafka's max.connections.
        let Ok(slot) = slots.clone().acquire_owned().await else { return };
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    warn!(%error, "a connection can't be accepted");
                    tokio::time::sleep(ACCEPT_BACKOFF).await;
                    continue;
                }
            },
            Some(_) = connections.join_next() => continue,
        };
        let (broker, stopping) = (broker.clone(), stopping.clone());
        connections.spawn(async move {
            let _slot = slot;
            if let Err(reason) = serve(stream, &broker, stopping).await {
                debug!(%peer, %reason, "connection ends");
            }
        });
    }
}

async fn serve(
    stream: TcpStream,
    broker: &Arc<Broker>,
    mut stopping: watch::Receiver<bool>,
) -> Result<(), connection::ConnectionError> {
    stream.set_nodelay(true)?;
    let host = format!("/{}", stream.peer_addr()?.ip());
    tokio::select! {
        served = connection::serve(stream, broker, &host) => served,
        _ = stopping.wait_for(|stop| *stop) => Ok(()),
    }
}

fn endpoint(configuration: &Configuration, bound: &str) -> Result<Endpoint, BrokerError> {
    let value = configuration.advertised.as_deref().unwrap_or(bound);
    let parsed = value.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
    let Some((host, port)) = parsed.filter(|(host, _)| !host.is_empty()) else {
        return Err(BrokerError::Advertised { value: value.to_owned() });
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    // Nobody can connect to "all addresses".
    let host = if matches!(host, "0.0.0.0" | "::") { "localhost" } else { host };
    Ok(Endpoint { host: host.to_owned(), port })
}
