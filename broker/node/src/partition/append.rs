//! Adding batches: producer state is asked before the write and told after it.

use strait_broker_core::batch_header::{assign_offset, assigned_header};
use strait_broker_core::control_batch::marker_batch;
use strait_broker_core::producer_state::{
    Admission, Append, Marker, ProducerStateError, Producers, VerificationGuard, follows,
};
use strait_broker_log::{AbortedTransaction, LogError, PartitionLog, PlacedBatch};
use strait_wire::batch::{BatchError, ClosedBatch};
use strait_wire::error_code::ErrorCode;

use super::flush::FlushError;
use super::open::write_snapshot;
use super::{Absent, Partition, State};

/// Where a batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Appended {
    pub(crate) base_offset: i64,
    pub(crate) log_start_offset: i64,
    /// The batch is to be flushed up to this offset before it is acknowledged ([`Partition::flushed`]).
    pub(crate) flush_to: Option<i64>,
    /// Of the batch that was there before, for a duplicate.
    pub(crate) duplicate_timestamp: Option<i64>,
}

/// A batch was not appended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AppendError {
    #[error(transparent)]
    Absent(#[from] Absent),
    #[error(transparent)]
    Producer(#[from] ProducerStateError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Flush(#[from] FlushError),
    #[error("a marker can't be made: {0}")]
    Marker(#[from] BatchError),
}

impl AppendError {
    /// What a client is answered.
    pub(crate) fn code(&self) -> ErrorCode {
        match self {
            Self::Absent(absent) => absent.code(),
            Self::Producer(error) => error.code(),
            Self::Log(LogError::BatchTooLarge { .. }) => ErrorCode::RECORD_LIST_TOO_LARGE,
            Self::Marker(_) => ErrorCode::UNKNOWN_SERVER_ERROR,
            Self::Flush(FlushError::Absent(absent)) => absent.code(),
            Self::Log(_) | Self::Flush(FlushError::Log(_)) => ErrorCode::KAFKA_STORAGE_ERROR,
        }
    }
}

impl Partition {
    /// Adds batches whose content was validated, each as if it came alone; those that follow one another are written
    /// together. A duplicate is answered with where it was. The caller wakes readers, once for all batches of a request:
    /// who is woken earlier reads the first batch and comes again for each of the others. It also waits for the flush
    /// that is due.
    pub(crate) fn append_all(
        &self,
        batches: &[(ClosedBatch, Append)],
        now_ms: i64,
    ) -> Vec<Result<Appended, AppendError>> {
        let mut state = self.exclusive();
        let mut results = Vec::with_capacity(batches.len());
        while let Some(rest) = batches.get(results.len()..).filter(|rest| !rest.is_empty()) {
            match state.append_run(&rest[..run_length(rest)], self.leader_epoch, now_ms) {
                Ok(appended) => results.extend(appended.into_iter().map(Ok)),
                // Alone each may go in, and has an error of its own.
                Err(_) if run_length(rest) > 1 => {
                    results.push(state.append(&rest[0], self.leader_epoch, now_ms));
                }
                Err(error) => results.push(Err(error)),
            }
        }
        results
    }

    /// Wakes who waits for records.
    pub(crate) fn wake(&self) {
        self.waiters.wake();
    }

    /// The guard for a transactional batch; where it is a number the coordinator has to be asked first (KIP-890).
    pub(crate) fn verify(&self, batch: &ClosedBatch, raises_epoch: bool, now_ms: i64) -> VerificationGuard {
        self.exclusive().producers.verify(batch.header(), raises_epoch, now_ms)
    }

    /// Adds a batch, with who waits woken, and flushed where that is due.
    pub(crate) fn append_flushed(
        &self,
        batch: &ClosedBatch,
        append: Append,
        now_ms: i64,
    ) -> Result<Appended, AppendError> {
        let appended = self.exclusive().append(&(batch.clone(), append), self.leader_epoch, now_ms)?;
        self.wake();
        appended.flush_to.map_or(Ok(()), |offset| self.flush_to(offset))?;
        Ok(appended)
    }

    /// Ends a transaction here, flushed where that is due.
    pub(crate) fn append_marker(&self, marker: Marker, now_ms: i64) -> Result<(), AppendError> {
        let flush_to = self.exclusive().append_marker(marker, self.leader_epoch, now_ms)?;
        self.waiters.wake();
        Ok(flush_to.map_or(Ok(()), |offset| self.flush_to(offset))?)
    }
}

impl State {
    /// Gives up to where the log is to be flushed.
    fn append_marker(
        &mut self,
        marker: Marker,
        leader_epoch: i32,
        now_ms: i64,
    ) -> Result<Option<i64>, AppendError> {
        let log = self.log.as_mut().map_err(|absent| *absent)?;
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
            });
        }
        self.producers.high_watermark_moved(log.high_watermark());
        Ok(info.is_flush_due.then_some(header.next_offset()))
    }

    fn append(
        &mut self,
        batch: &(ClosedBatch, Append),
        leader_epoch: i32,
        now_ms: i64,
    ) -> Result<Appended, AppendError> {
        let mut appended = self.append_run(std::slice::from_ref(batch), leader_epoch, now_ms)?;
        Ok(appended.pop().expect("one for one batch"))
    }

    /// Adds the first of a run of batches, and as many of the others as are written with it: where the first may be
    /// written, all may. After an error nothing was added.
    fn append_run(
        &mut self,
        batches: &[(ClosedBatch, Append)],
        leader_epoch: i32,
        now_ms: i64,
    ) -> Result<Vec<Appended>, AppendError> {
        let log = self.log.as_mut().map_err(|absent| *absent)?;
        let log_start_offset = log.start_offset();
        let mut next_offset = log.end_offset();
        let headers = batches.iter().map(|(batch, _)| {
            let header = assigned_header(batch, next_offset, leader_epoch);
            next_offset = header.next_offset();
            header
        });
        let headers: Vec<_> = headers.collect();
        let (Some(first), Some((_, append))) = (headers.first(), batches.first()) else {
            return Ok(Vec::new());
        };
        if let Admission::Duplicate(before) = self.producers.admit(first, *append)? {
            let duplicate_timestamp = Some(before.timestamp);
            // It may still wait for its flush.
            let flush_to = (log.high_watermark() < log.end_offset()).then_some(log.end_offset());
            let base_offset = before.first_offset;
            return Ok(vec![Appended { base_offset, log_start_offset, flush_to, duplicate_timestamp }]);
        }
        let slices = batches.iter().zip(&headers).map(|((batch, _), header)| {
            let placed = assign_offset(batch, header.base_offset, leader_epoch);
            [placed.head, placed.payload]
        });
        let slices: Vec<_> = slices.collect();
        let placed = headers.iter().zip(&slices).map(|(header, slices)| PlacedBatch { header, slices });
        let infos = log.append_run(&placed.collect::<Vec<_>>(), now_ms)?;
        if let Some(rolled_at) = infos.iter().find_map(|info| info.rolled_at) {
            keep_snapshot(log, &self.producers, rolled_at);
        }
        headers.iter().take(infos.len()).for_each(|header| self.producers.appended(header));
        self.producers.high_watermark_moved(log.high_watermark());
        let appended = infos.iter().map(|info| Appended {
            base_offset: info.base_offset,
            log_start_offset,
            flush_to: info.is_flush_due.then_some(info.last_offset.saturating_add(1)),
            duplicate_timestamp: None,
        });
        Ok(appended.collect())
    }
}

/// How many of the batches, from the first on, may be written if the first may.
fn run_length(batches: &[(ClosedBatch, Append)]) -> usize {
    let pairs = batches.array_windows();
    1 + pairs.take_while(|[(before, _), (batch, _)]| follows(before.header(), batch.header())).count()
}

/// A snapshot is only a shorter way for the next start: without it more of the log is read.
fn keep_snapshot(log: &mut PartitionLog, producers: &Producers, offset: i64) {
    if let Err(error) = write_snapshot(log, producers, offset) {
        tracing::warn!(%error, "producer snapshot not written");
    }
}
