//! A partition's log is opened with what its snapshot and batches tell of producers, and closed with a new snapshot.

use std::path::PathBuf;
use std::sync::{Arc, RwLock};

use strait_broker_core::producer_state::{Producers, SnapshotEntry};
use strait_broker_log::{
    Budget, DataFolder, LogError, PartitionLog, ProducerSnapshotEntry, ReadBuffers, Recovered,
};
use strait_wire::ids::Uuid;

use super::waiters::Waiters;
use super::{Absent, Partition, State};
use crate::settings::TopicRules;

/// What all logs of the broker share.
#[derive(Clone, Debug)]
pub(crate) struct Budgets {
    /// Bytes of the newest batches in memory.
    pub(crate) tail: Arc<Budget>,
    /// Files that stay open.
    pub(crate) files: Arc<Budget>,
    /// Memory for reading files.
    pub(crate) buffers: Arc<ReadBuffers>,
}

/// Which partition is opened, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opening<'a> {
    pub(crate) topic: &'a str,
    pub(crate) topic_id: Uuid,
    pub(crate) index: i32,
    pub(crate) rules: &'a TopicRules,
    pub(crate) now_ms: i64,
    pub(crate) producer_expiration_ms: i64,
    /// The partition is new: what is remembered of an older one of its name does not count.
    pub(crate) is_new: bool,
    pub(crate) budgets: &'a Budgets,
}

/// A partition can't be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("the folder belongs to the topic with id {found}")]
    OtherTopic { found: Uuid },
}

impl Partition {
    /// Opens the log, made when missing. After a stop that was not clean records may be missing at its end, so the
    /// leader's epoch grows and clients notice.
    pub(crate) fn open(folder: &DataFolder, opening: Opening<'_>) -> Result<Self, OpenError> {
        let Opening { topic, topic_id, index, rules, now_ms, producer_expiration_ms, is_new, budgets } =
            opening;
        let mut producers: Option<Producers> = None;
        let mut observer = |recovered: Recovered<'_>| match recovered {
            Recovered::Snapshot { offset, entries } => {
                let entries = entries.iter().map(from_file);
                producers = Some(Producers::from_snapshot(offset, entries, now_ms, producer_expiration_ms));
            }
            Recovered::Earlier { header } => producers.get_or_insert_default().recall(header),
            Recovered::Batch { header, marker } => {
                producers.get_or_insert_default().replay(header, marker);
            }
        };
        let mut log = match is_new {
            true => folder.create_log((topic, index), rules.log.clone(), now_ms, &mut observer)?,
            false => folder.open_log((topic, index), rules.log.clone(), now_ms, &mut observer)?,
        };
        for damage in log.take_damages() {
            tracing::error!(topic, partition = index, %damage, "log damaged");
        }
        log.share_tail_budget(Arc::clone(&budgets.tail));
        log.share_file_budget(Arc::clone(&budgets.files));
        log.share_read_buffers(Arc::clone(&budgets.buffers));
        let mut producers = producers.unwrap_or_else(|| Producers::new(log.start_offset()));
        producers.remove_expired(now_ms, producer_expiration_ms);
        producers.high_watermark_moved(log.end_offset());
        match log.topic_id()? {
            None => log.set_topic_id(topic_id)?,
            // A folder that was left by an older topic of this name.
            Some(found) if found != topic_id => return Err(OpenError::OtherTopic { found }),
            Some(_) => {}
        }
        let known = log.latest_epoch();
        let grows = known.is_some() && !folder.is_clean();
        let leader_epoch = known.unwrap_or(0).saturating_add(i32::from(grows));
        if grows {
            log.assign_epoch(leader_epoch, log.end_offset());
        }
        let first_dirty = if is_new { 0 } else { folder.cleaner_offset(topic, index) };
        let state = State { log: Ok(log), producers, rules: rules.produce, first_dirty };
        Ok(Self::new((topic, index), leader_epoch, state))
    }

    /// A partition whose log can't be opened. Clients are told so; its files stay as they are.
    pub(crate) fn offline(topic: &str, index: i32, rules: &TopicRules) -> Self {
        let (log, producers) = (Err(Absent::Offline), Producers::default());
        Self::new((topic, index), 0, State { log, producers, rules: rules.produce, first_dirty: 0 })
    }

    fn new((topic, index): (&str, i32), leader_epoch: i32, state: State) -> Self {
        let is_offline = state.log.is_err();
        let (topic, state) = (topic.to_owned(), RwLock::new(state));
        let (flushing, waiters) = (tokio::sync::Mutex::default(), Waiters::default());
        Self { topic, index, leader_epoch, is_offline, state, flushing, waiters }
    }

    /// Writes what is known of producers and closes the log.
    pub(crate) fn close(&self) -> Result<(), LogError> {
        let mut state = self.exclusive();
        let State { log, producers, .. } = &mut *state;
        let Ok(log) = log else { return Ok(()) };
        if !log.has_snapshot_at_end() {
            write_snapshot(log, producers, log.end_offset())?;
        }
        log.close()
    }

    /// Ends the partition: its folder is renamed, whoever waits is woken. Gives the folder, to be removed later.
    pub(crate) fn delete(&self, unique: Uuid) -> Result<Option<PathBuf>, LogError> {
        let log = std::mem::replace(&mut self.exclusive().log, Err(Absent::Deleted));
        self.waiters.wake();
        log.ok().map(|mut log| log.rename_for_deletion(&self.topic, self.index, unique)).transpose()
    }
}

/// Stores what was known of producers before `offset`.
pub(super) fn write_snapshot(
    log: &mut PartitionLog,
    producers: &Producers,
    offset: i64,
) -> Result<(), LogError> {
    log.write_producer_snapshot(offset, &snapshot_entries(producers))
}

/// What is known of producers, as a snapshot file holds it.
pub(super) fn snapshot_entries(producers: &Producers) -> Vec<ProducerSnapshotEntry> {
    producers.snapshot().map(|entry| to_file(&entry)).collect()
}

fn from_file(entry: &ProducerSnapshotEntry) -> SnapshotEntry {
    SnapshotEntry {
        producer_id: entry.producer_id,
        epoch: entry.producer_epoch,
        last_sequence: entry.last_sequence,
        last_offset: entry.last_offset,
        offset_delta: entry.offset_delta,
        timestamp: entry.timestamp,
        coordinator_epoch: entry.coordinator_epoch,
        transaction_first_offset: entry.current_txn_first_offset,
    }
}

fn to_file(entry: &SnapshotEntry) -> ProducerSnapshotEntry {
    ProducerSnapshotEntry {
        producer_id: entry.producer_id,
        producer_epoch: entry.epoch,
        last_sequence: entry.last_sequence,
        last_offset: entry.last_offset,
        offset_delta: entry.offset_delta,
        timestamp: entry.timestamp,
        coordinator_epoch: entry.coordinator_epoch,
        current_txn_first_offset: entry.transaction_first_offset,
    }
}
