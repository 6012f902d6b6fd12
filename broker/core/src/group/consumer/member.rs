//! A member of a consumer group (`ConsumerGroupMember`).

use std::collections::BTreeSet;

use super::partitions::{Owned, owned_of_record, owned_record};
use crate::internal_record::consumer_group::{
    ConsumerGroupCurrentMemberAssignmentValue as CurrentValue,
    ConsumerGroupMemberMetadataValue as MemberValue,
};

/// The epoch of a static member that went away for a while.
pub(super) const AWAY_EPOCH: i32 = -2;
/// The epoch of a member that leaves.
pub(super) const LEAVE_EPOCH: i32 = -1;

/// How far a member is on its way to its target (`MemberState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MemberState {
    /// It has what it shall have.
    Stable,
    /// It has to give partitions away first.
    UnrevokedPartitions,
    /// It waits for partitions that others still have.
    UnreleasedPartitions,
    /// A newer Kafka wrote something that is not known here.
    Unknown,
}

impl MemberState {
    fn of_record(state: i8) -> Self {
        match state {
            1 => Self::Stable,
            2 => Self::UnrevokedPartitions,
            3 => Self::UnreleasedPartitions,
            _ => Self::Unknown,
        }
    }

    fn record(self) -> i8 {
        match self {
            Self::Stable => 1,
            Self::UnrevokedPartitions => 2,
            Self::UnreleasedPartitions => 3,
            Self::Unknown => 127,
        }
    }
}

/// What a member has, and in which epoch.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Current {
    pub(super) epoch: i32,
    pub(super) previous_epoch: i32,
    pub(super) state: MemberState,
    pub(super) assigned: Owned,
    /// It shall give these away, and may have them still.
    pub(super) revoking: Owned,
}

impl Default for Current {
    /// A member that nobody heard of before.
    fn default() -> Self {
        let (assigned, revoking) = (Owned::new(), Owned::new());
        Self { epoch: 0, previous_epoch: -1, state: MemberState::Stable, assigned, revoking }
    }
}

impl Current {
    pub(super) fn of_record(value: CurrentValue) -> Self {
        let epoch = value.member_epoch;
        Self {
            epoch,
            previous_epoch: value.previous_member_epoch,
            state: MemberState::of_record(value.state),
            assigned: owned_of_record(value.assigned_partitions, epoch),
            revoking: owned_of_record(value.partitions_pending_revocation, epoch),
        }
    }

    pub(super) fn record(&self) -> CurrentValue {
        CurrentValue {
            member_epoch: self.epoch,
            previous_member_epoch: self.previous_epoch,
            state: self.state.record(),
            assigned_partitions: owned_record(&self.assigned),
            partitions_pending_revocation: owned_record(&self.revoking),
        }
    }

    /// Whether nothing is left to do for the epoch.
    pub(super) fn has_reached(&self, epoch: i32) -> bool {
        self.state == MemberState::Stable && self.epoch == epoch
    }
}

/// A member: what it said of itself, and what it has.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Member {
    /// The topics are sorted, each once.
    pub(super) metadata: MemberValue,
    pub(super) current: Current,
}

impl Default for Member {
    fn default() -> Self {
        let metadata = MemberValue {
            subscribed_topic_regex: Some(String::new()),
            rebalance_timeout_ms: -1,
            ..MemberValue::default()
        };
        Self { metadata, current: Current::default() }
    }
}

impl Member {
    pub(super) fn regex(&self) -> Option<&str> {
        self.metadata.subscribed_topic_regex.as_deref().filter(|regex| !regex.is_empty())
    }

    pub(super) fn is_classic(&self) -> bool {
        self.metadata.classic_member_metadata.is_some()
    }
}

/// Names as a record has them.
pub(super) fn sorted(names: &[String]) -> Vec<String> {
    names.iter().collect::<BTreeSet<_>>().into_iter().cloned().collect()
}
