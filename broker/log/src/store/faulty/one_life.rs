//! The store as a process sees it that ends with the power.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::FaultyStore;
use crate::store::{FolderEntry, Store, StoreFile};

/// Nothing works any more after a power loss: what is left of the process must not write into its next life.
#[derive(Clone, Debug)]
pub struct OneLife {
    store: FaultyStore,
    life: u64,
}

impl FaultyStore {
    /// This store until the next power loss.
    pub fn until_power_loss(&self) -> OneLife {
        OneLife { store: self.clone(), life: self.state().life }
    }
}

impl OneLife {
    fn alive(&self) -> io::Result<&FaultyStore> {
        if self.store.state().life == self.life {
            Ok(&self.store)
        } else {
            Err(io::Error::other("the power was lost"))
        }
    }
}

impl Store for OneLife {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn StoreFile>> {
        self.alive()?.open(path)
    }

    fn open_append(&self, path: &Path) -> io::Result<Arc<dyn StoreFile>> {
        self.alive()?.open_append(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<FolderEntry>> {
        self.alive()?.list(folder)
    }

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        self.alive()?.create_folder(folder)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.alive()?.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.alive()?.remove(path)
    }

    fn remove_folder(&self, folder: &Path) -> io::Result<()> {
        self.alive()?.remove_folder(folder)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.alive()?.sync_folder(folder)
    }

    fn modified_ms(&self, path: &Path) -> io::Result<i64> {
        self.alive()?.modified_ms(path)
    }
}
