//! One process for one data folder.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, fcntl_lock};
use rustix::io::Errno;

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

/// Holds the folder while it lives, against brokers of ours and of Apache Kafka.
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
        let held = || LockError::Held { path: folder.to_owned() };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(held()),
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        // The lock of Apache Kafka is of another kind, which does not see the one above.
        match fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { _file: file }),
            Err(Errno::AGAIN | Errno::ACCESS) => Err(held()),
            Err(error) => Err(io(error.into())),
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
