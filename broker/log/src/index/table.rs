//! A file of entries of one width. New entries wait in memory and are written in groups, since an index is only an
//! aid: what is missing after a crash is made again from the records. No file stays open.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use crate::error::{At, LogError};
use crate::store::Store;

/// Entries that may wait in memory.
const PENDING_ENTRIES: usize = 512;

#[derive(Debug)]
pub(super) struct Table<const WIDTH: usize> {
    store: Arc<dyn Store>,
    path: PathBuf,
    /// Entries in the file.
    written: u64,
    pending: Vec<[u8; WIDTH]>,
    last: Option<[u8; WIDTH]>,
}

impl<const WIDTH: usize> Table<WIDTH> {
    /// A table on a file of `length` bytes. A part of an entry at its end is not looked at.
    pub(super) fn open(store: Arc<dyn Store>, path: PathBuf, length: u64) -> Result<Self, LogError> {
        let mut table = Self { store, path, written: length / WIDTH as u64, pending: Vec::new(), last: None };
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
        let file = self.store.open_append(&self.path).at("open", &self.path, 0)?;
        // Clears a part of an entry, and what an earlier attempt left behind.
        file.truncate(position).at("truncate", &self.path, position)?;
        file.append(&[Bytes::from(self.pending.concat())]).at("append to", &self.path, position)?;
        self.written = self.length();
        self.pending.clear();
        Ok(())
    }

    pub(super) fn sync(&mut self) -> Result<(), LogError> {
        self.persist()?;
        if self.written == 0 {
            return Ok(());
        }
        let file = self.store.open_append(&self.path).at("open", &self.path, 0)?;
        file.sync().at("flush", &self.path, self.written * WIDTH as u64)
    }

    /// Keeps the first `entries`.
    pub(super) fn truncate(&mut self, entries: u64) -> Result<(), LogError> {
        if entries >= self.length() {
            return Ok(());
        }
        self.persist()?;
        let length = entries * WIDTH as u64;
        let file = self.store.open_append(&self.path).at("open", &self.path, 0)?;
        file.truncate(length).at("truncate", &self.path, length)?;
        self.written = entries;
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
        let in_memory = self.pending.partition_point(&is_before) as u64;
        if in_memory > 0 || self.written == 0 {
            return Ok(self.written + in_memory);
        }
        let file = self.store.open(&self.path).at("open", &self.path, 0)?;
        let (mut low, mut high) = (0, self.written);
        let mut entry = [0; WIDTH];
        while low < high {
            let middle = low + (high - low) / 2;
            let position = middle * WIDTH as u64;
            let read = file.read_at(position, &mut entry).at("read", &self.path, position)?;
            if read < WIDTH {
                return Err(LogError::corrupt(&self.path, position, "an index entry is cut"));
            }
            if is_before(&entry) { low = middle + 1 } else { high = middle }
        }
        Ok(low)
    }

    /// Shows the entries from `first` on, for as long as `visitor` wants more.
    pub(super) fn visit(
        &self,
        first: u64,
        mut visitor: impl FnMut(&[u8; WIDTH]) -> bool,
    ) -> Result<(), LogError> {
        let mut next = first;
        let mut chunk = vec![0; WIDTH * PENDING_ENTRIES];
        while next < self.written {
            let position = next * WIDTH as u64;
            let file = self.store.open(&self.path).at("open", &self.path, 0)?;
            let wanted =
                chunk.len().min(usize::try_from((self.written - next) * WIDTH as u64).unwrap_or(usize::MAX));
            let read = file.read_at(position, &mut chunk[..wanted]).at("read", &self.path, position)?;
            if read < wanted {
                return Err(LogError::corrupt(&self.path, position, "an index entry is cut"));
            }
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
