//! An open file of the store.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::state::{Content, Inode, State};
use crate::store::StoreFile;

#[derive(Debug)]
pub(super) struct MemoryFile {
    pub(super) state: Arc<Mutex<State>>,
    pub(super) inode: Inode,
    pub(super) life: u64,
}

impl MemoryFile {
    fn state(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.life == self.life { Ok(state) } else { Err(io::Error::other("the power was lost")) }
    }

    fn with<T>(&self, change: impl FnOnce(&mut Content) -> T) -> io::Result<T> {
        let mut state = self.state()?;
        state.contents.get_mut(&self.inode).map(change).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl StoreFile for MemoryFile {
    fn append(&self, slices: &[Bytes]) -> io::Result<()> {
        let bytes = slices.concat();
        let (admitted, result) = self.state()?.admit(bytes.len() as u64);
        let admitted = usize::try_from(admitted).map_err(io::Error::other)?;
        self.with(|content| content.bytes.extend_from_slice(&bytes[..admitted]))?;
        result
    }

    fn read_at(&self, position: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.with(|content| {
            let start = usize::try_from(position).unwrap_or(usize::MAX).min(content.bytes.len());
            let read = buffer.len().min(content.bytes.len() - start);
            buffer[..read].copy_from_slice(&content.bytes[start..start + read]);
            read
        })
    }

    fn length(&self) -> io::Result<u64> {
        self.with(|content| content.bytes.len() as u64)
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        let mut state = self.state()?;
        if state.failed_truncations > 0 {
            state.failed_truncations -= 1;
            return Err(io::Error::other("a truncation that had to fail"));
        }
        drop(state);
        let length = usize::try_from(length).map_err(io::Error::other)?;
        self.with(|content| content.bytes.resize(length, 0))
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.state()?;
        state.may_sync()?;
        state.sync(self.inode);
        Ok(())
    }
}
