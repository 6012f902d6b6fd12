//! Free loopback ports below those that the kernel gives to outgoing connections.

use std::net::TcpListener;

use crate::error::BenchError;

const LOWEST: u16 = 20_000;
const HIGHEST: u16 = 31_999;

/// Different ports, as many as asked for.
pub(crate) fn free<const COUNT: usize>() -> Result<[u16; COUNT], BenchError> {
    let span = u32::from(HIGHEST - LOWEST) + 1;
    let start = std::process::id().wrapping_mul(13) % span;
    let all = (0..span).filter_map(|step| u16::try_from(u32::from(LOWEST) + (start + step) % span).ok());
    let mut free = all.filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    let mut ports = [0; COUNT];
    for port in &mut ports {
        *port = free.next().ok_or(BenchError::NoFreePort { lowest: LOWEST, highest: HIGHEST })?;
    }
    Ok(ports)
}
