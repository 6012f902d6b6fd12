//! Why a heartbeat is refused: Kafka's error and Kafka's words.

use strait_wire::error_code::ErrorCode;
use strait_wire::message::consumer_group_heartbeat::ConsumerGroupHeartbeatResponse;

/// A refused request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(in crate::group) struct Refusal {
    pub(in crate::group) error: ErrorCode,
    pub(in crate::group) message: String,
}

impl Refusal {
    pub(in crate::group) fn new(error: ErrorCode, message: impl Into<String>) -> Self {
        Self { error, message: message.into() }
    }

    pub(in crate::group) fn unknown_member(member: &str, group: &str) -> Self {
        let message = format!("Member {member} is not a member of group {group}.");
        Self::new(ErrorCode::UNKNOWN_MEMBER_ID, message)
    }

    pub(in crate::group) fn response(self) -> ConsumerGroupHeartbeatResponse {
        ConsumerGroupHeartbeatResponse {
            error_code: self.error.0,
            error_message: Some(self.message),
            ..Default::default()
        }
    }
}
