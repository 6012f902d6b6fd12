//! Folders that belong to no topic of the metadata: renamed, never removed, since somebody may want them.

use strait_broker_log::{DataFolder, LogError};

use crate::random::{self, NoRandomnessError};

/// A folder can't be put aside.
#[derive(Debug, thiserror::Error)]
pub enum StrayError {
    #[error(transparent)]
    NoRandomness(#[from] NoRandomnessError),
    #[error(transparent)]
    Rename(#[from] LogError),
}

/// Renames the folder of a partition to `<topic>-<partition>.<unique id>-stray`.
pub(super) fn put_aside(data: &DataFolder, (topic, partition): (&str, i32)) -> Result<(), StrayError> {
    let renamed = data.put_aside((topic, partition), &random::uuid()?.to_string())?;
    tracing::warn!(topic, partition, renamed = %renamed.display(), "no topic has this folder");
    Ok(())
}
