//! What a Fetch gets of a partition.

use bytes::Bytes;
use strait_broker_log::{AbortedTransaction, FileRange, LogError, ReadLimits};
use strait_wire::error_code::ErrorCode;

use super::{Absent, Isolation, Offsets, Partition};

/// Batches of one partition.
#[derive(Clone, Debug, Default)]
pub(crate) struct PartitionRead {
    pub(crate) batches: Vec<Bytes>,
    /// Batches that stay in their file; there are no others then.
    pub(crate) file: Option<FileRange>,
    pub(crate) size: usize,
    pub(crate) offsets: Offsets,
    /// For readers of committed records only.
    pub(crate) aborted: Option<Vec<AbortedTransaction>>,
}

/// Nothing can be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error(transparent)]
    Absent(#[from] Absent),
    #[error("offset {offset} is outside the log")]
    OutOfRange { offset: i64 },
    #[error(transparent)]
    Log(#[from] LogError),
}

impl ReadError {
    /// What a client is answered.
    pub(crate) fn code(&self) -> ErrorCode {
        match self {
            Self::Absent(absent) => absent.code(),
            Self::OutOfRange { .. } => ErrorCode::OFFSET_OUT_OF_RANGE,
            Self::Log(LogError::CorruptBatch { .. } | LogError::CorruptFile { .. }) => {
                ErrorCode::CORRUPT_MESSAGE
            }
            Self::Log(_) => ErrorCode::KAFKA_STORAGE_ERROR,
        }
    }
}

impl Partition {
    /// The epoch that is found for `epoch`, and where it ends; both are -1 when the log can't tell (KIP-101).
    pub(crate) fn epoch_end(&self, epoch: i32) -> Result<(i32, i64), Absent> {
        self.look(|log, _| match epoch {
            // An epoch that has no batch yet ends where the log does.
            _ if epoch == self.leader_epoch => (epoch, log.end_offset()),
            _ => log.epoch_end_offset(epoch),
        })
    }

    /// Whole batches from the one that holds `offset`, as far as the reader may see.
    pub(crate) fn read(
        &self,
        offset: i64,
        isolation: Isolation,
        limits: ReadLimits,
    ) -> Result<PartitionRead, ReadError> {
        let state = self.shared();
        let log = state.log.as_ref().map_err(|absent| *absent)?;
        let offsets = state.offsets()?;
        if offset < offsets.log_start || offset > offsets.high_watermark {
            return Err(ReadError::OutOfRange { offset });
        }
        let end = offsets.readable_end(isolation);
        let read = log.read(offset, end, limits)?;
        let aborted = match isolation {
            Isolation::Uncommitted => None,
            // As in Kafka the list is missing where the limits leave no room for the next batch.
            Isolation::Committed if read.size == 0 && offset < end => None,
            Isolation::Committed => Some(log.aborted_transactions(offset, read.next_offset)?),
        };
        Ok(PartitionRead { batches: read.batches, file: read.file, size: read.size, offsets, aborted })
    }
}
