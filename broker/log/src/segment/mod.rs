//! One `.log` file with its indexes (`LogSegment`).

mod append;
mod checked;
mod kept_file;
mod lookup;
mod recover;
mod truncate;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{At, LogError};
use crate::index::{BatchTime, OffsetIndex, TimeIndex, TransactionIndex};
use crate::names;
use crate::store::Store;

/// Lengths of a segment's files as the folder lists them; none where a file is missing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lengths {
    pub(crate) log: u64,
    pub(crate) index: Option<u64>,
    pub(crate) time_index: Option<u64>,
    pub(crate) txn_index: Option<u64>,
}

use checked::Checked;
use kept_file::KeptFile;

#[derive(Debug)]
pub(crate) struct Segment {
    store: Arc<dyn Store>,
    path: PathBuf,
    base_offset: i64,
    /// Bytes of whole batches.
    size: u64,
    /// Of the active segment, once something was appended.
    file: Option<KeptFile>,
    offset_index: OffsetIndex,
    time_index: TimeIndex,
    transactions: TransactionIndex,
    /// The largest timestamp, and the last offset of the first batch that has it.
    largest: Option<BatchTime>,
    bytes_since_index: u64,
    /// Of the first batch, once it was looked at.
    first_timestamp: Option<i64>,
    created_ms: i64,
    /// A failed append may have left bytes behind `size`.
    has_remains: bool,
    checked: Checked,
}

impl Segment {
    /// A segment on files that are there.
    pub(crate) fn open(
        store: Arc<dyn Store>,
        folder: &Path,
        base_offset: i64,
        lengths: Lengths,
    ) -> Result<Self, LogError> {
        let mut segment = Self::new(store, folder, base_offset, "", lengths)?;
        segment.created_ms = segment.store.modified_ms(&segment.path).at("look at", &segment.path, 0)?;
        Ok(segment)
    }

    fn new(
        store: Arc<dyn Store>,
        folder: &Path,
        base_offset: i64,
        suffix: &str,
        lengths: Lengths,
    ) -> Result<Self, LogError> {
        let file = |extension| names::offset_file(folder, base_offset, &format!("{extension}{suffix}"));
        let path = file(names::LOG);
        let (index, time) = (lengths.index.unwrap_or(0), lengths.time_index.unwrap_or(0));
        let offset_index = OffsetIndex::open(store.clone(), file(names::INDEX), base_offset, index)?;
        let time_index = TimeIndex::open(store.clone(), file(names::TIME_INDEX), base_offset, time)?;
        let txn = lengths.txn_index.unwrap_or(0);
        let transactions = TransactionIndex::open(store.clone(), file(names::TXN_INDEX), txn)?;
        Ok(Self {
            store,
            path,
            base_offset,
            size: lengths.log,
            file: None,
            largest: time_index.last(),
            offset_index,
            time_index,
            transactions,
            bytes_since_index: 0,
            first_timestamp: None,
            created_ms: 0,
            has_remains: false,
            checked: Checked::new(lengths.log),
        })
    }

    /// A new and empty active segment. What lies under its names is emptied.
    pub(crate) fn create(
        store: Arc<dyn Store>,
        folder: &Path,
        base_offset: i64,
        now_ms: i64,
    ) -> Result<Self, LogError> {
        Self::create_suffixed(store, folder, base_offset, "", now_ms)
    }

    /// The same with `suffix` behind the names of all files.
    pub(crate) fn create_suffixed(
        store: Arc<dyn Store>,
        folder: &Path,
        base_offset: i64,
        suffix: &str,
        now_ms: i64,
    ) -> Result<Self, LogError> {
        let mut segment = Self::new(store, folder, base_offset, suffix, Lengths::default())?;
        segment.offset_index.persist()?;
        segment.time_index.persist()?;
        // The last file: a segment that could not be made is not found when the log is opened.
        let file = segment.store.open_to_write(&segment.path).at("open", &segment.path, 0)?;
        file.truncate(0).at("truncate", &segment.path, 0)?;
        segment.created_ms = now_ms;
        Ok(segment)
    }

    /// The same closed segment for another thread.
    pub(crate) fn view(&self) -> Result<Self, LogError> {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        Self::open(self.store.clone(), folder, self.base_offset, self.lengths())
    }

    /// Lengths of the files once the segment is sealed.
    pub(crate) fn lengths(&self) -> Lengths {
        let txn_index = (!self.transactions.is_empty()).then(|| self.transactions.length_bytes());
        let (index, time_index) = (self.offset_index.length_bytes(), self.time_index.length_bytes());
        Lengths { log: self.size, index: Some(index), time_index: Some(time_index), txn_index }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn base_offset(&self) -> i64 {
        self.base_offset
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// The largest timestamp of a record and the last offset of its batch; none when no record has one.
    pub(crate) fn largest(&self) -> Option<BatchTime> {
        self.largest.filter(|largest| largest.timestamp >= 0)
    }

    pub(crate) fn checked(&self) -> &Checked {
        &self.checked
    }

    pub(crate) fn transactions(&self) -> &TransactionIndex {
        &self.transactions
    }

    pub(crate) fn transactions_mut(&mut self) -> &mut TransactionIndex {
        &mut self.transactions
    }

    /// What retention compares: the largest timestamp, else when the file was written.
    pub(crate) fn retention_timestamp(&self) -> Result<i64, LogError> {
        match self.largest() {
            Some(largest) => Ok(largest.timestamp),
            None => self.store.modified_ms(&self.path).at("look at", &self.path, 0),
        }
    }

    /// All files that are there.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let mut files = vec![self.path.clone()];
        files.push(self.offset_index.path().to_owned());
        files.push(self.time_index.path().to_owned());
        if !self.transactions.is_empty() {
            files.push(self.transactions.path().to_owned());
        }
        files
    }

    /// Leaves the files as a closed segment has them: nothing behind the last batch, all index entries, and one for
    /// the largest timestamp.
    pub(crate) fn seal(&mut self) -> Result<(), LogError> {
        self.clear_remains()?;
        self.time_index.reserve()?;
        if let Some(largest) = self.largest() {
            self.time_index.push(largest)?;
        }
        self.offset_index.persist()?;
        self.time_index.persist()?;
        self.transactions.persist()
    }

    /// Index entries wait in memory.
    pub(crate) fn has_unwritten_entries(&self) -> bool {
        self.offset_index.has_unwritten()
            || self.time_index.has_unwritten()
            || self.transactions.has_unwritten()
    }

    /// Forgets what searches of the indexes keep in memory.
    pub(crate) fn release_indexes(&self) {
        self.offset_index.release();
        self.time_index.release();
    }

    /// Makes records and indexes survive a power loss.
    pub(crate) fn sync(&mut self) -> Result<(), LogError> {
        self.reader()?.sync().at("flush", &self.path, self.size)?;
        self.sync_indexes()
    }

    /// Makes the indexes survive a power loss.
    pub(crate) fn sync_indexes(&mut self) -> Result<(), LogError> {
        self.offset_index.sync()?;
        self.time_index.sync()?;
        self.transactions.sync()
    }
}
