//! Whether offsets may be committed or deleted (`ClassicGroup.validateOffsetCommit`).

use strait_wire::error_code::ErrorCode;

use super::{ClassicGroup, State};

/// Who commits.
#[derive(Clone, Copy, Debug)]
pub(in crate::group) struct Committer<'a> {
    pub(in crate::group) member_id: &'a str,
    pub(in crate::group) instance_id: Option<&'a str>,
    /// Negative for those who take no part in the group.
    pub(in crate::group) generation: i32,
    pub(in crate::group) is_transactional: bool,
}

/// When offsets are too old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OffsetAge {
    /// Since the group became empty; since the commit where that is not known.
    SinceEmpty(i64),
    SinceCommit,
}

impl ClassicGroup {
    pub(in crate::group) fn check_commit(&self, committer: Committer<'_>) -> Result<(), ErrorCode> {
        let Committer { member_id, instance_id, generation, is_transactional } = committer;
        if generation < 0 && self.state == State::Empty {
            return Ok(());
        }
        if generation >= 0 || !member_id.is_empty() || instance_id.is_some() {
            self.check_member(member_id, instance_id)?;
            if generation != self.generation {
                return Err(ErrorCode::ILLEGAL_GENERATION);
            }
        } else if !is_transactional && self.state != State::Empty {
            return Err(ErrorCode::UNKNOWN_MEMBER_ID);
        }
        if !is_transactional && self.state == State::CompletingRebalance {
            return Err(ErrorCode::REBALANCE_IN_PROGRESS);
        }
        Ok(())
    }

    /// A commit in these states is a sign of life.
    pub(in crate::group) fn commit_is_heard(&self) -> bool {
        matches!(self.state, State::Stable | State::PreparingRebalance)
    }

    pub(in crate::group) fn check_offset_delete(&self) -> Result<(), ErrorCode> {
        if self.state == State::Empty || self.is_consumer() {
            Ok(())
        } else {
            Err(ErrorCode::NON_EMPTY_GROUP)
        }
    }

    /// How the age of offsets counts; `None` while they do not age.
    pub(in crate::group) fn offset_age(&self) -> Option<OffsetAge> {
        if self.protocol_type.is_none() {
            return Some(OffsetAge::SinceCommit);
        }
        match self.state {
            State::Empty if self.state_since_ms >= 0 => Some(OffsetAge::SinceEmpty(self.state_since_ms)),
            State::Empty => Some(OffsetAge::SinceCommit),
            State::Stable if self.is_consumer() && self.subscribed_topics.is_some() => {
                Some(OffsetAge::SinceCommit)
            }
            State::Stable | State::PreparingRebalance | State::CompletingRebalance => None,
        }
    }
}
