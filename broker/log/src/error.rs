//! What can go wrong in a log, with the file and the position.

use std::io;
use std::path::{Path, PathBuf};

use strait_wire::batch::BatchError;

/// A failure of a log. Only [`LogError::Offline`] needs the log to be opened again.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error("can't {operation} {} at {position}: {source}", path.display())]
    Io { operation: &'static str, path: PathBuf, position: u64, source: io::Error },
    /// There is no room. A batch was not appended; the log ends where it did.
    #[error("no room to {operation} {} at {position}", path.display())]
    DiskFull { operation: &'static str, path: PathBuf, position: u64 },
    /// An earlier flush failed, so what is on disk is not known.
    #[error("{} is offline since a flush failed", path.display())]
    Offline { path: PathBuf },
    #[error("{} is damaged at {position}: {source}", path.display())]
    CorruptBatch { path: PathBuf, position: u64, source: BatchError },
    #[error("{} is damaged at {position}: {what}", path.display())]
    CorruptFile { path: PathBuf, position: u64, what: &'static str },
    #[error("offset {offset} is not in {}, which has {start} to {end}", path.display())]
    OffsetOutOfRange { path: PathBuf, offset: i64, start: i64, end: i64 },
    #[error("a batch at offset {base_offset} can't follow {end} in {}", path.display())]
    OutOfOrder { path: PathBuf, base_offset: i64, end: i64 },
    #[error("a batch of {bytes} bytes is above the {segment_bytes} bytes of a segment of {}", path.display())]
    BatchTooLarge { path: PathBuf, bytes: u64, segment_bytes: u32 },
    #[error("the header of the batch at offset {base_offset} says {said:?} bytes, there are {bytes}")]
    WrongLength { base_offset: i64, said: Option<usize>, bytes: u64 },
}

impl LogError {
    pub(crate) fn corrupt(path: &Path, position: u64, what: &'static str) -> Self {
        Self::CorruptFile { path: path.to_owned(), position, what }
    }

    pub(crate) fn damaged(path: &Path, position: u64, source: BatchError) -> Self {
        Self::CorruptBatch { path: path.to_owned(), position, source }
    }

    /// Whether bytes on disk are wrong, as opposed to a disk that can't be used.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(self, Self::CorruptBatch { .. } | Self::CorruptFile { .. })
    }

    /// Whether a file or folder was simply not there.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

/// Says which file and where an I/O error was.
pub(crate) trait At<T> {
    fn at(self, operation: &'static str, path: &Path, position: u64) -> Result<T, LogError>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, operation: &'static str, path: &Path, position: u64) -> Result<T, LogError> {
        let path = || path.to_owned();
        self.map_err(|source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                LogError::DiskFull { operation, path: path(), position }
            }
            _ => LogError::Io { operation, path: path(), position, source },
        })
    }
}
