//! One pass over groups: some at a time are read at the source, translated, looked at and committed at the target.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join;
use futures_util::{StreamExt, TryStreamExt, stream};
use strait_client::{GroupCommitter, GroupListing};
use strait_replicator_core::group::GroupOutcome;
use tracing::info;

use super::{GroupTask, Groups, PassError, Side, TranslatedGroup};

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

/// What became of groups, by their ids.
pub(super) type Outcomes = BTreeMap<String, GroupOutcome>;

/// What a pass found and did.
pub(super) struct Passed {
    pub(super) groups: Vec<TranslatedGroup>,
    /// Groups whose offsets could not be read.
    pub(super) unread: BTreeSet<String>,
    /// Why the target could not be asked does not hide what was found at the source.
    pub(super) outcomes: Result<Outcomes, PassError>,
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
        let passed = steps.into_iter().reduce(Passed::and).unwrap_or_default();
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
        let (outcomes, committed) = match self.at_target(&groups, shared).await {
            Ok((outcomes, committed)) => (Ok(outcomes), committed),
            Err(error) => (Err(error), 0),
        };
        Ok(Passed { groups, unread, outcomes, committed })
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

impl Default for Passed {
    fn default() -> Self {
        let (groups, unread) = (Vec::new(), BTreeSet::new());
        Self { groups, unread, outcomes: Ok(Outcomes::new()), committed: 0 }
    }
}

impl Passed {
    fn and(mut self, next: Self) -> Self {
        self.groups.extend(next.groups);
        self.unread.extend(next.unread);
        self.committed += next.committed;
        self.outcomes = match (self.outcomes, next.outcomes) {
            (Ok(mut outcomes), Ok(more)) => {
                outcomes.extend(more);
                Ok(outcomes)
            }
            (Err(error), _) | (_, Err(error)) => Err(error),
        };
        self
    }
}
