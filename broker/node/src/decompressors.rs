//! Memory for opening batches, used again and again: as much of it as batches were ever opened at once, but one large batch
//! at a time.

use std::sync::{Mutex, PoisonError};

use strait_broker_core::produce_validation::ProduceError;
use strait_wire::batch::{BatchError, DecompressionLimit, Decompressor};

/// A batch that gives more than this when it is opened waits for its turn.
const LARGE: DecompressionLimit = DecompressionLimit(4 << 20);

/// Those that nobody uses now, and the turn of large batches.
#[derive(Debug, Default)]
pub(crate) struct Decompressors {
    idle: Mutex<Vec<Decompressor>>,
    large: Mutex<()>,
}

impl Decompressors {
    /// Does work that opens a batch, to `limit` at most. How much the batch gives shows only when it is opened, so work
    /// on a large one is begun twice.
    pub(crate) fn open<T>(
        &self,
        limit: DecompressionLimit,
        work: impl Fn(&mut Decompressor, DecompressionLimit) -> Result<T, ProduceError>,
    ) -> Result<T, ProduceError> {
        let small = DecompressionLimit(limit.0.min(LARGE.0));
        match self.with(|decompressor| work(decompressor, small)) {
            Err(ProduceError::Unreadable(BatchError::DecompressionLimit { .. })) if small.0 < limit.0 => {
                let _turn = self.large.lock().unwrap_or_else(PoisonError::into_inner);
                work(&mut Decompressor::default(), limit)
            }
            done => done,
        }
    }

    /// Lends one for as long as `work` takes; the one that was used last is likely still in the processor's cache.
    fn with<T>(&self, work: impl FnOnce(&mut Decompressor) -> T) -> T {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let mut decompressor = idle().pop().unwrap_or_default();
        let done = work(&mut decompressor);
        decompressor.shrink();
        idle().push(decompressor);
        done
    }
}
