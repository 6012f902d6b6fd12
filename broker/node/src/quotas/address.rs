//! Addresses by which quotas name hosts (`InetAddress.getByName`).

use std::net::{IpAddr, ToSocketAddrs};

/// The address itself, or those of a host. May ask a name server.
pub(crate) fn addresses(name: &str) -> Vec<IpAddr> {
    let found = (name, 0).to_socket_addrs().into_iter().flatten();
    found.map(|address| address.ip().to_canonical()).collect()
}
