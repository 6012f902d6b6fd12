//! How bytes reach a broker.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream, lookup_host};

/// A stream of bytes in both directions.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A stream of some kind.
pub type BoxedStream = Box<dyn Stream>;

/// A stream that is being opened.
pub type Opening<'a> = Pin<Box<dyn Future<Output = io::Result<BoxedStream>> + Send + 'a>>;

/// What opens streams to `host:port`. Names are resolved at each call.
pub trait Transport: fmt::Debug + Send + Sync {
    fn open<'a>(&'a self, address: &'a str) -> Opening<'a>;
}

/// TCP, without delay for small writes; a peer that vanished is noticed in about two minutes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tcp;

/// Congestion control without timers between packets. The system's own may have them (BBR): within a machine they take
/// longer than the packets.
#[cfg(target_os = "linux")]
const UNPACED: &[u8] = b"reno";
const KEEPALIVE_IDLE: Duration = Duration::from_secs(60);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);
const KEEPALIVE_PROBES: u32 = 4;

impl Transport for Tcp {
    fn open<'a>(&'a self, address: &'a str) -> Opening<'a> {
        Box::pin(async move {
            let stream = connect(address).await?;
            stream.set_nodelay(true)?;
            SockRef::from(&stream).set_tcp_keepalive(&keepalive())?;
            Ok(Box::new(stream) as BoxedStream)
        })
    }
}

/// Connects to the first address that takes it.
async fn connect(address: &str) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    for address in lookup_host(address).await? {
        match socket(address)?.connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn socket(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    #[cfg(target_os = "linux")]
    if address.ip().is_loopback() {
        // Where that fails, the connection is slower.
        let _ = SockRef::from(&socket).set_tcp_congestion(UNPACED);
    }
    Ok(socket)
}

fn keepalive() -> TcpKeepalive {
    TcpKeepalive::new()
        .with_time(KEEPALIVE_IDLE)
        .with_interval(KEEPALIVE_INTERVAL)
        .with_retries(KEEPALIVE_PROBES)
}
