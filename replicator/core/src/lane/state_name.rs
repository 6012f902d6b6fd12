//! The names of states: one for each, the same in status, metrics and logs.

use std::fmt;

/// What a flow or a partition does, without the data of [`super::PartitionState`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StateName {
    /// For topics, leaders or answers.
    Waiting,
    Running,
    /// The flow's rate limit, or a broker's quota, holds it back.
    Throttled,
    /// A person stopped the flow.
    Paused,
    /// Another instance owns the flow.
    Standby,
    /// Another instance took the flow over.
    Fenced,
    RetentionGap,
    Recreated,
    Truncated,
    Diverged,
    Refused,
    BlockedByTransaction,
    Unauthorized,
    Unreachable,
}

impl StateName {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Throttled => "throttled",
            Self::Paused => "paused",
            Self::Standby => "standby",
            Self::Fenced => "fenced",
            Self::RetentionGap => "retention_gap",
            Self::Recreated => "recreated",
            Self::Truncated => "truncated",
            Self::Diverged => "diverged",
            Self::Refused => "refused",
            Self::BlockedByTransaction => "blocked_by_transaction",
            Self::Unauthorized => "unauthorized",
            Self::Unreachable => "unreachable",
        }
    }
}

impl fmt::Display for StateName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
