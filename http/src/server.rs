//! Listens, says where, and stops when asked.

use std::future::Future;
use std::io;

use axum::Router;
use tokio::net::TcpListener;
use tracing::info;

/// A socket that listens; nobody is served yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
}

impl Server {
    /// Listens on `listen` (`host:port`, port 0 takes any free one).
    ///
    /// # Errors
    /// An address that can't be listened on.
    pub async fn bind(listen: &str) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        info!(address = %listener.local_addr()?, "http listening");
        Ok(Self { listener })
    }

    /// Serves `router` until `shutdown` completes.
    ///
    /// # Errors
    /// A socket that fails.
    pub async fn serve(
        self,
        router: Router,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        axum::serve(self.listener, router).with_graceful_shutdown(shutdown).await
    }
}

/// Serves `router` on `listen` until `shutdown` completes.
///
/// # Errors
/// An address that can't be listened on.
pub async fn serve(
    listen: &str,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    Server::bind(listen).await?.serve(router, shutdown).await
}
