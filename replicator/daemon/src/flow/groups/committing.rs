//! Translated offsets committed at the target.

use std::collections::BTreeMap;

use strait_client::{BrokerError, CommittedOffset, CommittedOffsets, GroupListing};
use strait_replicator_core::group::{
    GroupOutcome, GroupState, PartitionSync, TargetGroup, TargetPartition, sync_group,
};
use strait_wire::error_code::ErrorCode;
use tracing::{debug, info};

use super::{GroupTask, PassError, TranslatedGroup};

/// States in which nobody is in a group.
const IDLE_STATES: [&str; 2] = ["Empty", "Dead"];

impl GroupTask {
    /// Commits what may be committed, and gives what became of each group.
    pub(super) async fn sync(
        &self,
        groups: &[TranslatedGroup],
    ) -> Result<BTreeMap<String, GroupOutcome>, PassError> {
        let all: Vec<&TranslatedGroup> = groups.iter().collect();
        let mut outcomes = self.outcomes(&all).await?;
        let has_commits = |group: &&TranslatedGroup| {
            outcomes.get(&group.id).is_some_and(|outcome| outcome.commits().next().is_some())
        };
        let due: Vec<&TranslatedGroup> = groups.iter().filter(has_commits).collect();
        if !due.is_empty() && self.owns_flow() {
            // Who came, committed and left since the first look must not be set back.
            outcomes.extend(self.outcomes(&due).await?);
            self.commit(&due, &mut outcomes).await?;
        }
        Ok(outcomes)
    }

    /// What is to become of groups, as they are at the target now.
    pub(super) async fn outcomes(
        &self,
        groups: &[&TranslatedGroup],
    ) -> Result<BTreeMap<String, GroupOutcome>, PassError> {
        let mut targets = self.target_groups(groups).await?;
        let outcome = |group: &&TranslatedGroup| {
            let nothing = TargetGroup::Idle { committed: BTreeMap::new() };
            let target = targets.remove(&group.id).unwrap_or(nothing);
            let places = group.partitions.iter();
            let wanted = places.map(|(partition, place)| (partition.clone(), place.translated)).collect();
            (group.id.clone(), sync_group(&wanted, &target))
        };
        Ok(groups.iter().map(outcome).collect())
    }

    async fn target_groups(
        &self,
        groups: &[&TranslatedGroup],
    ) -> Result<BTreeMap<String, TargetGroup>, PassError> {
        let listed = self.parts.target.list_groups().await.map_err(PassError::Target)?;
        let listed: BTreeMap<String, GroupListing> =
            listed.into_iter().map(|group| (group.group_id.clone(), group)).collect();
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

    async fn commit(
        &self,
        groups: &[&TranslatedGroup],
        outcomes: &mut BTreeMap<String, GroupOutcome>,
    ) -> Result<(), PassError> {
        let mut commits: BTreeMap<String, CommittedOffsets> = BTreeMap::new();
        for group in groups {
            let Some(outcome) = outcomes.get(&group.id) else { continue };
            let offsets: CommittedOffsets = outcome
                .commits()
                .map(|(partition, offset)| {
                    let metadata = group
                        .partitions
                        .get(partition)
                        .map(|place| place.metadata.clone())
                        .unwrap_or_default();
                    // An epoch of the source's leaders means nothing to those of the target.
                    (partition.clone(), CommittedOffset { offset, leader_epoch: -1, metadata })
                })
                .collect();
            if !offsets.is_empty() {
                commits.insert(group.id.clone(), offsets);
            }
        }
        if commits.is_empty() {
            return Ok(());
        }
        let answers = self.parts.target.commit_offsets(&commits).await.map_err(PassError::Target)?;
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
        info!(flow = %self.parts.flow.id(), groups = committed, "offsets of groups are committed at the target");
        Ok(())
    }
}

fn offsets_of(committed: CommittedOffsets) -> BTreeMap<TargetPartition, i64> {
    committed.into_iter().map(|(partition, committed)| (partition, committed.offset)).collect()
}

/// The target has what was to be committed.
fn settle(outcome: &mut GroupOutcome) {
    for sync in outcome.partitions.values_mut() {
        if matches!(sync, PartitionSync::Commit { .. }) {
            *sync = PartitionSync::Synced;
        }
    }
}

fn refuse(outcome: &mut GroupOutcome, partition: Option<&TargetPartition>, error: &BrokerError) {
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
