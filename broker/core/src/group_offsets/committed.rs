//! A committed offset.

use strait_wire::ids::Uuid;

use crate::internal_record::offset_commit::OffsetCommitValue;

/// What a group committed for a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommittedOffset {
    pub offset: i64,
    /// -1 when the client did not tell it.
    pub leader_epoch: i32,
    pub metadata: String,
    /// Milliseconds.
    pub committed_ms: i64,
    /// Set by clients of old versions only.
    pub expires_ms: Option<i64>,
    /// Zero when not known.
    pub topic_id: Uuid,
}

impl CommittedOffset {
    pub(crate) fn value(&self) -> OffsetCommitValue {
        OffsetCommitValue {
            offset: self.offset,
            leader_epoch: self.leader_epoch,
            metadata: self.metadata.clone(),
            commit_timestamp: self.committed_ms,
            expire_timestamp: self.expires_ms.unwrap_or(-1),
            topic_id: self.topic_id,
        }
    }

    /// Whether the offset is too old, when its age counts from `base_ms`. Its own time of expiry goes first.
    pub(crate) fn is_expired(&self, base_ms: i64, now_ms: i64, retention_ms: i64) -> bool {
        match self.expires_ms {
            Some(expires_ms) => now_ms >= expires_ms,
            None => now_ms.saturating_sub(base_ms) >= retention_ms,
        }
    }
}

impl From<OffsetCommitValue> for CommittedOffset {
    fn from(value: OffsetCommitValue) -> Self {
        Self {
            offset: value.offset,
            leader_epoch: value.leader_epoch,
            metadata: value.metadata,
            committed_ms: value.commit_timestamp,
            expires_ms: Some(value.expire_timestamp).filter(|expires_ms| *expires_ms != -1),
            topic_id: value.topic_id,
        }
    }
}
