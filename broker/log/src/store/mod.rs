//! Files behind a trait, so that tests can make them fail. Every call may block.

mod disk;
pub mod faulty;

pub use disk::DiskStore;

use std::fmt::Debug;
use std::io;
use std::ops::Range;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

/// One entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderEntry {
    pub name: String,
    pub is_folder: bool,
    pub length: u64,
}

/// Where files are. Paths are whole, not relative to the store.
pub trait Store: Send + Sync + Debug {
    /// A file that is there, to be read.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn StoreFile>>;

    /// A file to write to and read; made when it is missing.
    fn open_to_write(&self, path: &Path) -> io::Result<Arc<dyn StoreFile>>;

    /// Names and lengths in a folder, in no order.
    fn list(&self, folder: &Path) -> io::Result<Vec<FolderEntry>>;

    /// Makes a folder and those above it.
    fn create_folder(&self, folder: &Path) -> io::Result<()>;

    /// Renames a file or a folder; a file of the new name is replaced.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Removes a folder and all in it.
    fn remove_folder(&self, folder: &Path) -> io::Result<()>;

    /// Makes the names in a folder survive a power loss.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;

    /// When the file was last written, in milliseconds since 1970.
    fn modified_ms(&self, path: &Path) -> io::Result<i64>;
}

/// An open file.
pub trait StoreFile: Send + Sync + Debug {
    /// Writes all slices, one behind the other. After an error any part of them may be there.
    fn write_at(&self, position: u64, slices: &[Bytes]) -> io::Result<()>;

    /// Reads up to the length of `buffer`; fewer bytes only at the end of the file.
    fn read_at(&self, position: u64, buffer: &mut [u8]) -> io::Result<usize>;

    fn length(&self) -> io::Result<u64>;

    fn truncate(&self, length: u64) -> io::Result<()>;

    /// Makes all bytes survive a power loss. After an error it is not known which do.
    fn sync(&self) -> io::Result<()>;

    /// Has the disk set `bytes` of room aside from `position` on, behind the end of the file, whose length stays: appends
    /// there cost less. Without room, or where there is no such thing, they go on as before.
    fn set_aside(&self, _position: u64, _bytes: u64) {}

    /// The part of a file that is best filled with zeros before many short writes fill it; none where that helps nobody.
    fn filled_by(&self) -> Option<u64> {
        None
    }

    /// Writes zeros. After an error any part of them may be there.
    fn fill(&self, _range: Range<u64>) -> io::Result<()> {
        Ok(())
    }

    /// Cuts what lies behind `end`, and gives back what was set aside there.
    fn give_back(&self, end: u64) -> io::Result<()> {
        self.truncate(end)
    }

    /// The file itself, for a kernel that sends it; none where there is no such thing.
    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

/// The whole of a small file.
pub(crate) fn read_all(store: &dyn Store, path: &Path) -> io::Result<Vec<u8>> {
    let file = store.open(path)?;
    let length = usize::try_from(file.length()?).map_err(io::Error::other)?;
    let mut bytes = vec![0; length];
    let read = file.read_at(0, &mut bytes)?;
    bytes.truncate(read);
    Ok(bytes)
}

/// Writes a small file so that a reader finds the old bytes or the new ones, never a part: a file beside it,
/// flushed, then renamed.
pub(crate) fn replace(store: &dyn Store, path: &Path, bytes: Vec<u8>) -> io::Result<()> {
    let beside = beside(path);
    write_whole(store, &beside, bytes)?.sync()?;
    store.rename(&beside, path)?;
    path.parent().map_or(Ok(()), |folder| store.sync_folder(folder))
}

/// The same, not flushed: a reader finds the old bytes or the new ones after the end of this process, but perhaps
/// neither after a power loss.
pub(crate) fn replace_unflushed(store: &dyn Store, path: &Path, bytes: Vec<u8>) -> io::Result<()> {
    let beside = beside(path);
    write_whole(store, &beside, bytes)?;
    store.rename(&beside, path)
}

fn beside(path: &Path) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".tmp");
    beside.into()
}

fn write_whole(store: &dyn Store, path: &Path, bytes: Vec<u8>) -> io::Result<Arc<dyn StoreFile>> {
    let file = store.open_to_write(path)?;
    file.truncate(0)?;
    file.write_at(0, &[bytes.into()])?;
    Ok(file)
}
