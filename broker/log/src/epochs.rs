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

/// Sorted by epoch and by start offset. Changes are made in memory, until [`LeaderEpochs::persist`].
#[derive(Debug)]
pub(crate) struct LeaderEpochs {
    store: Arc<dyn Store>,
    path: PathBuf,
    entries: Vec<EpochStart>,
    is_damaged: bool,
    /// The file holds other entries.
    is_changed: bool,
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
        Ok(Self { store, path, entries, is_damaged, is_changed: false })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The file could not be read: epochs have to be found in the records.
    pub(crate) fn is_damaged(&self) -> bool {
        self.is_damaged
    }

    /// What the file holds, as long as nothing was changed; none where it could not be read.
    pub(crate) fn stored(&self) -> Option<Vec<EpochStart>> {
        (!self.is_damaged).then(|| self.entries.clone())
    }

    pub(crate) fn latest(&self) -> Option<EpochStart> {
        self.entries.last().copied()
    }

    /// Notes that `epoch` begins at `start_offset`; entries that contradict it go.
    pub(crate) fn assign(&mut self, epoch: i32, start_offset: i64) {
        let is_new = self.latest().is_none_or(|last| epoch > last.epoch || start_offset < last.start_offset);
        if epoch >= 0 && is_new {
            insert(&mut self.entries, EpochStart { epoch, start_offset });
            self.is_changed = true;
        }
    }

    /// Where `epoch` ends: the epoch that was found for it, and the offset after its last record.
    pub(crate) fn end_offset(&self, epoch: i32, log_end: i64) -> (i32, i64) {
        let Some(latest) = self.latest().filter(|_| epoch != UNDEFINED.0) else { return UNDEFINED };
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
    pub(crate) fn truncate_from_end(&mut self, end: i64) {
        let kept = self.entries.partition_point(|entry| entry.start_offset < end);
        self.is_changed |= kept < self.entries.len();
        self.entries.truncate(kept);
    }

    /// Forgets epochs that end at `start` or before; the one around it then begins there.
    pub(crate) fn truncate_from_start(&mut self, start: i64) {
        let after = self.entries.partition_point(|entry| entry.start_offset <= start);
        let Some(around) = after.checked_sub(1) else { return };
        self.is_changed |= around > 0 || self.entries[0].start_offset < start;
        self.entries.drain(..around);
        self.entries[0].start_offset = start;
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        (self.is_damaged, self.is_changed) = (false, true);
    }

    /// Writes the file where it holds other entries. It is flushed together with the records.
    pub(crate) fn persist(&mut self) -> Result<(), LogError> {
        if self.is_changed {
            checkpoint::write_unflushed(self.store.as_ref(), &self.path, &self.entries)?;
            self.is_changed = false;
        }
        Ok(())
    }

    /// The same where the file holds what was [`LeaderEpochs::stored`]: replacing a file costs more than all else that
    /// a recovery of a small log does.
    pub(crate) fn persist_over(&mut self, stored: Option<&[EpochStart]>) -> Result<(), LogError> {
        self.is_changed &= stored != Some(&self.entries);
        self.persist()
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
        entries.iter().for_each(|(epoch, start)| epochs.assign(*epoch, *start));
        epochs.persist().expect("written");
        epochs
    }

    fn entries(epochs: &mut LeaderEpochs) -> Vec<(i32, i64)> {
        epochs.persist().expect("written");
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
        assert_eq!(entries(&mut epochs(&[(1, 0), (2, 10), (3, 20), (4, 10)])), [(1, 0), (4, 10)]);
        assert_eq!(entries(&mut epochs(&[(1, 0), (2, 10), (2, 15), (1, 30)])), [(1, 0), (2, 10)]);
        assert_eq!(entries(&mut epochs(&[(-1, 0)])), []);
    }

    #[test]
    fn epochs_are_cut_at_both_ends() {
        let mut cut = epochs(&[(1, 0), (2, 10), (3, 20)]);
        cut.truncate_from_start(12);
        assert_eq!(entries(&mut cut), [(2, 12), (3, 20)]);
        cut.truncate_from_end(20);
        assert_eq!(entries(&mut cut), [(2, 12)]);
        cut.truncate_from_start(5);
        assert_eq!(entries(&mut cut), [(2, 12)]);
        cut.truncate_from_end(0);
        assert_eq!(entries(&mut cut), []);
    }
}
