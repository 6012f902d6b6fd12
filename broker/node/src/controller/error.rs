//! Why a change of the metadata is refused.

use strait_broker_core::topic_config::ConfigError;
use strait_broker_log::LogError;
use strait_wire::error_code::ErrorCode;
use strait_wire::ids::Uuid;

use super::stray::StrayError;
use crate::metadata::MetadataError;
use crate::random::NoRandomnessError;

/// A change that was not made, with the message that Kafka's tools show.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChangeError {
    #[error("Topic '{name}' already exists.")]
    TopicExists { name: String },
    #[error("This server does not host this topic-partition.")]
    UnknownTopic,
    #[error("The topic '{name}' does not exist.")]
    NoSuchTopic { name: String },
    #[error("{}", denial(*error))]
    Denied { error: ErrorCode },
    #[error("Topic name is invalid: {reason}")]
    InvalidTopicName { reason: String },
    #[error("Topic '{name}' collides with existing topic: {other}")]
    CollidingTopicName { name: String, other: String },
    #[error("{reason}")]
    InvalidPartitions { reason: String },
    #[error("{}", unreachable_factor(*factor))]
    InvalidReplicationFactor { factor: i16 },
    #[error("{reason}")]
    InvalidReplicaAssignment { reason: String },
    #[error("{0}")]
    Config(#[from] ConfigError),
    #[error("{reason}")]
    InvalidConfig { reason: String },
    #[error("{reason}")]
    InvalidRequest { reason: String },
    #[error("{reason}")]
    Policy { reason: String },
    #[error("The throttling quota has been exceeded.")]
    Throttled,
    #[error("Topic deletion is disabled.")]
    DeletionDisabled,
    #[error("{0}")]
    Metadata(#[from] MetadataError),
    #[error("{0}")]
    Log(#[from] LogError),
    #[error("the folder belongs to the topic with id {found}")]
    OtherTopic { found: Uuid },
    #[error("{0}")]
    Stray(#[from] StrayError),
    #[error("{0}")]
    NoRandomness(#[from] NoRandomnessError),
}

impl ChangeError {
    /// What a client is answered.
    pub(crate) fn code(&self) -> ErrorCode {
        match self {
            Self::TopicExists { .. } => ErrorCode::TOPIC_ALREADY_EXISTS,
            Self::UnknownTopic | Self::NoSuchTopic { .. } => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
            Self::Denied { error } => *error,
            Self::InvalidTopicName { .. } | Self::CollidingTopicName { .. } => {
                ErrorCode::INVALID_TOPIC_EXCEPTION
            }
            Self::InvalidPartitions { .. } => ErrorCode::INVALID_PARTITIONS,
            Self::InvalidReplicationFactor { .. } => ErrorCode::INVALID_REPLICATION_FACTOR,
            Self::InvalidReplicaAssignment { .. } => ErrorCode::INVALID_REPLICA_ASSIGNMENT,
            Self::Config(error) => error.code(),
            Self::InvalidConfig { .. } => ErrorCode::INVALID_CONFIG,
            Self::InvalidRequest { .. } => ErrorCode::INVALID_REQUEST,
            Self::Policy { .. } => ErrorCode::POLICY_VIOLATION,
            Self::Throttled => ErrorCode::THROTTLING_QUOTA_EXCEEDED,
            Self::DeletionDisabled => ErrorCode::TOPIC_DELETION_DISABLED,
            Self::Metadata(_) | Self::Log(_) | Self::OtherTopic { .. } | Self::Stray(_) => {
                ErrorCode::KAFKA_STORAGE_ERROR
            }
            Self::NoRandomness(_) => ErrorCode::UNKNOWN_SERVER_ERROR,
        }
    }

    /// What a client is told besides the code; nothing where Kafka has no words of its own.
    pub(crate) fn message(&self) -> Option<String> {
        (!matches!(self, Self::Throttled)).then(|| self.to_string())
    }
}

/// Kafka's words for what one broker can't do.
fn unreachable_factor(factor: i16) -> String {
    if factor <= 0 {
        return "Replication factor must be larger than 0, or -1 to use the default value.".to_owned();
    }
    format!(
        "Unable to replicate the partition {factor} time(s): The target replication factor of {factor} cannot be \
         reached because only 1 broker(s) are registered or some brokers have all their log directories cordoned."
    )
}

/// Kafka's words for who may not do something.
pub(crate) fn denial(error: ErrorCode) -> &'static str {
    match error {
        ErrorCode::TOPIC_AUTHORIZATION_FAILED => "Topic authorization failed.",
        ErrorCode::GROUP_AUTHORIZATION_FAILED => "Group authorization failed.",
        _ => "Cluster authorization failed.",
    }
}
