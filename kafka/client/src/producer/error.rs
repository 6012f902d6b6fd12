//! What can go wrong with a record, or with a producer.

use std::sync::Arc;

use strait_wire::batch::BatchError;
use strait_wire::error_code::ErrorCode;

use crate::error::{BrokerError, ClientError};
use crate::settings::SettingError;

/// A record that was not written, or nobody knows; or something that a producer can't do.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ProducerError {
    #[error(transparent)]
    Setting(#[from] SettingError),
    #[error("Topic {topic} not present in metadata after {after_ms} ms.")]
    MetadataTimeout { topic: String, after_ms: i64 },
    #[error("Partition {partition} of topic {topic} with partition count {count} is not present in metadata")]
    UnknownPartition { topic: String, partition: i32, count: usize },
    #[error(
        "Failed to allocate {size} bytes within the configured max blocking time {max_block_ms} ms. \
         Total memory: {total} bytes."
    )]
    BufferExhausted { size: usize, max_block_ms: i64, total: i64 },
    #[error(
        "The message is {size} bytes when serialized which is larger than {limit}, which is the value of the {setting} \
         configuration."
    )]
    RecordTooLarge { size: usize, limit: i64, setting: &'static str },
    #[error("Invalid timestamp: {timestamp_ms}. Timestamp should always be non-negative or null.")]
    InvalidTimestamp { timestamp_ms: i64 },
    /// The records may have been written or not.
    #[error("Expiring {records} record(s) for {topic}-{partition}:{after_ms} ms has passed since batch creation{}",
        last.as_ref().map(|text| format!(", last: {text}")).unwrap_or_default())]
    Expired { records: usize, topic: String, partition: i32, after_ms: i64, last: Option<String> },
    /// A broker's answer for the record's topic or partition.
    #[error("{topic}-{partition}: {error}")]
    Refused { topic: String, partition: i32, error: BrokerError },
    #[error("{topic}: {error}")]
    Topic { topic: String, error: BrokerError },
    #[error("{0}")]
    Cluster(Arc<ClientError>),
    #[error("a batch can't be written: {0}")]
    Batch(BatchError),
    #[error("the producer is closed")]
    Closed,
    #[error("Producer closed while send in progress")]
    ForceClosed,
    #[error("the producer has no transactional.id")]
    NotTransactional,
    /// A call that does not fit what the transaction is doing.
    #[error("{action} can't be done while the producer is {state}")]
    InvalidState { action: &'static str, state: &'static str },
    /// The transaction failed: abort it.
    #[error("the transaction can only be aborted: {0}")]
    Abortable(Arc<ProducerError>),
    #[error("Failing batch since transaction was aborted")]
    Aborted,
    /// Another producer has the transactional id, or it is not allowed: this producer can only be closed.
    #[error("the producer can only be closed: {0}")]
    Fatal(Arc<ProducerError>),
}

impl From<ClientError> for ProducerError {
    fn from(error: ClientError) -> Self {
        Self::Cluster(Arc::new(error))
    }
}

impl ProducerError {
    /// Kafka's code, where a broker gave one.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Refused { error, .. } | Self::Topic { error, .. } => Some(error.code),
            Self::Cluster(error) => match &**error {
                ClientError::Broker { error, .. } => Some(error.code),
                _ => None,
            },
            Self::Abortable(error) | Self::Fatal(error) => error.code(),
            _ => None,
        }
    }

    /// Whether the transaction can be aborted and the producer go on.
    pub fn is_abortable(&self) -> bool {
        matches!(self, Self::Abortable(_))
    }

    /// Whether nothing helps but a new producer.
    pub fn is_fatal(&self) -> bool {
        matches!(self, Self::Fatal(_) | Self::Closed | Self::ForceClosed)
    }
}
