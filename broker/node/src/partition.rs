//! One partition: its log and what it knows of producers, behind one lock. There is one replica: what is written is
//! committed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use strait_broker_core::producer_state::{Admission, Append, ProducerStateError, Producers, SnapshotEntry};
use strait_broker_log::{
    AbortedTransaction, CleaningPlan, DataFolder, LogError, LogRead, PartitionLog, ProducerSnapshotEntry,
    Recovered, TailBudget,
};
use strait_wire::batch::{BatchError, ClosedBatch};
use strait_wire::ids::Uuid;
use tokio::sync::watch;

use crate::environment::now_ms;
use crate::topic_config::TopicConfig;

/// There is one leader, and it stays.
pub(crate) const LEADER_EPOCH: i32 = 0;
/// `producer.id.expiration.ms`.
pub(crate) const PRODUCER_EXPIRATION_MS: i64 = 24 * 60 * 60 * 1_000;

/// A partition that is open.
#[derive(Debug)]
pub(crate) struct Partition {
    state: Mutex<PartitionState>,
    end: watch::Sender<i64>,
}

#[derive(Debug)]
pub(crate) struct PartitionState {
    pub(crate) log: PartitionLog,
    pub(crate) producers: Producers,
    /// Where the next compaction begins.
    first_dirty: i64,
}

/// Why a batch was not appended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AppendError {
    #[error(transparent)]
    Producer(#[from] ProducerStateError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Batch(#[from] BatchError),
}

/// Where a batch stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Appended {
    pub(crate) base_offset: i64,
    pub(crate) log_start_offset: i64,
}

/// What a fetch found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) read: LogRead,
    pub(crate) aborted: Vec<AbortedTransaction>,
    pub(crate) high_watermark: i64,
    pub(crate) last_stable_offset: i64,
    pub(crate) log_start_offset: i64,
}

impl Partition {
    /// Opens the log, made when it is missing, and rebuilds what is known of producers.
    pub(crate) fn open(
        data: &DataFolder,
        place: (&str, i32),
        topic_id: Uuid,
        config: &TopicConfig,
        tails: &Arc<TailBudget>,
    ) -> Result<Self, LogError> {
        let now = now_ms();
        let mut producers = Producers::new(0);
        let mut log = data.open_log(place, config.log.clone(), now, &mut |recovered| match recovered {
            Recovered::Snapshot { offset, entries } => {
                let entries = entries.iter().map(from_file);
                producers = Producers::from_snapshot(offset, entries, now, PRODUCER_EXPIRATION_MS);
            }
            Recovered::Batch { header, marker } => {
                producers.replay(header, marker);
            }
        })?;
        if log.topic_id()?.is_none() {
            log.set_topic_id(topic_id)?;
        }
        producers.high_watermark_moved(log.end_offset());
        let (end, _) = watch::channel(log.end_offset());
        log.share_tail_budget(tails.clone());
        let first_dirty = data.cleaner_offset(place.0, place.1);
        Ok(Self { state: Mutex::new(PartitionState { log, producers, first_dirty }), end })
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, PartitionState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sees each new end of the log.
    pub(crate) fn subscribe(&self) -> watch::Receiver<i64> {
        self.end.subscribe()
    }

    /// Appends a validated batch, or finds where it was appended before.
    pub(crate) fn append(&self, batch: &ClosedBatch, append: Append) -> Result<Appended, AppendError> {
        let mut state = self.lock();
        let placed = batch.assign(state.log.end_offset(), LEADER_EPOCH);
        let log_start_offset = state.log.start_offset();
        if let Admission::Duplicate(earlier) = state.producers.admit(&placed.header, append)? {
            return Ok(Appended { base_offset: earlier.first_offset, log_start_offset });
        }
        let done = state.log.append(&placed.segments, &placed.header, now_ms())?;
        if let Some(offset) = done.rolled_at {
            state.write_snapshot(offset)?;
        }
        state.producers.appended(&placed.header);
        let end = state.log.end_offset();
        state.producers.high_watermark_moved(end);
        drop(state);
        self.end.send_replace(end);
        Ok(Appended { base_offset: done.base_offset, log_start_offset })
    }

    /// Whole batches from `offset` on, as far as the reader may see.
    pub(crate) fn read(
        &self,
        offset: i64,
        max_bytes: usize,
        is_committed_only: bool,
        at_least_one: bool,
    ) -> Result<Found, LogError> {
        let state = self.lock();
        let high_watermark = state.log.end_offset();
        let last_stable_offset = state.producers.last_stable_offset(high_watermark);
        let bound = if is_committed_only { last_stable_offset } else { high_watermark };
        let read = state.log.read(offset, max_bytes, bound, at_least_one)?;
        let aborted = match is_committed_only && read.size > 0 {
            true => state.log.aborted_transactions(offset, read.next_offset)?,
            false => Vec::new(),
        };
        let log_start_offset = state.log.start_offset();
        Ok(Found { read, aborted, high_watermark, last_stable_offset, log_start_offset })
    }

    /// Gives up the folder's name. Who still reads goes on with the files.
    pub(crate) fn delete(&self, topic: &str, index: i32, unique: Uuid) -> Result<(), LogError> {
        self.lock().log.rename_for_deletion(topic, index, unique)?;
        Ok(())
    }

    /// Removes what retention lets go, and producers that were not heard for long.
    pub(crate) fn apply_retention(&self, now_ms: i64) -> Result<(), LogError> {
        let mut state = self.lock();
        let high_watermark = state.log.end_offset();
        state.log.apply_retention(now_ms, high_watermark)?;
        let start = state.log.start_offset();
        state.producers.log_start_moved(start);
        state.producers.remove_expired(now_ms, PRODUCER_EXPIRATION_MS);
        Ok(())
    }

    /// Flushes without holding up who writes.
    pub(crate) fn flush_closed_segments(&self) -> Result<(), LogError> {
        let plan = self.lock().log.plan_flush()?;
        let Some(plan) = plan else { return Ok(()) };
        let flushed = plan.run();
        self.lock().log.finish_flush(flushed)
    }

    /// Keeps the newest record of each key, where the topic asks for it and enough has gathered.
    pub(crate) fn compact(&self, key_bytes: usize, now_ms: i64) -> Result<(), LogError> {
        let Some(plan) = self.lock().plan_compaction(key_bytes, now_ms)? else { return Ok(()) };
        let cleaned = plan.run()?;
        let mut state = self.lock();
        if let Some(next) = state.log.adopt(cleaned, now_ms)? {
            state.first_dirty = next;
        }
        Ok(())
    }

    /// Writes what a clean stop leaves.
    pub(crate) fn close(&self) -> Result<(), LogError> {
        let mut state = self.lock();
        let end = state.log.end_offset();
        state.write_snapshot(end)?;
        state.log.close()
    }
}

impl PartitionState {
    pub(crate) fn first_dirty(&self) -> i64 {
        self.first_dirty
    }

    fn plan_compaction(&self, key_bytes: usize, now_ms: i64) -> Result<Option<CleaningPlan>, LogError> {
        if !self.log.config().cleanup_policy.compact {
            return Ok(None);
        }
        let stable = self.producers.last_stable_offset(self.log.end_offset());
        let cleanable = self.log.cleanable(self.first_dirty, stable, now_ms)?;
        if !cleanable.is_due {
            return Ok(None);
        }
        let producers: Vec<ProducerSnapshotEntry> = self.producers.snapshot().map(to_file).collect();
        self.log.plan_cleaning(&cleanable, &producers, key_bytes, now_ms)
    }

    fn write_snapshot(&mut self, offset: i64) -> Result<(), LogError> {
        let entries: Vec<ProducerSnapshotEntry> = self.producers.snapshot().map(to_file).collect();
        self.log.write_producer_snapshot(offset, &entries)
    }

    /// Each batch of the log in turn, as bytes of its own.
    pub(crate) fn batches(&self, mut visit: impl FnMut(Bytes)) -> Result<(), LogError> {
        const BYTES: usize = 1 << 20;
        let (mut offset, end) = (self.log.start_offset(), self.log.end_offset());
        while offset < end {
            let read = self.log.read(offset, BYTES, end, true)?;
            if read.next_offset <= offset {
                return Ok(());
            }
            visit(strait_wire::record_data::RecordData(read.batches).into_bytes());
            offset = read.next_offset;
        }
        Ok(())
    }
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

fn to_file(entry: SnapshotEntry) -> ProducerSnapshotEntry {
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
