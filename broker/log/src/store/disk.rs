//! The files of the machine.

use std::fs::{self, File, OpenOptions};
use std::io::{self, IoSlice, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use rustix::fs::{FallocateFlags, fallocate};

use super::{FolderEntry, Store, StoreFile};

/// Slices in one vectored write; Linux takes 1,024.
const SLICES_PER_WRITE: usize = 256;

/// Files of the machine, with positioned reads and vectored appends.
#[derive(Clone, Copy, Debug, Default)]
pub struct DiskStore;

#[derive(Debug)]
struct DiskFile(File);

impl Store for DiskStore {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn StoreFile>> {
        Ok(Arc::new(DiskFile(File::open(path)?)))
    }

    fn open_append(&self, path: &Path) -> io::Result<Arc<dyn StoreFile>> {
        let file = OpenOptions::new().create(true).append(true).read(true).open(path)?;
        Ok(Arc::new(DiskFile(file)))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<FolderEntry>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            // A name that is no text is none of ours.
            let Ok(name) = entry.file_name().into_string() else { continue };
            let metadata = entry.metadata()?;
            entries.push(FolderEntry { name, is_folder: metadata.is_dir(), length: metadata.len() });
        }
        Ok(entries)
    }

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_folder(&self, folder: &Path) -> io::Result<()> {
        fs::remove_dir_all(folder)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }

    fn modified_ms(&self, path: &Path) -> io::Result<i64> {
        let since = fs::metadata(path)?.modified()?.duration_since(UNIX_EPOCH).map_err(io::Error::other)?;
        i64::try_from(since.as_millis()).map_err(io::Error::other)
    }
}

impl StoreFile for DiskFile {
    fn append(&self, slices: &[Bytes]) -> io::Result<()> {
        slices.chunks(SLICES_PER_WRITE).try_for_each(|slices| append_all(&self.0, slices))
    }

    fn read_at(&self, position: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut read = 0;
        while read < buffer.len() {
            match self.0.read_at(&mut buffer[read..], position + read as u64) {
                Ok(0) => break,
                Ok(bytes) => read += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(read)
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        // ext4 takes a file that was cut to nothing, even if it was empty, for one that is being replaced, and writes all
        // of it to the disk when it is closed: for a segment of 1 GiB while nobody can append.
        if self.length()? == length { Ok(()) } else { self.0.set_len(length) }
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn set_aside(&self, position: u64, bytes: u64) {
        let _ = fallocate(&self.0, FallocateFlags::KEEP_SIZE, position, bytes);
    }

    fn give_back(&self) {
        // Linux frees what is behind the end even of a file that keeps its length.
        let _ = self.length().and_then(|length| self.0.set_len(length));
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        Some(self.0.as_fd())
    }
}

fn append_all(mut file: &File, slices: &[Bytes]) -> io::Result<()> {
    let mut slices: Vec<IoSlice<'_>> = slices.iter().map(|slice| IoSlice::new(slice)).collect();
    let mut left = slices.as_mut_slice();
    IoSlice::advance_slices(&mut left, 0);
    while !left.is_empty() {
        match file.write_vectored(left) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut left, written),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    /// The unit of [`MetadataExt::blocks`].
    const BLOCK: u64 = 512;
    const ROOM: u64 = 1 << 20;

    #[test]
    fn room_that_was_set_aside_changes_no_file_and_is_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let written = vec![7; 5_000];
        let file = DiskStore.open_append(&path).unwrap();
        file.append(&[written.clone().into()]).unwrap();
        file.set_aside(written.len() as u64, ROOM);
        assert_eq!(file.length().unwrap(), written.len() as u64);
        file.append(&[written.clone().into()]).unwrap();
        file.give_back();
        assert_eq!(fs::read(&path).unwrap(), [written.clone(), written].concat());
        assert!(fs::metadata(&path).unwrap().blocks() * BLOCK < ROOM, "it is still set aside");
    }
}
