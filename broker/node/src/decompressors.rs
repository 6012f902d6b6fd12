//! Memory for opening batches, used again and again: as much of it as batches were ever opened at once.

use std::sync::{Mutex, PoisonError};

use strait_wire::batch::Decompressor;

/// Those that nobody uses now.
#[derive(Debug, Default)]
pub(crate) struct Decompressors {
    idle: Mutex<Vec<Decompressor>>,
}

impl Decompressors {
    /// Lends one for as long as `work` takes; the one that was used last is likely still in the processor's cache.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Decompressor) -> T) -> T {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let mut decompressor = idle().pop().unwrap_or_default();
        let done = work(&mut decompressor);
        idle().push(decompressor);
        done
    }
}
