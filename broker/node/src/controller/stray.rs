//! Folders that belong to no topic of the metadata: renamed, never removed, since somebody may want them.

use std::io;
use std::path::{Path, PathBuf};

use strait_broker_log::names;

use crate::random::{self, NoRandomnessError};

/// A folder can't be put aside.
#[derive(Debug, thiserror::Error)]
pub enum StrayError {
    #[error(transparent)]
    NoRandomness(#[from] NoRandomnessError),
    #[error("can't rename {}: {source}", path.display())]
    Rename { path: PathBuf, source: io::Error },
}

/// Renames the folder of a partition to `<topic>-<partition>.<unique id>-stray`.
pub(super) fn put_aside(data: &Path, (topic, partition): (&str, i32)) -> Result<(), StrayError> {
    let path = data.join(names::partition_folder(topic, partition));
    let mut stray = path.as_os_str().to_owned();
    stray.push(format!(".{}-stray", random::uuid()?));
    let stray = PathBuf::from(stray);
    tracing::warn!(folder = %path.display(), renamed = %stray.display(), "no topic has this folder");
    std::fs::rename(&path, &stray).map_err(|source| StrayError::Rename { path, source })
}
