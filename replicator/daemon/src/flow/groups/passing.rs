//! One pass over groups: some at a time are read at the source, translated, looked at and committed at the target.

use std::collections::BTreeMap;

use futures_util::future::try_join;
use futures_util::{StreamExt, TryStreamExt, stream};
use strait_client::{GroupCommitter, GroupListing};
use tracing::info;

use super::found::{FoundGroups, Outcomes, TranslatedGroup};
use super::{GroupTask, Groups, PassError, Side};
use crate::flow::lane::unix_ms;

/// Groups of one step.
const GROUPS_AT_ONCE: usize = 250;
/// While one step waits for a cluster, the others go on.
const STEPS_AT_ONCE: usize = 3;

/// What is done at the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AtTarget {
    Nothing,
    /// It is looked at.
    Look,
    /// It is looked at, and what may be committed is.
    Commit,
}

/// What a pass found and did.
#[derive(Default)]
pub(super) struct Passed {
    pub(super) found: FoundGroups,
    /// Why the target could not be asked: that does not hide what was found at the source.
    pub(super) target_error: Option<PassError>,
    /// Groups that there was something to commit for.
    committed: usize,
}

/// What steps of a pass share.
struct Shared {
    at_target: AtTarget,
    listed: BTreeMap<String, GroupListing>,
    committer: GroupCommitter,
}

impl GroupTask {
    pub(super) async fn pass_over(&self, asked: &Groups, at_target: AtTarget) -> Result<Passed, PassError> {
        let (followed, listed) = try_join(self.followed(Side::Source, asked), self.listed(at_target)).await?;
        let shared = Shared { at_target, listed, committer: self.parts.target.group_committer() };
        let steps = stream::iter(followed.chunks(GROUPS_AT_ONCE)).map(|groups| self.step(groups, &shared));
        let steps: Vec<Passed> = steps.buffered(STEPS_AT_ONCE).try_collect().await?;
        let mut passed = steps.into_iter().reduce(Passed::and).unwrap_or_default();
        passed.found.at_ms = unix_ms();
        if passed.committed > 0 {
            info!(flow = %self.parts.flow.id(), groups = passed.committed, "offsets of groups are committed at the target");
        }
        Ok(passed)
    }

    async fn listed(&self, at_target: AtTarget) -> Result<BTreeMap<String, GroupListing>, PassError> {
        if at_target == AtTarget::Nothing {
            return Ok(BTreeMap::new());
        }
        let listed = self.parts.target.list_groups().await.map_err(PassError::Target)?;
        Ok(listed.into_iter().map(|group| (group.group_id.clone(), group)).collect())
    }

    async fn step(&self, followed: &[GroupListing], shared: &Shared) -> Result<Passed, PassError> {
        let (groups, unread) = self.committed_at_source(followed).await?;
        let groups = self.translate(groups).await?;
        let mut found = FoundGroups { groups, unread, ..FoundGroups::default() };
        let (target_error, committed) = match self.at_target(&found.groups, shared).await {
            Ok((outcomes, committed)) => {
                found.outcomes = outcomes;
                (None, committed)
            }
            Err(error) => (Some(error), 0),
        };
        Ok(Passed { found, target_error, committed })
    }

    async fn at_target(
        &self,
        groups: &[TranslatedGroup],
        shared: &Shared,
    ) -> Result<(Outcomes, usize), PassError> {
        if shared.at_target == AtTarget::Nothing {
            return Ok((Outcomes::new(), 0));
        }
        let mut outcomes = self.outcomes(groups, &shared.listed).await?;
        // Committed at once: who comes, commits and leaves at the target meanwhile must not be set back.
        let committed = match shared.at_target == AtTarget::Commit && self.owns_flow() {
            true => self.commit(&shared.committer, groups, &mut outcomes).await?,
            false => 0,
        };
        Ok((outcomes, committed))
    }
}

impl Passed {
    fn and(self, next: Self) -> Self {
        Self {
            found: self.found.and(next.found),
            target_error: self.target_error.or(next.target_error),
            committed: self.committed + next.committed,
        }
    }
}
