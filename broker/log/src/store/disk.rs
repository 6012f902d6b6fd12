//! The files of the machine.

use std::fs::{self, File, OpenOptions};
use std::io::{self, IoSlice};
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::pwritev;

use super::{FolderEntry, Store, StoreFile};

/// Slices in one vectored write; Linux takes 1,024.
const SLICES_PER_WRITE: usize = 256;

/// The page cache keeps what one write brings in pieces as long as it. Long pieces take less to write to and less to send,
/// and a file that has its length needs no new one in the journal for each write.
const FILLED_BY: u64 = 256 << 10;
static ZEROS: [u8; 64 << 10] = [0; 64 << 10];

/// Files of the machine, with positioned reads and vectored writes.
#[derive(Clone, Copy, Debug, Default)]
pub struct DiskStore;

#[derive(Debug)]
struct DiskFile(File);

impl Store for DiskStore {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn StoreFile>> {
        Ok(Arc::new(DiskFile(File::open(path)?)))
    }

    fn open_to_write(&self, path: &Path) -> io::Result<Arc<dyn StoreFile>> {
        let file = OpenOptions::new().create(true).truncate(false).write(true).read(true).open(path)?;
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
    fn write_at(&self, mut position: u64, slices: &[Bytes]) -> io::Result<()> {
        for slices in slices.chunks(SLICES_PER_WRITE) {
            let mut slices: Vec<IoSlice<'_>> = slices.iter().map(|slice| IoSlice::new(slice)).collect();
            position += write_all_at(&self.0, position, &mut slices)?;
        }
        Ok(())
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

    fn filled_by(&self) -> Option<u64> {
        Some(FILLED_BY)
    }

    fn fill(&self, range: Range<u64>) -> io::Result<()> {
        let mut left = usize::try_from(range.end.saturating_sub(range.start)).map_err(io::Error::other)?;
        let mut slices = Vec::with_capacity(left.div_ceil(ZEROS.len()));
        while left > 0 {
            let zeros = &ZEROS[..left.min(ZEROS.len())];
            slices.push(IoSlice::new(zeros));
            left -= zeros.len();
        }
        write_all_at(&self.0, range.start, &mut slices).map(drop)
    }

    fn give_back(&self, end: u64) -> io::Result<()> {
        // Linux frees what is behind the end even of a file that keeps its length.
        self.0.set_len(end)
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        Some(self.0.as_fd())
    }
}

/// Gives how many bytes that were.
fn write_all_at(file: &File, position: u64, mut slices: &mut [IoSlice<'_>]) -> io::Result<u64> {
    let mut all = 0;
    IoSlice::advance_slices(&mut slices, 0);
    while !slices.is_empty() {
        match pwritev(file, slices, position + all).map_err(io::Error::from) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                IoSlice::advance_slices(&mut slices, written);
                all += written as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    /// The unit of [`MetadataExt::blocks`].
    const BLOCK: u64 = 512;
    const ROOM: u64 = 1 << 20;

    #[test]
    fn room_that_was_set_aside_or_filled_is_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let written = vec![7; 5_000];
        let length = written.len() as u64;
        let file = DiskStore.open_to_write(&path).unwrap();
        file.write_at(0, &[written.clone().into()]).unwrap();
        file.set_aside(length, ROOM);
        assert_eq!(file.length().unwrap(), length);
        file.fill(length..FILLED_BY).unwrap();
        assert_eq!(file.length().unwrap(), FILLED_BY);
        file.write_at(length, &[written[..1].to_vec().into(), written[1..].to_vec().into()]).unwrap();
        let both = [written.clone(), written].concat();
        assert_eq!(
            fs::read(&path).unwrap(),
            [both.clone(), vec![0; FILLED_BY as usize - both.len()]].concat()
        );
        file.give_back(2 * length).unwrap();
        assert_eq!(fs::read(&path).unwrap(), both);
        assert!(fs::metadata(&path).unwrap().blocks() * BLOCK < ROOM, "it is still set aside");
    }
}
