//! Adding batches: producer state is asked before the write and told after it.

use strait_broker_core::batch_header::{assign_offset, assigned_header};
use strait_broker_core::producer_state::{Admission, Append, ProducerStateError};
use strait_broker_log::LogError;
use strait_wire::batch::ClosedBatch;
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
}

impl AppendError {
    /// What a client is answered.
    pub(crate) fn code(&self) -> ErrorCode {
        match self {
            Self::Deleted => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
            Self::Producer(error) => error.code(),
            Self::Log(LogError::BatchTooLarge { .. }) => ErrorCode::RECORD_LIST_TOO_LARGE,
            Self::Log(_) => ErrorCode::KAFKA_STORAGE_ERROR,
        }
    }
}

impl Partition {
    /// Adds a batch whose content was validated. A duplicate is answered with where it was.
    pub(crate) fn append(
        &self,
        batch: &ClosedBatch,
        append: Append,
        now_ms: i64,
    ) -> Result<Appended, AppendError> {
        let appended = self.exclusive().append(batch, append, self.leader_epoch, now_ms)?;
        if appended.duplicate_timestamp.is_none() {
            self.waiters.wake();
        }
        Ok(appended)
    }
}

impl State {
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
            // The snapshot is only a shorter way for the next start: without it more of the log is read.
            if let Err(error) = write_snapshot(log, &self.producers, rolled_at) {
                tracing::warn!(%error, "producer snapshot not written");
            }
        }
        self.producers.appended(&header);
        self.producers.high_watermark_moved(header.next_offset());
        Ok(Appended { base_offset: info.base_offset, log_start_offset, duplicate_timestamp: None })
    }
}
