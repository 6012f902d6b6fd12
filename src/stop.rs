//! When a command that runs in the foreground shall end.

use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

/// Completes on SIGTERM, SIGINT, or when the time is over.
pub(crate) async fn stop_requested(stop_after: Option<Duration>) {
    let time_over = async {
        match stop_after {
            Some(time) => tokio::time::sleep(time).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = received(SignalKind::terminate()) => {}
        () = received(SignalKind::interrupt()) => {}
        () = time_over => {}
    }
}

async fn received(kind: SignalKind) {
    match signal(kind) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(error) => {
            tracing::warn!(%error, signal = kind.as_raw_value(), "signal can't be watched");
            std::future::pending::<()>().await;
        }
    }
}
