//! Questions about groups from outside, answered between two passes.

use tokio::sync::oneshot;

use super::passing::{AtTarget, Passed};
use super::{GroupTask, PassError};
use crate::status::GroupStatus;

/// Which groups.
#[derive(Clone, Debug)]
pub(crate) enum Groups {
    All,
    Named(Vec<String>),
}

impl Groups {
    pub(super) fn has(&self, id: &str) -> bool {
        match self {
            Self::All => true,
            Self::Named(names) => names.iter().any(|name| name == id),
        }
    }
}

/// A side of the flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Source,
    Target,
}

/// What a group committed at one side.
#[derive(Clone, Debug)]
pub(crate) struct GroupOffset {
    pub(crate) group: String,
    /// By its name at that side.
    pub(crate) topic: String,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
}

/// A question, and where its answer or the reason for none goes.
pub(crate) enum GroupQuestion {
    /// Groups of the source: where they stand, and what would be committed at the target, or is.
    Sync { groups: Groups, dry_run: bool, answer: oneshot::Sender<Result<Vec<GroupStatus>, String>> },
    /// What groups committed at one side.
    Committed { side: Side, groups: Groups, answer: oneshot::Sender<Result<Vec<GroupOffset>, String>> },
}

impl GroupTask {
    pub(super) async fn answer(&mut self, question: GroupQuestion) {
        // Who asked may be gone.
        match question {
            GroupQuestion::Sync { groups, dry_run, answer } => {
                let found = self.sync_now(&groups, dry_run).await;
                let _ = answer.send(found.map_err(|error| error.to_string()));
            }
            GroupQuestion::Committed { side, groups, answer } => {
                let found = self.committed_at(side, &groups).await;
                let _ = answer.send(found.map_err(|error| error.to_string()));
            }
        }
    }

    async fn sync_now(&mut self, asked: &Groups, dry_run: bool) -> Result<Vec<GroupStatus>, PassError> {
        if !dry_run && !self.owns_flow() {
            return Err(PassError::NotOwner);
        }
        let at_target = if dry_run { AtTarget::Look } else { AtTarget::Commit };
        let Passed { found, target_error, .. } = self.pass_over(asked, at_target).await?;
        match target_error {
            Some(error) => Err(error),
            None => Ok(found.statuses().collect()),
        }
    }

    async fn committed_at(&self, side: Side, asked: &Groups) -> Result<Vec<GroupOffset>, PassError> {
        let followed = self.followed(side, asked).await?;
        let ids: Vec<String> = followed.into_iter().map(|group| group.group_id).collect();
        let (cluster, failed) = self.at(side);
        let mut found = Vec::new();
        for (group, committed) in cluster.committed_offsets(&ids).await.map_err(failed)? {
            let committed = committed.map_err(PassError::Group)?;
            for (topic, partitions) in committed {
                found.extend(partitions.into_iter().map(|(partition, at)| GroupOffset {
                    group: group.clone(),
                    topic: topic.clone(),
                    partition,
                    offset: at.offset,
                }));
            }
        }
        Ok(found)
    }
}
