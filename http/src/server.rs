//! Listens, says where, and stops when asked.

use std::future::Future;
use std::io;

use axum::Router;
use tokio::net::TcpListener;
use tracing::info;

/// Serves `router` on `listen` (`host:port`, port 0 takes any free one) until `shutdown` completes.
pub async fn serve(
    listen: &str,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let listener = TcpListener::bind(listen).await?;
    let address = listener.local_addr()?;
    info!(%address, "http listening");
    axum::serve(listener, router).with_graceful_shutdown(shutdown).await
}
