//! Free loopback ports below the range that the kernel gives to outgoing connections, so that a killed broker finds its own again.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

const LOWEST: u16 = 20_000;
const SPAN: u16 = 12_000;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// A port nothing listens on, given out once per process.
pub fn free() -> u16 {
    let start = u16::try_from(std::process::id() % u32::from(SPAN)).expect("the span fits");
    for _ in 0..SPAN {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = LOWEST + (start.wrapping_mul(7) % SPAN + step) % SPAN;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port between {LOWEST} and {}", LOWEST + SPAN);
}
