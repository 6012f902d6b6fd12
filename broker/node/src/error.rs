//! Why a broker can't start or has to stop.

use std::io;
use std::path::PathBuf;

use strait_broker_core::internal_record::RecordDecodeError;
use strait_broker_log::LogError;
use strait_wire::batch::BatchError;

#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    #[error("listener {listen}: {source}")]
    Listen { listen: String, source: io::Error },
    #[error("advertised listener {value}: allowed is host:port")]
    Advertised { value: String },
    #[error("can't {operation} {}: {source}", path.display())]
    Folder { operation: &'static str, path: PathBuf, source: io::Error },
    #[error("{} is in use by another broker", path.display())]
    Locked { path: PathBuf },
    #[error("{} has no cluster.id", path.display())]
    NoClusterId { path: PathBuf },
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("record at offset {offset} of {log}: {source}")]
    Metadata { log: &'static str, offset: i64, source: serde_json::Error },
    #[error("record at offset {offset} of {log}: {source}")]
    Group { log: &'static str, offset: i64, source: RecordDecodeError },
    #[error("batch of {log}: {source}")]
    Batch { log: &'static str, source: BatchError },
    #[error("topic {topic}: {reason}")]
    TopicConfig { topic: String, reason: String },
    #[error("no random bits: {0}")]
    Random(getrandom::Error),
}
