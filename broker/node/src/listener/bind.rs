//! Sockets that listen.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use rustix::net::sockopt::set_tcp_congestion;
use tokio::net::{TcpListener, TcpSocket, lookup_host};

/// Congestion control without timers between packets, which every Linux has. The system's own may have them (BBR): within a
/// machine they take longer than the packets.
const UNPACED: &str = "reno";

/// Listens with room for `backlog` clients that were not accepted yet. Without a host on all addresses of the machine.
pub(super) async fn bind(host: &str, port: u16, backlog: u32) -> io::Result<TcpListener> {
    let addresses: Vec<SocketAddr> = if host.is_empty() {
        // Of both families, where the machine has both.
        let all = [IpAddr::V6(Ipv6Addr::UNSPECIFIED), IpAddr::V4(Ipv4Addr::UNSPECIFIED)];
        all.into_iter().map(|address| SocketAddr::new(address, port)).collect()
    } else {
        lookup_host((host, port)).await?.collect()
    };
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    for address in addresses {
        match listen(address, backlog) {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn listen(address: SocketAddr, backlog: u32) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    if address.ip().is_loopback() {
        // Connections have it from their listener. Where that fails, they are slower.
        let _ = set_tcp_congestion(&socket, UNPACED);
    }
    socket.bind(address)?;
    socket.listen(backlog)
}
