//! One process for one data folder.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Kafka's name for it.
const FILE: &str = ".lock";

/// The folder can't be taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{} is in use by another broker", path.display())]
    Held { path: PathBuf },
}

/// Holds the folder while it lives.
#[derive(Debug)]
pub(crate) struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Makes the folder when it is missing, and takes it.
    pub(crate) fn take(folder: &Path) -> Result<Self, LockError> {
        let made = std::fs::create_dir_all(folder);
        made.map_err(|source| LockError::Io { path: folder.to_owned(), source })?;
        let path = folder.join(FILE);
        let io = |source| LockError::Io { path: path.clone(), source };
        let file = File::create(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LockError::Held { path: folder.to_owned() }),
            Err(TryLockError::Error(source)) => Err(io(source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_taken_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let held = FolderLock::take(folder.path()).expect("free");
        assert!(matches!(FolderLock::take(folder.path()), Err(LockError::Held { .. })));
        drop(held);
        FolderLock::take(folder.path()).expect("free again");
    }
}
