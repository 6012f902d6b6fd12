//! A client that has just come: with TLS it has to finish the handshake before anything else.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;

use super::frames::Frames;
use super::{Connection, is_gone};
use crate::node::Node;
use crate::sasl::Sasl;
use crate::session::{ANONYMOUS, Session};
use crate::settings::Endpoint;
use crate::tls::{ReadHalf, Tls, WriteHalf, halves};

/// A client at the door of a listener.
pub(crate) struct Arrival {
    pub(crate) node: Arc<Node>,
    pub(crate) stream: TcpStream,
    pub(crate) peer: SocketAddr,
    /// Where it is told to find the broker.
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) tls: Option<Arc<Tls>>,
    pub(crate) sasl: Option<Arc<Sasl>>,
}

impl Arrival {
    /// Serves the client until it goes, is idle for too long, sends what can't be answered, or the broker stops between
    /// two requests.
    pub(crate) async fn serve(self) {
        let (peer, node) = (self.peer, Arc::clone(&self.node));
        let mut stop: Pin<&mut _> = std::pin::pin!(node.stopped());
        let opened = tokio::select! {
            opened = self.open() => opened,
            () = stop.as_mut() => return,
        };
        match opened {
            Ok(connection) => connection.run(stop).await,
            Err(error) if is_gone(&error) => {}
            Err(error) => tracing::info!(%peer, %error, "failed authentication"),
        }
    }

    async fn open(self) -> io::Result<Connection> {
        self.stream.set_nodelay(true)?;
        let idle = u64::try_from(self.node.settings.number("connections.max.idle.ms")).ok();
        let idle = idle.map(Duration::from_millis);
        let (halves, principal) = match self.tls {
            None => {
                let (reader, writer) = self.stream.into_split();
                ((reader.into(), writer.into()), ANONYMOUS.to_owned())
            }
            // Boxed: few connections have it, and all would hold its room.
            Some(tls) => Box::pin(encrypted(&tls, self.stream, idle)).await?,
        };
        let (reader, writer): (ReadHalf, WriteHalf) = halves;
        let memory = Arc::clone(&self.node.request_memory);
        let frames = Frames::new(reader, self.node.settings.size("socket.request.max.bytes"), memory);
        let session = Arc::new(Session { principal, peer: self.peer, endpoint: self.endpoint });
        let (node, sasl) = (self.node, self.sasl);
        Ok(Connection { node, session, sasl, sasl_session: None, frames, writer, idle })
    }
}

type Halves = (ReadHalf, WriteHalf);

async fn encrypted(tls: &Tls, stream: TcpStream, idle: Option<Duration>) -> io::Result<(Halves, String)> {
    let shaken = tls.accept(stream);
    let stream = match idle {
        Some(idle) => tokio::time::timeout(idle, shaken).await.map_err(|_| io::ErrorKind::TimedOut)??,
        None => shaken.await?,
    };
    let unnamed = || io::Error::other("no rule of ssl.principal.mapping.rules fits the client's certificate");
    let principal = tls.principal(&stream).ok_or_else(unnamed)?;
    Ok((halves(stream), principal))
}
