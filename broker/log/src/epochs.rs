//! Leader epochs and the offsets where they begin, kept in `leader-epoch-checkpoint` (`LeaderEpochFileCache`,
//! KIP-101, KIP-279).

use std::fmt;
use std::path::{Path, PathBuf};
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
    is_damaged: bool,
}

impl LeaderEpochs {
    /// A file that can't be read counts as empty, and [`LeaderEpochs::is_damaged`].
    pub(crate) fn open(store: Arc<dyn Store>, path: PathBuf) -> Result<Self, LogError> {
        let (read, is_damaged) = match checkpoint::read(store.as_ref(), &path, parse) {
            Ok(read) => (read, false),
            Err(error) if error.is_damage() => (Vec::new(), true),
            Err(error) => return Err(error),
        };
        let mut entries = Vec::with_capacity(read.len());
        read.into_iter().for_each(|entry| insert(&mut entries, entry));
        Ok(Self { store, path, entries, is_damaged })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The file could not be read: epochs have to be found in the records.
    pub(crate) fn is_damaged(&self) -> bool {
        self.is_damaged
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
        let mut changed = self.entries.clone();
        insert(&mut changed, EpochStart { epoch, start_offset });
        self.replace(changed)
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
        self.replace(self.entries[..kept].to_vec())
    }

    /// Forgets epochs that end at `start` or before; the one around it then begins there.
    pub(crate) fn truncate_from_start(&mut self, start: i64) -> Result<(), LogError> {
        let after = self.entries.partition_point(|entry| entry.start_offset <= start);
        let Some(around) = after.checked_sub(1) else { return Ok(()) };
        if around == 0 && self.entries[0].start_offset == start {
            return Ok(());
        }
        let mut changed = self.entries[around..].to_vec();
        changed[0].start_offset = start;
        self.replace(changed)
    }

    pub(crate) fn clear(&mut self) -> Result<(), LogError> {
        self.replace(Vec::new())?;
        self.is_damaged = false;
        Ok(())
    }

    /// The file first: what is known in memory is in the file. It is flushed together with the records.
    fn replace(&mut self, entries: Vec<EpochStart>) -> Result<(), LogError> {
        checkpoint::write_unflushed(self.store.as_ref(), &self.path, &entries)?;
        self.entries = entries;
        Ok(())
    }
}

/// Entries that contradict the new one go.
fn insert(entries: &mut Vec<EpochStart>, entry: EpochStart) {
    entries.retain(|kept| kept.epoch < entry.epoch && kept.start_offset < entry.start_offset);
    entries.push(entry);
}

fn parse(line: &str) -> Option<EpochStart> {
    let (epoch, start_offset) = line.split_once(' ')?;
    Some(EpochStart { epoch: epoch.parse().ok()?, start_offset: start_offset.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::faulty::FaultyStore;

    fn epochs(entries: &[(i32, i64)]) -> LeaderEpochs {
        let store = Arc::new(FaultyStore::new(0));
        let mut epochs = LeaderEpochs::open(store, PathBuf::from("/data/epochs")).expect("opens");
        entries.iter().for_each(|(epoch, start)| epochs.assign(*epoch, *start).expect("assigned"));
        epochs
    }

    fn entries(epochs: &LeaderEpochs) -> Vec<(i32, i64)> {
        let again = LeaderEpochs::open(epochs.store.clone(), epochs.path.clone()).expect("opens");
        assert_eq!(again.entries, epochs.entries, "the file holds what memory holds");
        epochs.entries.iter().map(|entry| (entry.epoch, entry.start_offset)).collect()
    }

    #[test]
    fn the_end_of_an_epoch() {
        let epochs = epochs(&[(2, 10), (3, 20), (7, 50)]);
        for (asked, found) in [
            (7, (7, 90)),
            (3, (3, 50)),
            (5, (3, 50)),
            (2, (2, 20)),
            (1, (1, 10)),
            (8, UNDEFINED),
            (-1, UNDEFINED),
        ] {
            assert_eq!(epochs.end_offset(asked, 90), found, "epoch {asked}");
        }
        assert_eq!(epochs.epoch_at(9), None);
        assert_eq!(epochs.epoch_at(49), Some(3));
        assert_eq!(epochs.epoch_at(50), Some(7));
    }

    #[test]
    fn a_new_epoch_ends_what_contradicts_it() {
        assert_eq!(entries(&epochs(&[(1, 0), (2, 10), (3, 20), (4, 10)])), [(1, 0), (4, 10)]);
        assert_eq!(entries(&epochs(&[(1, 0), (2, 10), (2, 15), (1, 30)])), [(1, 0), (2, 10)]);
        assert_eq!(entries(&epochs(&[(-1, 0)])), []);
    }

    #[test]
    fn epochs_are_cut_at_both_ends() {
        let mut cut = epochs(&[(1, 0), (2, 10), (3, 20)]);
        cut.truncate_from_start(12).expect("cut");
        assert_eq!(entries(&cut), [(2, 12), (3, 20)]);
        cut.truncate_from_end(20).expect("cut");
        assert_eq!(entries(&cut), [(2, 12)]);
        cut.truncate_from_start(5).expect("cut");
        assert_eq!(entries(&cut), [(2, 12)]);
        cut.truncate_from_end(0).expect("cut");
        assert_eq!(entries(&cut), []);
    }
}
