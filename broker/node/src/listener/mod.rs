//! The broker's listeners: who comes is counted, told the listener's advertised address, and served in a task.

// Sockets.
mod bind;
// Who may come in.
mod gate;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use strait_broker_core::sasl::Mechanism;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

pub(crate) use gate::Gate;

use gate::Entry;

use crate::connection::Arrival;
use crate::node::Node;
use crate::sasl::{Sasl, SaslSetupError};
use crate::settings::{Endpoint, Listener as Configured, SettingError, Settings};
use crate::tls::{Tls, TlsError};

/// A pause after a failed accept, e.g. when there are too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Connections get this long to be answered when the broker stops.
const DRAIN: Duration = Duration::from_secs(5);
/// Most connections of a listener that are held before they are closed.
const MOST_HELD: usize = 1_000;

/// Clients can't be let in.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    #[error("can't listen on {address}: {source}")]
    Bind { address: String, source: io::Error },
    #[error(transparent)]
    Setting(#[from] SettingError),
    #[error("listener {listener}: {source}")]
    Tls { listener: String, source: TlsError },
    #[error("listener {listener}: {source}")]
    Sasl { listener: String, source: SaslSetupError },
}

/// A listener that clients can connect to.
#[derive(Debug)]
pub(crate) struct Listener {
    configured: Configured,
    socket: TcpListener,
    /// Where it listens.
    local: SocketAddr,
    advertised: Option<Arc<Endpoint>>,
    tls: Option<Arc<Tls>>,
    sasl: Option<Arc<Sasl>>,
}

impl Listener {
    /// Opens all listeners of the settings.
    pub(crate) async fn open_all(settings: &Settings) -> Result<Vec<Self>, ListenError> {
        let mut opened = Vec::new();
        for configured in settings.listeners()? {
            let failed = |source| {
                let address = format!("{}:{}", configured.host, configured.port);
                ListenError::Bind { address, source }
            };
            let backlog = u32::try_from(settings.size("socket.listen.backlog.size")).unwrap_or(u32::MAX);
            let socket = bind::bind(&configured.host, configured.port, backlog).await.map_err(failed)?;
            let local = socket.local_addr().map_err(failed)?;
            let advertised = configured.advertised.clone().map(|told| Arc::new(with_port(told, local)));
            let sasl = match configured.protocol.has_sasl() {
                true => Some(Arc::new(sasl(settings, &configured)?)),
                false => None,
            };
            let tls = match configured.protocol.has_tls() {
                true => Some(Arc::new(tls(settings, &configured)?)),
                false => None,
            };
            opened.push(Self { configured, socket, local, advertised, tls, sasl });
        }
        Ok(opened)
    }

    /// The address that clients are told when they come from this machine.
    pub(crate) fn bootstrap(&self) -> String {
        let Endpoint { host, port } = &*self.endpoint(self.local);
        let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        format!("{host}:{port}")
    }

    pub(crate) fn name(&self) -> &str {
        &self.configured.name
    }

    /// Accepts connections until the broker stops, then waits for them a while.
    pub(crate) async fn serve(self, node: Arc<Node>, gate: Arc<Gate>) {
        let mut connections = JoinSet::new();
        tokio::select! {
            () = self.accept_for_ever(&node, &gate, &mut connections) => {}
            () = node.stopped() => {}
        }
        drop(self.socket);
        let drained = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(DRAIN, drained).await.is_err() {
            connections.shutdown().await;
        }
    }

    async fn accept_for_ever(&self, node: &Arc<Node>, gate: &Arc<Gate>, connections: &mut JoinSet<()>) {
        let held = Arc::new(Semaphore::new(MOST_HELD));
        loop {
            let (stream, peer) = match self.socket.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(listener = self.name(), %error, "connection not accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            while connections.try_join_next().is_some() {}
            let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
            let ip_rate = node.quotas.connections(peer.ip());
            let place = match gate.enter(self.name(), peer.ip(), ip_rate).await {
                Entry::Open(place) => place,
                Entry::Close => continue,
                Entry::CloseAfter(delay) => {
                    hold(stream, delay, &held, connections);
                    continue;
                }
            };
            let Some(arrival) = self.arrival(node, stream, peer) else { continue };
            connections.spawn(async move {
                arrival.serve().await;
                drop(place);
            });
        }
    }

    fn arrival(&self, node: &Arc<Node>, stream: TcpStream, peer: SocketAddr) -> Option<Arrival> {
        let endpoint = self.endpoint(stream.local_addr().ok()?);
        let (tls, sasl) = (self.tls.clone(), self.sasl.clone());
        Some(Arrival { node: Arc::clone(node), stream, peer, endpoint, tls, sasl })
    }

    /// What a client is told that reached the broker at `local`.
    fn endpoint(&self, local: SocketAddr) -> Arc<Endpoint> {
        self.advertised.clone().unwrap_or_else(|| Arc::new(reached(&self.configured.host, local)))
    }
}

/// Closes a connection after a while; at once where many wait for that already.
fn hold(stream: TcpStream, delay: Duration, held: &Arc<Semaphore>, connections: &mut JoinSet<()>) {
    if let Ok(place) = Arc::clone(held).try_acquire_owned() {
        connections.spawn(async move {
            tokio::time::sleep(delay).await;
            drop((stream, place));
        });
    }
}

fn tls(settings: &Settings, listener: &Configured) -> Result<Tls, ListenError> {
    let failed = |source| ListenError::Tls { listener: listener.name.clone(), source };
    Tls::new(settings.tls(listener)?).map_err(failed)
}

fn sasl(settings: &Settings, listener: &Configured) -> Result<Sasl, ListenError> {
    let failed = |source| ListenError::Sasl { listener: listener.name.clone(), source };
    let (name, settings) = (&listener.name, settings.sasl(&listener.name)?);
    if settings.mechanisms.contains(&Mechanism::Plain) {
        if !listener.protocol.has_tls() {
            tracing::warn!(listener = name, "passwords come unencrypted: SASL PLAIN without TLS");
        }
        if settings.users.is_empty() {
            tracing::warn!(listener = name, "sasl.jaas.config names no user for SASL PLAIN");
        }
    }
    Sasl::new(settings).map_err(failed)
}

/// Port 0 is advertised as the one that was found.
fn with_port(told: Endpoint, local: SocketAddr) -> Endpoint {
    let port = if told.port == 0 { local.port() } else { told.port };
    Endpoint { port, ..told }
}

/// Where a client reached the broker: a name that was given, else the address of the connection.
fn reached(host: &str, local: SocketAddr) -> Endpoint {
    let is_address = host.parse::<std::net::IpAddr>().is_ok();
    let told =
        if host.is_empty() || is_address { local.ip().to_canonical().to_string() } else { host.to_owned() };
    Endpoint { host: told, port: local.port() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_told_what_they_can_reach() {
        let local = "10.0.0.7:9092".parse().expect("an address");
        let host = |listen| reached(listen, local).host;
        assert_eq!(host("0.0.0.0"), "10.0.0.7");
        assert_eq!(host("::"), "10.0.0.7");
        assert_eq!(host("kafka.example"), "kafka.example");
        assert_eq!(host(""), "10.0.0.7");
        assert_eq!(reached("", "[::ffff:10.0.0.7]:1".parse().expect("an address")).host, "10.0.0.7");
    }
}
