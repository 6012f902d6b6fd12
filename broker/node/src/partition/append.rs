//! Adding batches: producer state is asked before the write and told after it.

use strait_broker_core::batch_header::{assign_offset, assigned_header};
use strait_broker_core::control_batch::marker_batch;
use strait_broker_core::producer_state::{
    Admission, Append, Marker, ProducerStateError, Producers, VerificationGuard,
};
use strait_broker_log::{AbortedTransaction, LogError, PartitionLog};
use strait_wire::batch::{BatchError, ClosedBatch};
use strait_wire::error_code::ErrorCode;

use super::open::write_snapshot;
use super::{Partition, State};

/// Where a batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Appended {
    pub(crate) base_offset: i64,
    pub(crate) log_start_offset: i64,
    /// Of the batch that was there before, for a duplicate.
    pub(crate) duplicate_timestamp: Option<i64>,
}

/// A batch was not appended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AppendError {
    #[error("the partition was deleted")]
    Deleted,
    #[error(transparent)]
    Producer(#[from] ProducerStateError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("a marker can't be made: {0}")]
    Marker(#[from] BatchError),
}

impl AppendError {
    /// What a client is answered.
    pub(crate) fn code(&self) -> ErrorCode {
        match self {
            Self::Deleted => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
            Self::Producer(error) => error.code(),
            Self::Log(LogError::BatchTooLarge { .. }) => ErrorCode::RECORD_LIST_TOO_LARGE,
            Self::Marker(_) => ErrorCode::UNKNOWN_SERVER_ERROR,
            Self::Log(_) => ErrorCode::KAFKA_STORAGE_ERROR,
        }
    }
}

impl Partition {
    /// Adds a batch whose content was validated. A duplicate is answered with where it was. The caller wakes readers, once
    /// for all batches of a request: who is woken earlier reads the first batch and comes again for each of the others.
    pub(crate) fn append(
        &self,
        batch: &ClosedBatch,
        append: Append,
        now_ms: i64,
    ) -> Result<Appended, AppendError> {
        self.exclusive().append(batch, append, self.leader_epoch, now_ms)
    }

    /// Wakes who waits for records.
    pub(crate) fn wake(&self) {
        self.waiters.wake();
    }

    /// The guard for a transactional batch; where it is a number the coordinator has to be asked first (KIP-890).
    pub(crate) fn verify(&self, batch: &ClosedBatch, raises_epoch: bool, now_ms: i64) -> VerificationGuard {
        self.exclusive().producers.verify(batch.header(), raises_epoch, now_ms)
    }

    /// Ends a transaction here.
    pub(crate) fn append_marker(&self, marker: Marker, now_ms: i64) -> Result<(), AppendError> {
        self.exclusive().append_marker(marker, self.leader_epoch, now_ms)?;
        self.waiters.wake();
        Ok(())
    }
}

impl State {
    fn append_marker(&mut self, marker: Marker, leader_epoch: i32, now_ms: i64) -> Result<(), AppendError> {
        let log = self.log.as_mut().ok_or(AppendError::Deleted)?;
        let marker = Marker { offset: log.end_offset(), timestamp: now_ms, ..marker };
        self.producers.admit_marker(&marker, Append::COORDINATOR)?;
        let batch = marker_batch(&marker)?;
        let header = assigned_header(&batch, marker.offset, leader_epoch);
        let placed = assign_offset(&batch, marker.offset, leader_epoch);
        let info = log.append(&[placed.head, placed.payload], &header, now_ms)?;
        if let Some(rolled_at) = info.rolled_at {
            keep_snapshot(log, &self.producers, rolled_at);
        }
        let completed = self.producers.marker_appended(&marker);
        if let Some(completed) = completed.filter(|completed| completed.is_aborted) {
            log.append_aborted(AbortedTransaction {
                producer_id: completed.producer_id,
                first_offset: completed.first_offset,
                last_offset: completed.last_offset,
                last_stable_offset: completed.last_stable_offset,
            })?;
        }
        self.producers.high_watermark_moved(header.next_offset());
        Ok(())
    }

    fn append(
        &mut self,
        batch: &ClosedBatch,
        append: Append,
        leader_epoch: i32,
        now_ms: i64,
    ) -> Result<Appended, AppendError> {
        let log = self.log.as_mut().ok_or(AppendError::Deleted)?;
        let header = assigned_header(batch, log.end_offset(), leader_epoch);
        let log_start_offset = log.start_offset();
        if let Admission::Duplicate(before) = self.producers.admit(&header, append)? {
            let duplicate_timestamp = Some(before.timestamp);
            return Ok(Appended { base_offset: before.first_offset, log_start_offset, duplicate_timestamp });
        }
        let placed = assign_offset(batch, header.base_offset, leader_epoch);
        let info = log.append(&[placed.head, placed.payload], &header, now_ms)?;
        if let Some(rolled_at) = info.rolled_at {
            keep_snapshot(log, &self.producers, rolled_at);
        }
        self.producers.appended(&header);
        self.producers.high_watermark_moved(header.next_offset());
        Ok(Appended { base_offset: info.base_offset, log_start_offset, duplicate_timestamp: None })
    }
}

/// A snapshot is only a shorter way for the next start: without it more of the log is read.
fn keep_snapshot(log: &mut PartitionLog, producers: &Producers, offset: i64) {
    if let Err(error) = write_snapshot(log, producers, offset) {
        tracing::warn!(%error, "producer snapshot not written");
    }
}
