//! A broker believes us for a time only (KIP-368): before it ends we tell who we are again, on the same connection.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tracing::debug;

use super::sasl::SaslConfig;
use crate::connection::Connection;
use crate::retry::Jitter;

/// However short the time is that the broker gives.
const SHORTEST_PAUSE: Duration = Duration::from_millis(500);

/// Authenticates again for as long as the connection lives; a refusal closes it.
pub(crate) fn keep_authenticated(connection: &Connection, sasl: SaslConfig, lifetime: Duration) {
    let (shared, requests) = (Arc::downgrade(&connection.shared), connection.shared.requests.clone());
    let mut jitter = Jitter::from_process();
    tokio::spawn(async move {
        let mut lifetime = lifetime;
        while !lifetime.is_zero() {
            tokio::select! {
                () = sleep(pause(lifetime, &mut jitter)) => {}
                () = requests.closed() => return,
            }
            let Some(shared) = shared.upgrade() else { return };
            let connection = Connection { shared };
            match connection.authenticate(&sasl).await {
                Ok(next) => {
                    debug!(broker = connection.address(), "authenticated again");
                    lifetime = next;
                }
                Err(error) => return connection.shared.close_refused(&error),
            }
        }
    });
}

/// Four fifths of the time, or a little more.
fn pause(lifetime: Duration, jitter: &mut Jitter) -> Duration {
    let pause = lifetime.mul_f64(0.75) + jitter.shorten(lifetime.mul_f64(0.1));
    pause.max(SHORTEST_PAUSE)
}
