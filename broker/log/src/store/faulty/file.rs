//! An open file of the store.

use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::state::{Content, Inode, State};
use crate::store::StoreFile;

/// How many of the bytes that are wanted, of which so many need room, are written.
type Admit = fn(&mut State, u64, u64) -> (u64, io::Result<()>);

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

impl MemoryFile {
    fn write(&self, position: u64, bytes: &[u8], admit: Admit) -> io::Result<()> {
        let wanted = bytes.len() as u64;
        let added = (position + wanted).saturating_sub(self.length()?);
        let (admitted, result) = admit(&mut *self.state()?, wanted, added);
        let admitted = usize::try_from(admitted).map_err(io::Error::other)?;
        let position = usize::try_from(position).map_err(io::Error::other)?;
        self.with(|content| content.write(position, &bytes[..admitted]))?;
        result
    }
}

impl StoreFile for MemoryFile {
    fn write_at(&self, position: u64, slices: &[Bytes]) -> io::Result<()> {
        self.write(position, &slices.concat(), State::admit)
    }

    fn filled_by(&self) -> Option<u64> {
        self.state().ok()?.filled_by
    }

    fn fill(&self, range: Range<u64>) -> io::Result<()> {
        let length = usize::try_from(range.end.saturating_sub(range.start)).map_err(io::Error::other)?;
        self.write(range.start, &vec![0; length], State::take_room)
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
