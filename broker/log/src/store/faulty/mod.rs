//! A store in memory that fails on demand, for tests: full disks, short writes, failed flushes, flipped bits, and a
//! power loss that drops what was not flushed. The same seed fails in the same way.
//!
//! Names of files count as flushed with `sync_folder` only; folders themselves survive at once.

mod file;
mod one_life;
mod random;
mod state;

pub use one_life::OneLife;
pub use random::Random;

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::state::State;
use super::{FolderEntry, Store, StoreFile};

/// Files in memory. Clones are the same store.
#[derive(Clone, Debug)]
pub struct FaultyStore(Arc<Mutex<State>>);

impl FaultyStore {
    /// An empty store that does not fail yet.
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State::new(seed))))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The disk has room for this many more bytes; a write that needs more is cut short and fails. None is without
    /// limit.
    pub fn set_room(&self, bytes: Option<u64>) {
        self.state().room = bytes;
    }

    /// Files are filled with zeros by so much ahead of writes.
    pub fn fill_by(&self, bytes: u64) {
        self.state().filled_by = Some(bytes);
    }

    /// The next `count` writes bring a part of their bytes and fail.
    pub fn cut_writes(&self, count: u32) {
        self.state().cut_writes = count;
    }

    /// The next `count` truncations fail.
    pub fn fail_truncations(&self, count: u32) {
        self.state().failed_truncations = count;
    }

    /// The next `count` flushes fail; what they had to flush may be lost or not.
    pub fn fail_syncs(&self, count: u32) {
        self.state().failed_syncs = count;
    }

    /// The power is lost when `count` more flushes were done, before the next.
    pub fn lose_power_at_sync(&self, count: u64) {
        self.state().syncs_left = Some(count);
    }

    /// Turns one bit of a file around, for good.
    pub fn flip_bit(&self, path: &Path, position: u64, bit: u8) -> io::Result<()> {
        self.state().flip_bit(path, position, bit)
    }

    /// This store until the next power loss.
    pub fn until_power_loss(&self) -> OneLife {
        OneLife { state: Arc::clone(&self.0), life: self.state().life }
    }

    /// Ends all open files. What was not flushed is lost, whole or in part, as the seed will have it.
    pub fn lose_power(&self) {
        self.state().lose_power();
    }
}

impl Store for FaultyStore {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn StoreFile>> {
        self.until_power_loss().open(path)
    }

    fn open_to_write(&self, path: &Path) -> io::Result<Arc<dyn StoreFile>> {
        self.until_power_loss().open_to_write(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<FolderEntry>> {
        self.until_power_loss().list(folder)
    }

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        self.until_power_loss().create_folder(folder)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.until_power_loss().rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.until_power_loss().remove(path)
    }

    fn remove_folder(&self, folder: &Path) -> io::Result<()> {
        self.until_power_loss().remove_folder(folder)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.until_power_loss().sync_folder(folder)
    }

    fn modified_ms(&self, path: &Path) -> io::Result<i64> {
        self.until_power_loss().modified_ms(path)
    }
}
