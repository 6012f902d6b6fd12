//! A file of entries of one width. New entries wait in memory and are written in groups, since an index is only an
//! aid: what is missing after a crash is made again from the records. No file stays open.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::block::{Block, Found};
use crate::error::{At, LogError};
use crate::store::{Store, StoreFile};

/// Entries that may wait in memory.
const PENDING_ENTRIES: usize = 512;
/// Entries of the file that are read at once.
const BLOCK_ENTRIES: u64 = 512;

#[derive(Debug)]
pub(super) struct Table<const WIDTH: usize> {
    store: Arc<dyn Store>,
    path: PathBuf,
    /// Entries in the file.
    written: u64,
    pending: Vec<[u8; WIDTH]>,
    last: Option<[u8; WIDTH]>,
    /// Where the last search of the file ended.
    kept: Mutex<Option<Block<WIDTH>>>,
}

impl<const WIDTH: usize> Table<WIDTH> {
    /// A table on a file of `length` bytes. A part of an entry at its end is not looked at.
    pub(super) fn open(store: Arc<dyn Store>, path: PathBuf, length: u64) -> Result<Self, LogError> {
        let (written, kept) = (length / WIDTH as u64, Mutex::default());
        let mut table = Self { store, path, written, pending: Vec::new(), last: None, kept };
        table.last = table.length().checked_sub(1).map(|last| table.get(last)).transpose()?;
        Ok(table)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn length(&self) -> u64 {
        self.written + self.pending.len() as u64
    }

    pub(super) fn last(&self) -> Option<&[u8; WIDTH]> {
        self.last.as_ref()
    }

    /// Makes room for an entry, so that adding one needs no I/O.
    pub(super) fn reserve(&mut self) -> Result<(), LogError> {
        if self.pending.len() >= PENDING_ENTRIES { self.persist() } else { Ok(()) }
    }

    /// Adds an entry in memory; the caller reserved room.
    pub(super) fn push(&mut self, entry: [u8; WIDTH]) {
        self.pending.push(entry);
        self.last = Some(entry);
    }

    /// Entries wait in memory.
    pub(super) fn has_unwritten(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Writes what waits in memory; makes the file when it is missing.
    pub(super) fn persist(&mut self) -> Result<(), LogError> {
        if self.pending.is_empty() && self.written > 0 {
            return Ok(());
        }
        let position = self.written * WIDTH as u64;
        let file = self.store.open_to_write(&self.path).at("open", &self.path, 0)?;
        // Clears a part of an entry, and what an earlier attempt left behind.
        file.truncate(position).at("truncate", &self.path, position)?;
        file.write_at(position, &[Bytes::from(self.pending.concat())]).at(
            "append to",
            &self.path,
            position,
        )?;
        self.written = self.length();
        self.pending.clear();
        Ok(())
    }

    pub(super) fn sync(&mut self) -> Result<(), LogError> {
        self.persist()?;
        if self.written == 0 {
            return Ok(());
        }
        let file = self.store.open_to_write(&self.path).at("open", &self.path, 0)?;
        file.sync().at("flush", &self.path, self.written * WIDTH as u64)
    }

    /// Keeps the first `entries`.
    pub(super) fn truncate(&mut self, entries: u64) -> Result<(), LogError> {
        if entries >= self.length() {
            return Ok(());
        }
        self.persist()?;
        let length = entries * WIDTH as u64;
        let file = self.store.open_to_write(&self.path).at("open", &self.path, 0)?;
        file.truncate(length).at("truncate", &self.path, length)?;
        self.written = entries;
        self.release();
        self.last = entries.checked_sub(1).map(|last| self.get(last)).transpose()?;
        Ok(())
    }

    pub(super) fn get(&self, entry: u64) -> Result<[u8; WIDTH], LogError> {
        let mut found = [0; WIDTH];
        self.visit(entry, |bytes| {
            found = *bytes;
            false
        })?;
        Ok(found)
    }

    /// How many entries at the front fulfil `is_before`, which none does after the first that does not.
    pub(super) fn partition_point(&self, is_before: impl Fn(&[u8; WIDTH]) -> bool) -> Result<u64, LogError> {
        Ok(self.search(is_before)?.0)
    }

    /// The last of these entries.
    pub(super) fn last_of(
        &self,
        is_before: impl Fn(&[u8; WIDTH]) -> bool,
    ) -> Result<Option<[u8; WIDTH]>, LogError> {
        Ok(self.search(is_before)?.1)
    }

    /// How many entries fulfil `is_before`, and the last of them: in memory, else in the file.
    fn search(&self, is_before: impl Fn(&[u8; WIDTH]) -> bool) -> Result<Found<WIDTH>, LogError> {
        let in_memory = self.pending.partition_point(&is_before);
        if let Some(last) = in_memory.checked_sub(1) {
            return Ok((self.written + in_memory as u64, self.pending.get(last).copied()));
        }
        if self.written == 0 {
            return Ok((0, None));
        }
        let kept = self.kept().as_ref().and_then(|block| block.find_here(&is_before, self.written));
        match kept {
            Some(found) => Ok(found),
            None => self.search_file(is_before),
        }
    }

    /// Among first entries of the file's blocks, then in one block.
    fn search_file(&self, is_before: impl Fn(&[u8; WIDTH]) -> bool) -> Result<Found<WIDTH>, LogError> {
        let file = self.store.open(&self.path).at("open", &self.path, 0)?;
        let (mut low, mut high) = (0, self.written.div_ceil(BLOCK_ENTRIES));
        let mut entry = [0; WIDTH];
        while low < high {
            let middle = low + (high - low) / 2;
            self.read(file.as_ref(), middle * BLOCK_ENTRIES, &mut entry)?;
            if is_before(&entry) { low = middle + 1 } else { high = middle }
        }
        let Some(block) = low.checked_sub(1) else { return Ok((0, None)) };
        let first = block * BLOCK_ENTRIES;
        let mut bytes = vec![0; WIDTH * BLOCK_ENTRIES.min(self.written - first) as usize];
        self.read(file.as_ref(), first, &mut bytes)?;
        let block = Block::new(first, bytes);
        let found = block.find(is_before);
        *self.kept() = Some(block);
        Ok(found)
    }

    fn kept(&self) -> MutexGuard<'_, Option<Block<WIDTH>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets entries of the file that are in memory.
    pub(super) fn release(&self) {
        self.kept().take();
    }

    /// Whole entries of the file from `first` on.
    fn read(&self, file: &dyn StoreFile, first: u64, bytes: &mut [u8]) -> Result<(), LogError> {
        let position = first * WIDTH as u64;
        let read = file.read_at(position, bytes).at("read", &self.path, position)?;
        if read < bytes.len() {
            return Err(LogError::corrupt(&self.path, position, "an index entry is cut"));
        }
        Ok(())
    }

    /// Shows the entries from `first` on, for as long as `visitor` wants more.
    pub(super) fn visit(
        &self,
        first: u64,
        mut visitor: impl FnMut(&[u8; WIDTH]) -> bool,
    ) -> Result<(), LogError> {
        let mut next = first;
        let mut chunk = vec![0; WIDTH * BLOCK_ENTRIES as usize];
        while next < self.written {
            let file = self.store.open(&self.path).at("open", &self.path, 0)?;
            let wanted =
                chunk.len().min(usize::try_from((self.written - next) * WIDTH as u64).unwrap_or(usize::MAX));
            self.read(file.as_ref(), next, &mut chunk[..wanted])?;
            for entry in chunk[..wanted].as_chunks::<WIDTH>().0 {
                if !visitor(entry) {
                    return Ok(());
                }
            }
            next += (wanted / WIDTH) as u64;
        }
        let in_memory = usize::try_from(next - self.written).unwrap_or(usize::MAX);
        for entry in self.pending.get(in_memory..).unwrap_or_default() {
            if !visitor(entry) {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::DiskStore;

    const WIDTH: usize = 8;

    fn number(entry: &[u8; WIDTH]) -> u64 {
        u64::from_be_bytes(*entry)
    }

    #[test]
    fn the_last_entry_before_a_bound_is_found_in_memory_and_in_every_block_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index");
        let mut table = Table::<WIDTH>::open(Arc::new(DiskStore), path, 0).unwrap();
        let entries = 3 * BLOCK_ENTRIES + 7;
        for entry in 0..entries {
            table.reserve().unwrap();
            // Even numbers, so that odd bounds lie between two entries.
            table.push((2 * entry).to_be_bytes());
        }
        assert!(table.has_unwritten() && table.written == 3 * BLOCK_ENTRIES);
        let bounds = 0..2 * entries + 2;
        let far_apart = bounds.clone().map(|bound| bound * 701 % (2 * entries));
        for bound in bounds.clone().rev().chain(bounds).chain(far_apart).chain([u64::MAX]) {
            let before = bound.div_ceil(2).min(entries);
            assert_eq!(table.partition_point(|entry| number(entry) < bound).unwrap(), before, "{bound}");
            let last = table.last_of(|entry| number(entry) < bound).unwrap();
            assert_eq!(last.as_ref().map(number), before.checked_sub(1).map(|last| 2 * last), "{bound}");
        }
    }

    #[test]
    fn a_file_that_lost_its_end_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index");
        std::fs::write(&path, [0; WIDTH]).unwrap();
        let table = Table::<WIDTH> {
            store: Arc::new(DiskStore),
            path,
            written: 2,
            pending: Vec::new(),
            last: None,
            kept: Mutex::default(),
        };
        let error = table.last_of(|_| true).unwrap_err();
        assert!(matches!(error, LogError::CorruptFile { .. } | LogError::CorruptBatch { .. }), "{error}");
    }
}
