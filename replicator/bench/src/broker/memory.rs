//! Keeps the machine's memory alike for each task.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use super::runner::TOPIC;
use crate::error::BenchError;

const DELETED_LIMIT: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// The kernel takes other memory for writes that are long and even than for odd ones, as those of batches are. A broker may
/// do both.
const CHUNKS: [usize; 2] = [100_001, 256 << 10];

/// Fills so many bytes of the page cache with each kind of write, and a quarter for what comes with them, and gives them
/// back. Where a host takes free memory from its machines (free page reporting), the first to use it pays for its return,
/// several times what a broker costs.
pub(super) fn warm(folder: &Path, bytes: u64) -> Result<(), BenchError> {
    let filled = |length: usize| {
        let mut file = tempfile::tempfile_in(folder)?;
        let chunk = vec![0; length];
        (0..(bytes + bytes / 4).div_ceil(length as u64)).try_for_each(|_| file.write_all(&chunk))?;
        Ok(file)
    };
    // Until all are filled none gives its memory back.
    let files: io::Result<Vec<File>> = CHUNKS.into_iter().map(filled).collect();
    files.map(drop).map_err(|source| BenchError::File { path: folder.to_owned(), source })
}

/// Has the kernel write back what was produced, so that it does not while readers are measured.
pub(super) async fn write_back() -> Result<(), BenchError> {
    tokio::task::spawn_blocking(rustix::fs::sync).await.map_err(|_| BenchError::DriverEnded)
}

/// Waits until brokers that keep their data below `folder` have removed that of deleted topics, so that they neither
/// do it while they are measured nor fill the memory with it.
pub(super) async fn wait_until_removed(folder: &Path) -> Result<(), BenchError> {
    let begun = Instant::now();
    let what = format!("{TOPIC} is removed");
    loop {
        match data_of_topic(folder) {
            Ok(None) => return Ok(()),
            Ok(Some(seen)) if begun.elapsed() > DELETED_LIMIT => {
                return Err(BenchError::Deadline { what, after: DELETED_LIMIT, seen });
            }
            // A folder that goes away while it is read.
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(BenchError::File { path: folder.to_owned(), source });
            }
            Ok(Some(_)) | Err(_) => tokio::time::sleep(LOOK_AGAIN).await,
        }
    }
}

/// A folder of one of its partitions; those of deleted ones have names that begin alike.
fn data_of_topic(folder: &Path) -> io::Result<Option<String>> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_type()?.is_dir() {
            continue;
        }
        if entry.file_name().to_string_lossy().starts_with(&format!("{TOPIC}-")) {
            return Ok(Some(entry.path().display().to_string()));
        }
        if let Some(found) = data_of_topic(&entry.path())? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_found_until_it_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let partition = folder.path().join("broker/data").join(format!("{TOPIC}-0.0123-delete"));
        fs::create_dir_all(&partition).unwrap();
        assert_eq!(data_of_topic(folder.path()).unwrap(), Some(partition.display().to_string()));
        fs::remove_dir(&partition).unwrap();
        assert_eq!(data_of_topic(folder.path()).unwrap(), None);
    }

    #[test]
    fn warming_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        warm(folder.path(), 3).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
