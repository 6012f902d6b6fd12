//! What the store holds: names, bytes, and which of both survive.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use super::random::Random;
use crate::store::FolderEntry;

pub(super) type Inode = u64;

/// Bytes of a file, and those that survive a power loss.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) bytes: Vec<u8>,
    flushed: Vec<u8>,
}

impl Content {
    pub(super) fn write(&mut self, position: usize, bytes: &[u8]) {
        write_over(&mut self.bytes, position, bytes);
    }

    /// How long what was flushed is the same, where no more than zeros lie behind that and nothing was cut.
    fn filled_over(&self) -> Option<usize> {
        let same = self.flushed.iter().zip(&self.bytes).take_while(|(flushed, byte)| flushed == byte).count();
        let is_filled = self.flushed[same..].iter().all(|byte| *byte == 0);
        (is_filled && self.bytes.len() >= self.flushed.len()).then_some(same)
    }
}

#[derive(Debug)]
pub(super) struct State {
    random: Random,
    next_inode: Inode,
    pub(super) contents: BTreeMap<Inode, Content>,
    names: BTreeMap<PathBuf, Inode>,
    flushed_names: BTreeMap<PathBuf, Inode>,
    /// Changes of names that were not flushed, in order. Each survives whole or not at all, and only after those
    /// before it, as in a file system with a journal.
    journal: Vec<Vec<(PathBuf, Option<Inode>)>>,
    folders: BTreeSet<PathBuf>,
    /// Counts power losses: files of an earlier life are gone.
    pub(super) life: u64,
    pub(super) room: Option<u64>,
    pub(super) filled_by: Option<u64>,
    pub(super) cut_writes: u32,
    pub(super) failed_truncations: u32,
    pub(super) failed_syncs: u32,
    /// Flushes until the power is lost.
    pub(super) syncs_left: Option<u64>,
}

impl State {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            random: Random(seed),
            next_inode: 0,
            contents: BTreeMap::new(),
            names: BTreeMap::new(),
            flushed_names: BTreeMap::new(),
            journal: Vec::new(),
            folders: BTreeSet::new(),
            life: 0,
            room: None,
            filled_by: None,
            cut_writes: 0,
            failed_truncations: 0,
            failed_syncs: 0,
            syncs_left: None,
        }
    }

    pub(super) fn find(&self, path: &Path) -> io::Result<Inode> {
        self.names.get(path).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(super) fn find_or_create(&mut self, path: &Path) -> Inode {
        if let Some(inode) = self.names.get(path) {
            return *inode;
        }
        self.next_inode += 1;
        self.contents.insert(self.next_inode, Content::default());
        self.change_names(vec![(path.to_owned(), Some(self.next_inode))]);
        self.next_inode
    }

    fn change_names(&mut self, changes: Vec<(PathBuf, Option<Inode>)>) {
        apply(&changes, &mut self.names);
        self.journal.push(changes);
    }

    pub(super) fn remove(&mut self, path: &Path) -> io::Result<()> {
        self.find(path)?;
        self.change_names(vec![(path.to_owned(), None)]);
        Ok(())
    }

    pub(super) fn create_folder(&mut self, folder: &Path) {
        self.folders.extend(folder.ancestors().map(Path::to_owned));
    }

    pub(super) fn list(&self, folder: &Path) -> io::Result<Vec<FolderEntry>> {
        if !self.folders.contains(folder) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let name = |path: &Path| Some(path.file_name()?.to_str()?.to_owned());
        let inside = |path: &&PathBuf| path.parent() == Some(folder);
        let files = self.names.iter().filter(|(path, _)| inside(path)).filter_map(|(path, inode)| {
            let length = self.contents.get(inode)?.bytes.len() as u64;
            Some(FolderEntry { name: name(path)?, is_folder: false, length })
        });
        let folders = self
            .folders
            .iter()
            .filter(inside)
            .filter_map(|path| Some(FolderEntry { name: name(path)?, is_folder: true, length: 0 }));
        Ok(files.chain(folders).collect())
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        if let Some(inode) = self.names.get(from).copied() {
            self.change_names(vec![(from.to_owned(), None), (to.to_owned(), Some(inode))]);
            return Ok(());
        }
        self.sync_names();
        if !self.folders.remove(from) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let moved = |path: &Path| Some(to.join(path.strip_prefix(from).ok()?));
        self.folders.insert(to.to_owned());
        for names in [&mut self.names, &mut self.flushed_names] {
            let inside: Vec<PathBuf> = names.keys().filter(|path| path.starts_with(from)).cloned().collect();
            for path in inside {
                if let (Some(inode), Some(path)) = (names.remove(&path), moved(&path)) {
                    names.insert(path, inode);
                }
            }
        }
        Ok(())
    }

    pub(super) fn remove_folder(&mut self, folder: &Path) {
        self.sync_names();
        self.folders.retain(|path| !path.starts_with(folder));
        self.names.retain(|path, _| !path.starts_with(folder));
        self.flushed_names.retain(|path, _| !path.starts_with(folder));
    }

    /// Flushes all changes of names.
    pub(super) fn sync_names(&mut self) {
        self.journal.drain(..).for_each(|changes| apply(&changes, &mut self.flushed_names));
    }

    pub(super) fn flip_bit(&mut self, path: &Path, position: u64, bit: u8) -> io::Result<()> {
        let inode = self.find(path)?;
        let at = usize::try_from(position).map_err(io::Error::other)?;
        let content = self.contents.entry(inode).or_default();
        for bytes in [&mut content.bytes, &mut content.flushed] {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << (bit % 8);
            }
        }
        Ok(())
    }

    /// Counts a flush against those that shall fail.
    pub(super) fn may_sync(&mut self) -> io::Result<()> {
        if let Some(left) = &mut self.syncs_left {
            let Some(fewer) = left.checked_sub(1) else {
                self.lose_power();
                return Err(io::Error::other("the power was lost"));
            };
            *left = fewer;
        }
        if self.failed_syncs == 0 {
            return Ok(());
        }
        self.failed_syncs -= 1;
        Err(io::Error::other("a flush that had to fail"))
    }

    pub(super) fn sync(&mut self, inode: Inode) {
        if let Some(content) = self.contents.get_mut(&inode) {
            content.flushed.clone_from(&content.bytes);
        }
    }

    /// How many of `wanted` bytes a write brings, of which `added` need room, and the error when these are not all.
    pub(super) fn admit(&mut self, wanted: u64, added: u64) -> (u64, io::Result<()>) {
        if self.cut_writes > 0 && wanted > 0 {
            self.cut_writes -= 1;
            return (self.random.below(wanted), Err(io::ErrorKind::WriteZero.into()));
        }
        self.take_room(wanted, added)
    }

    /// The same for bytes that no write has to bring.
    pub(super) fn take_room(&mut self, wanted: u64, added: u64) -> (u64, io::Result<()>) {
        match self.room {
            Some(room) if room < added => {
                self.room = Some(0);
                ((wanted + room).saturating_sub(added), Err(io::ErrorKind::StorageFull.into()))
            }
            Some(room) => {
                self.room = Some(room - added);
                (wanted, Ok(()))
            }
            None => (wanted, Ok(())),
        }
    }

    /// Some flushes may have happened by themselves.
    pub(super) fn lose_power(&mut self) {
        self.life += 1;
        self.syncs_left = None;
        let survived = self.random.below(self.journal.len() as u64 + 1) as usize;
        self.journal.truncate(survived);
        self.sync_names();
        self.names.clone_from(&self.flushed_names);
        let inodes: Vec<Inode> = self.contents.keys().copied().collect();
        inodes.into_iter().for_each(|inode| self.lose_bytes(inode));
    }

    /// Of appended bytes a part survives, perhaps with zeros in it, and so it is with bytes over zeros; of other changes all
    /// or nothing.
    fn lose_bytes(&mut self, inode: Inode) {
        let Some(mut content) = self.contents.remove(&inode) else { return };
        if let Some(same) = content.filled_over() {
            let added = &content.bytes[same..];
            let kept = self.random.below(added.len() as u64 + 1) as usize;
            let mut added = added[..kept].to_vec();
            if kept > 0 && self.random.below(3) == 0 {
                let hole = self.random.below(kept as u64) as usize;
                let end = hole + self.random.below((kept - hole) as u64) as usize;
                added[hole..end].fill(0);
            }
            write_over(&mut content.flushed, same, &added);
        } else if self.random.below(2) == 0 {
            content.flushed.clone_from(&content.bytes);
        }
        content.bytes.clone_from(&content.flushed);
        self.contents.insert(inode, content);
    }
}

/// Writes at `position`, behind zeros where that is behind the end.
fn write_over(file: &mut Vec<u8>, position: usize, bytes: &[u8]) {
    let end = position + bytes.len();
    file.resize(file.len().max(end), 0);
    file[position..end].copy_from_slice(bytes);
}

fn apply(changes: &[(PathBuf, Option<Inode>)], names: &mut BTreeMap<PathBuf, Inode>) {
    for (path, inode) in changes {
        match inode {
            Some(inode) => names.insert(path.clone(), *inode),
            None => names.remove(path),
        };
    }
}
