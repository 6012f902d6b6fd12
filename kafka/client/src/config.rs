//! How a cluster is reached.

use std::sync::Arc;
use std::time::Duration;

use crate::security::Security;
use crate::transport::{Tcp, Transport};

/// What a client is made with.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// `host:port` of some brokers.
    pub bootstrap: Vec<String>,
    pub client_id: String,
    pub connect_timeout: Duration,
    /// For one answer.
    pub request_timeout: Duration,
    /// For one operation with its retries.
    pub operation_timeout: Duration,
    /// Largest frame that is accepted.
    pub max_frame_bytes: usize,
    /// Requests sent and not answered on one connection.
    pub max_in_flight: usize,
    pub transport: Arc<dyn Transport>,
    pub security: Security,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            bootstrap: Vec::new(),
            client_id: "strait".to_owned(),
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            operation_timeout: Duration::from_secs(60),
            max_frame_bytes: 128 << 20,
            max_in_flight: 4_096,
            transport: Arc::new(Tcp),
            security: Security::default(),
        }
    }
}
