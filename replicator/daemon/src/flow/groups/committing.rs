//! Translated offsets committed at the target.

use std::collections::BTreeMap;

use strait_client::{
    BrokerError, CommittedOffset, CommittedOffsets, GroupCommitter, GroupListing, TopicPartition,
};
use strait_replicator_core::group::{
    ByPartition, GroupOutcome, GroupState, PartitionSync, TargetGroup, sync_group,
};
use strait_wire::error_code::ErrorCode;
use tracing::debug;

use super::found::{Outcomes, TranslatedGroup};
use super::{GroupTask, PassError};

/// States in which nobody is in a group.
const IDLE_STATES: [&str; 2] = ["Empty", "Dead"];

impl GroupTask {
    /// What is to become of groups, as they are at the target now.
    pub(super) async fn outcomes(
        &self,
        groups: &[TranslatedGroup],
        listed: &BTreeMap<String, GroupListing>,
    ) -> Result<Outcomes, PassError> {
        let mut targets = self.target_groups(groups, listed).await?;
        let outcome = |group: &TranslatedGroup| {
            let nothing = TargetGroup::Idle { committed: BTreeMap::new() };
            let target = targets.remove(&group.id).unwrap_or(nothing);
            let wanted = group.topics.iter().map(|(remote, topic)| {
                let places = topic.partitions.iter();
                (&**remote, places.map(|(partition, place)| (*partition, place.translated)))
            });
            (group.id.clone(), sync_group(wanted, &target))
        };
        Ok(groups.iter().map(outcome).collect())
    }

    async fn target_groups(
        &self,
        groups: &[TranslatedGroup],
        listed: &BTreeMap<String, GroupListing>,
    ) -> Result<BTreeMap<String, TargetGroup>, PassError> {
        let ids: Vec<String> = groups.iter().map(|group| group.id.clone()).collect();
        let unstated: Vec<String> = ids
            .iter()
            .filter(|id| listed.get(*id).is_some_and(|group| group.state.is_empty()))
            .cloned()
            .collect();
        let described = self.parts.target.describe_groups(&unstated).await.map_err(PassError::Target)?;
        let described: BTreeMap<String, String> = described
            .into_iter()
            .filter_map(|(id, description)| Some((id, description.ok()?.state)))
            .collect();
        let committed = self.parts.target.committed_offsets(&ids).await.map_err(PassError::Target)?;
        let groups = committed.into_iter().map(|(id, committed)| {
            let group = listed.get(&id);
            let state = described.get(&id).or(group.map(|group| &group.state));
            let target = match (group, state, committed) {
                (Some(group), _, _) if !group.is_of_consumers() => {
                    TargetGroup::OtherProtocol { protocol_type: group.protocol_type.clone() }
                }
                (_, Some(state), _) if !IDLE_STATES.contains(&state.as_str()) => {
                    TargetGroup::Active { state: state.clone() }
                }
                (_, _, Ok(committed)) => TargetGroup::Idle { committed: offsets_of(committed) },
                (_, _, Err(error)) => TargetGroup::Unknown { reason: format!("target: {error}") },
            };
            (id, target)
        });
        Ok(groups.collect())
    }

    /// Gives for how many groups there was something to commit.
    pub(super) async fn commit(
        &self,
        committer: &GroupCommitter,
        groups: &[TranslatedGroup],
        outcomes: &mut Outcomes,
    ) -> Result<usize, PassError> {
        let mut commits: BTreeMap<String, CommittedOffsets> = BTreeMap::new();
        for group in groups {
            let Some(outcome) = outcomes.get(&group.id) else { continue };
            let mut offsets = CommittedOffsets::new();
            for (topic, partition, offset) in outcome.commits() {
                let place = group.topics.get(topic).and_then(|topic| topic.partitions.get(&partition));
                let metadata = place.map(|place| place.metadata.clone()).unwrap_or_default();
                // An epoch of the source's leaders means nothing to those of the target.
                let committed = CommittedOffset { offset, leader_epoch: -1, metadata };
                offsets.entry(topic.to_owned()).or_default().insert(partition, committed);
            }
            if !offsets.is_empty() {
                commits.insert(group.id.clone(), offsets);
            }
        }
        if commits.is_empty() {
            return Ok(0);
        }
        let answers = committer.commit(&commits).await.map_err(PassError::Target)?;
        let committed = answers.len();
        for (id, answer) in answers {
            let Some(outcome) = outcomes.get_mut(&id) else { continue };
            let refused = match answer {
                Ok(results) => results
                    .into_iter()
                    .find_map(|(partition, result)| result.err().map(|error| (Some(partition), error))),
                Err(error) => Some((None, error)),
            };
            match refused {
                Some((partition, error)) => {
                    debug!(flow = %self.parts.flow.id(), group = id, ?partition, %error, "target does not take a group's offsets");
                    refuse(outcome, partition.as_ref(), &error);
                }
                None => settle(outcome),
            }
        }
        Ok(committed)
    }
}

fn offsets_of(committed: CommittedOffsets) -> ByPartition<i64> {
    let topics = committed.into_iter().map(|(topic, partitions)| {
        let partitions = partitions.into_iter().map(|(partition, committed)| (partition, committed.offset));
        (topic, partitions.collect())
    });
    topics.collect()
}

/// The target has what was to be committed.
fn settle(outcome: &mut GroupOutcome) {
    for (_, sync) in outcome.partitions.values_mut().flatten() {
        if matches!(sync, PartitionSync::Commit { .. }) {
            *sync = PartitionSync::Synced;
        }
    }
}

fn refuse(outcome: &mut GroupOutcome, partition: Option<&TopicPartition>, error: &BrokerError) {
    // Somebody joined since the group was looked at.
    let has_members = [
        ErrorCode::UNKNOWN_MEMBER_ID,
        ErrorCode::ILLEGAL_GENERATION,
        ErrorCode::REBALANCE_IN_PROGRESS,
        ErrorCode::STALE_MEMBER_EPOCH,
    ];
    if has_members.contains(&error.code) {
        outcome.state = GroupState::ActiveAtTarget;
        outcome.reason = format!("members are in it at the target ({})", error.code);
        return;
    }
    outcome.state = GroupState::Failed;
    outcome.reason = match partition {
        Some((topic, partition)) => format!("target, {topic}-{partition}: {error}"),
        None => format!("target: {error}"),
    };
}
