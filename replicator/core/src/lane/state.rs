//! The states of a partition, with what a person needs to know of each.

use std::fmt;

use strait_wire::error_code::ErrorCode;

use super::StateName;

/// What a partition does, and why it does nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartitionState {
    /// Asks the target where it stands, or waits for a leader.
    Waiting,
    Running,
    /// The source's log begins after the position; the range between is lost.
    RetentionGap {
        first_lost: i64,
        last_lost: i64,
    },
    /// The topic was deleted and made again under the same name.
    Recreated {
        stopped_at: i64,
    },
    /// One side holds fewer records than were copied: those of the source from first to last are missing.
    Truncated {
        side: Side,
        first_offset: i64,
        last_offset: i64,
    },
    /// Both sides can't be brought together.
    Diverged {
        detail: String,
    },
    /// The target refuses records for what they hold.
    Refused {
        code: ErrorCode,
        first_offset: i64,
        last_offset: i64,
    },
    /// A batch of the source is damaged or can't be written at the target.
    Poisoned {
        detail: String,
    },
    /// An open transaction holds back what lies after it at the source.
    BlockedByTransaction {
        /// -1 when the source does not tell.
        producer_id: i64,
        first_offset: i64,
        /// Milliseconds since 1970.
        since_ms: i64,
    },
    Unauthorized {
        code: ErrorCode,
    },
    Unreachable {
        detail: String,
    },
}

/// A side of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Source,
    Target,
}

impl fmt::Display for Side {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Source => "source",
            Self::Target => "target",
        })
    }
}

impl PartitionState {
    pub fn name(&self) -> StateName {
        match self {
            Self::Waiting => StateName::Waiting,
            Self::Running => StateName::Running,
            Self::BlockedByTransaction { .. } => StateName::BlockedByTransaction,
            Self::RetentionGap { .. } => StateName::RetentionGap,
            Self::Recreated { .. } => StateName::Recreated,
            Self::Truncated { .. } => StateName::Truncated,
            Self::Diverged { .. } => StateName::Diverged,
            Self::Refused { .. } | Self::Poisoned { .. } => StateName::Refused,
            Self::Unauthorized { .. } => StateName::Unauthorized,
            Self::Unreachable { .. } => StateName::Unreachable,
        }
    }

    /// Nothing moves until a person acts.
    pub fn is_stopped(&self) -> bool {
        match self {
            Self::Waiting
            | Self::Running
            | Self::BlockedByTransaction { .. }
            | Self::Unauthorized { .. }
            | Self::Unreachable { .. } => false,
            Self::RetentionGap { .. }
            | Self::Recreated { .. }
            | Self::Truncated { .. }
            | Self::Diverged { .. }
            | Self::Refused { .. }
            | Self::Poisoned { .. } => true,
        }
    }
}

impl fmt::Display for PartitionState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waiting | Self::Running => formatter.write_str(self.name().as_str()),
            Self::BlockedByTransaction { producer_id, first_offset, since_ms } => write!(
                formatter,
                "producer id {producer_id} has held a transaction open at source offset {first_offset} since {since_ms} \
                 (milliseconds since 1970)"
            ),
            Self::RetentionGap { first_lost, last_lost } => {
                write!(formatter, "source records {first_lost} to {last_lost} are gone by retention")
            }
            Self::Recreated { stopped_at } => {
                write!(
                    formatter,
                    "the source topic was made again; the old one was copied up to {stopped_at}"
                )
            }
            Self::Truncated { side, first_offset, last_offset } => write!(
                formatter,
                "the {side} lost records that were copied: source offsets {first_offset} to {last_offset}"
            ),
            Self::Diverged { detail } | Self::Poisoned { detail } | Self::Unreachable { detail } => {
                formatter.write_str(detail)
            }
            Self::Refused { code, first_offset, last_offset } => {
                write!(formatter, "the target refuses source records {first_offset} to {last_offset}: {code}")
            }
            Self::Unauthorized { code } => write!(formatter, "not allowed: {code}"),
        }
    }
}
