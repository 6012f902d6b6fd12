//! What a broker runs on. Names and defaults are Kafka's where it has them.

use std::path::PathBuf;

/// The settings of a broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// `log.dirs`, one folder; made and formatted when it is empty.
    pub data_dir: PathBuf,
    /// `listeners`: `host:port`; port 0 takes any free one.
    pub listen: String,
    /// `advertised.listeners`: `host:port`, where clients shall connect to; the listener's own when there is none.
    pub advertised: Option<String>,
    /// `num.partitions`.
    pub default_partitions: i32,
    /// `auto.create.topics.enable`.
    pub auto_create_topics: bool,
    /// `socket.request.max.bytes`.
    pub request_max_bytes: usize,
    /// `fetch.max.bytes`.
    pub fetch_max_bytes: usize,
    /// `max.connections`.
    pub max_connections: usize,
}

impl Configuration {
    /// Kafka's defaults on a folder and an address.
    pub fn new(data_dir: PathBuf, listen: String) -> Self {
        Self {
            data_dir,
            listen,
            advertised: None,
            default_partitions: 1,
            auto_create_topics: true,
            request_max_bytes: 100 << 20,
            fetch_max_bytes: 55 << 20,
            max_connections: 10_000,
        }
    }
}
