//! Leader epochs and the offsets where they begin, kept in `leader-epoch-checkpoint` (`LeaderEpochFileCache`,
//! KIP-101, KIP-279).

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::checkpoint;
use crate::error::LogError;
use crate::store::Store;

/// What is answered for an epoch that the log can't place.
const UNDEFINED: (i32, i64) = (-1, -1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EpochStart {
    pub(crate) epoch: i32,
    pub(crate) start_offset: i64,
}

impl fmt::Display for EpochStart {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.epoch, self.start_offset)
    }
}

/// Sorted by epoch and by start offset.
#[derive(Debug)]
pub(crate) struct LeaderEpochs {
    store: Arc<dyn Store>,
    path: PathBuf,
    entries: Vec<EpochStart>,
}

impl LeaderEpochs {
    pub(crate) fn open(store: Arc<dyn Store>, path: PathBuf) -> Result<Self, LogError> {
        let entries = checkpoint::read(store.as_ref(), &path, parse)?;
        let mut epochs = Self { store, path, entries: Vec::with_capacity(entries.len()) };
        entries.into_iter().for_each(|entry| epochs.insert(entry));
        Ok(epochs)
    }

    pub(crate) fn latest(&self) -> Option<EpochStart> {
        self.entries.last().copied()
    }

    /// Notes that `epoch` begins at `start_offset`; entries that contradict it go.
    pub(crate) fn assign(&mut self, epoch: i32, start_offset: i64) -> Result<(), LogError> {
        let is_new = self.latest().is_none_or(|last| epoch > last.epoch || start_offset < last.start_offset);
        if epoch < 0 || !is_new {
            return Ok(());
        }
        self.insert(EpochStart { epoch, start_offset });
        self.write()
    }

    fn insert(&mut self, entry: EpochStart) {
        self.entries.retain(|kept| kept.epoch < entry.epoch && kept.start_offset < entry.start_offset);
        self.entries.push(entry);
    }

    /// Where `epoch` ends: the epoch that was found for it, and the offset after its last record.
    pub(crate) fn end_offset(&self, epoch: i32, log_end: i64) -> (i32, i64) {
        let Some(latest) = self.latest().filter(|_| epoch >= 0) else { return UNDEFINED };
        if epoch == latest.epoch {
            return (epoch, log_end);
        }
        let higher = self.entries.partition_point(|entry| entry.epoch <= epoch);
        let Some(next) = self.entries.get(higher) else { return UNDEFINED };
        let floor = higher.checked_sub(1).and_then(|floor| self.entries.get(floor));
        (floor.map_or(epoch, |floor| floor.epoch), next.start_offset)
    }

    /// The epoch of the record at `offset`.
    pub(crate) fn epoch_at(&self, offset: i64) -> Option<i32> {
        let after = self.entries.partition_point(|entry| entry.start_offset <= offset);
        self.entries.get(after.checked_sub(1)?).map(|entry| entry.epoch)
    }

    /// Forgets epochs that begin at `end` or later.
    pub(crate) fn truncate_from_end(&mut self, end: i64) -> Result<(), LogError> {
        let kept = self.entries.partition_point(|entry| entry.start_offset < end);
        if kept == self.entries.len() {
            return Ok(());
        }
        self.entries.truncate(kept);
        self.write()
    }

    /// Forgets epochs that end at `start` or before; the one around it then begins there.
    pub(crate) fn truncate_from_start(&mut self, start: i64) -> Result<(), LogError> {
        let after = self.entries.partition_point(|entry| entry.start_offset <= start);
        let Some(around) = after.checked_sub(1) else { return Ok(()) };
        if around == 0 && self.entries[0].start_offset == start {
            return Ok(());
        }
        self.entries.drain(..around);
        self.entries[0].start_offset = start;
        self.write()
    }

    pub(crate) fn clear(&mut self) -> Result<(), LogError> {
        self.entries.clear();
        self.write()
    }

    fn write(&self) -> Result<(), LogError> {
        checkpoint::write(self.store.as_ref(), &self.path, &self.entries)
    }
}

fn parse(line: &str) -> Option<EpochStart> {
    let (epoch, start_offset) = line.split_once(' ')?;
    Some(EpochStart { epoch: epoch.parse().ok()?, start_offset: start_offset.parse().ok()? })
}
