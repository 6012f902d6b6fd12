//! What can go wrong with a consumer.

use std::sync::Arc;

use strait_wire::batch::BatchError;
use strait_wire::error_code::ErrorCode;

use crate::error::{BrokerError, ClientError};
use crate::leaders::TopicPartition;
use crate::settings::SettingError;

/// Something that a consumer can't do.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ConsumerError {
    #[error(transparent)]
    Setting(#[from] SettingError),
    #[error("{0}")]
    Cluster(Arc<ClientError>),
    #[error("the pattern can't be read: {reason}")]
    Pattern { reason: String },
    #[error(
        "To use the group management or offset commit APIs, you must provide a valid group.id in the consumer \
         configuration."
    )]
    NoGroup,
    /// Names, a pattern and partitions of one's own exclude each other.
    #[error("Subscription to topics, partitions and pattern are mutually exclusive")]
    MixedSubscription,
    #[error("Consumer is not subscribed to any topics or assigned any partitions")]
    NotSubscribed,
    #[error("{0}-{1} is not assigned to this consumer", partition.0, partition.1)]
    NotAssigned { partition: TopicPartition },
    #[error("Undefined offset with no reset policy for partitions: [{}]", listed(partitions))]
    NoOffset { partitions: Vec<TopicPartition> },
    #[error("Fetch position {offset} of {0}-{1} is out of range and no reset policy is configured", partition.0, partition.1)]
    OffsetOutOfRange { partition: TopicPartition, offset: i64 },
    #[error("a batch of {0}-{1} at offset {offset} can't be read: {error}; seek past it to go on", partition.0, partition.1)]
    CorruptRecord { partition: TopicPartition, offset: i64, error: BatchError },
    #[error("{topic}: {error}")]
    Topic { topic: String, error: BrokerError },
    #[error("group {group}: {error}")]
    Group { group: String, error: BrokerError },
    /// The group has given the partitions to others.
    #[error(
        "Offset commit cannot be completed since the consumer is not part of an active group for auto partition \
         assignment; it is likely that the consumer was kicked out of the group."
    )]
    CommitFailed,
    #[error(
        "Offset commit cannot be completed since the consumer is undergoing a rebalance; poll, then try again"
    )]
    RebalanceInProgress,
    #[error("too many commits wait for an answer")]
    TooManyCommits,
    #[error("a message of the group can't be read or written: {reason}")]
    Protocol { reason: String },
    #[error("the consumer is closed")]
    Closed,
}

impl From<ClientError> for ConsumerError {
    fn from(error: ClientError) -> Self {
        Self::Cluster(Arc::new(error))
    }
}

impl ConsumerError {
    /// Kafka's code, where a broker gave one.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Topic { error, .. } | Self::Group { error, .. } => Some(error.code),
            Self::Cluster(error) => match &**error {
                ClientError::Broker { error, .. } => Some(error.code),
                _ => None,
            },
            _ => None,
        }
    }
}

fn listed(partitions: &[TopicPartition]) -> String {
    let names: Vec<String> = partitions.iter().map(|(topic, index)| format!("{topic}-{index}")).collect();
    names.join(", ")
}
