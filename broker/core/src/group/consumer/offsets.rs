//! Whether offsets may be committed and fetched (`ConsumerGroup.validateOffsetCommit`, KIP-1251).

use std::collections::BTreeSet;

use strait_wire::error_code::ErrorCode;
use strait_wire::ids::Uuid;

use super::{ConsumerGroup, Member};
use crate::group::classic::Committer;

/// From this version of OffsetCommit on members of consumer groups may commit.
const MEMBER_EPOCH_SINCE: i16 = 9;

/// What a member that may commit may commit for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::group) enum PartitionCheck {
    /// Everything.
    All,
    /// It is behind: only what it had already in its epoch; anything else is this error.
    Only(BTreeSet<(Uuid, i32)>, ErrorCode),
}

impl PartitionCheck {
    pub(in crate::group) fn check(&self, topic: Option<Uuid>, partition: i32) -> Result<(), ErrorCode> {
        match self {
            Self::All => Ok(()),
            Self::Only(allowed, _) if topic.is_some_and(|topic| allowed.contains(&(topic, partition))) => {
                Ok(())
            }
            Self::Only(_, error) => Err(*error),
        }
    }
}

impl ConsumerGroup {
    pub(in crate::group) fn check_commit(
        &self,
        committer: Committer<'_>,
        version: i16,
    ) -> Result<PartitionCheck, ErrorCode> {
        let Committer { member_id, instance_id, generation: epoch, is_transactional } = committer;
        let is_nobody = epoch == -1 && member_id.is_empty() && instance_id.is_none();
        if epoch < 0 && self.members.is_empty() || is_transactional && is_nobody {
            return Ok(PartitionCheck::All);
        }
        let member = self.members.get(member_id).ok_or(ErrorCode::UNKNOWN_MEMBER_ID)?;
        if !is_transactional && !member.is_classic() && version < MEMBER_EPOCH_SINCE {
            return Err(ErrorCode::UNSUPPORTED_VERSION);
        }
        let stale = stale(member);
        match epoch.cmp(&member.current.epoch) {
            std::cmp::Ordering::Equal => Ok(PartitionCheck::All),
            std::cmp::Ordering::Greater => Err(stale),
            std::cmp::Ordering::Less => Ok(PartitionCheck::Only(had_in(member, epoch), stale)),
        }
    }

    /// Who names no member may fetch.
    pub(in crate::group) fn check_fetch(&self, member_id: Option<&str>, epoch: i32) -> Result<(), ErrorCode> {
        let Some(id) = member_id else {
            return if epoch < 0 { Ok(()) } else { Err(ErrorCode::UNKNOWN_MEMBER_ID) };
        };
        let member = self.members.get(id).ok_or(ErrorCode::UNKNOWN_MEMBER_ID)?;
        if member.current.epoch == epoch { Ok(()) } else { Err(stale(member)) }
    }
}

fn stale(member: &Member) -> ErrorCode {
    if member.is_classic() { ErrorCode::ILLEGAL_GENERATION } else { ErrorCode::STALE_MEMBER_EPOCH }
}

fn had_in(member: &Member, epoch: i32) -> BTreeSet<(Uuid, i32)> {
    let topics = member.current.assigned.iter().chain(&member.current.revoking);
    let all = topics.flat_map(|(topic, partitions)| {
        partitions.iter().map(|(partition, since)| ((*topic, *partition), *since))
    });
    all.filter(|(_, since)| *since <= epoch).map(|(partition, _)| partition).collect()
}
