//! Why a batch is refused, with the code that Kafka answers.

use strait_wire::batch::BatchError;
use strait_wire::error_code::ErrorCode;

/// A record that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordError {
    /// Which record of the batch, from 0.
    pub index: i32,
    pub message: String,
}

/// What is wrong with one partition's part of a Produce request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProduceError {
    #[error("produce requests need a record batch for each partition")]
    NoBatch,
    #[error("produce requests may hold one record batch for each partition")]
    SeveralBatches,
    #[error("produce requests may hold record batches with magic 2 only")]
    OldMagic,
    #[error("produce requests of version {version} may not be compressed with zstd")]
    ZstdTooEarly { version: i16 },
    #[error("the base offset is {base_offset}, it should be 0")]
    BaseOffset { base_offset: i64 },
    #[error("the batch has {size} bytes, {limit} are allowed")]
    TooLarge { size: usize, limit: usize },
    #[error("the batch has {size} bytes, a segment has {limit}")]
    LargerThanSegment { size: usize, limit: usize },
    #[error("the bytes are no batch, or not those that the checksum was made of")]
    Corrupt,
    #[error("the header announces {count} records and a last offset delta of {last_offset_delta}")]
    Count { count: i32, last_offset_delta: i32 },
    #[error("clients may not write control batches")]
    Control,
    #[error("base sequence {sequence} with a producer id")]
    Sequence { sequence: i32 },
    #[error("producer id {producer_id} without an epoch")]
    Epoch { producer_id: i64 },
    #[error("the records are not numbered from 0 on without gaps")]
    Numbering,
    #[error("record {index} is cut or malformed: {what}")]
    MalformedRecord { index: i32, what: &'static str },
    #[error("the batch can't be opened or written: {0}")]
    Unreadable(BatchError),
    /// Of `total` records that were refused the first are listed. `timestamp` is true when one was refused for its time.
    #[error("{}", records_message(*.timestamp, *.total, .errors))]
    Records { timestamp: bool, total: usize, errors: Vec<RecordError> },
}

/// Errors of single records that are told in the message.
const ERRORS_SHOWN: usize = 3;

fn records_message(timestamp: bool, total: usize, errors: &[RecordError]) -> String {
    if timestamp {
        return "One or more records have been rejected due to invalid timestamp".to_owned();
    }
    let shown: Vec<String> = errors
        .iter()
        .take(ERRORS_SHOWN)
        .map(|error| format!("RecordError(batchIndex={}, message='{}')", error.index, error.message))
        .collect();
    format!(
        "One or more records have been rejected due to {total} record errors in total, and only showing the first three \
         errors at most: [{}]",
        shown.join(", ")
    )
}

impl ProduceError {
    /// Kafka's code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::NoBatch
            | Self::SeveralBatches
            | Self::OldMagic
            | Self::BaseOffset { .. }
            | Self::Count { .. }
            | Self::Control
            | Self::Sequence { .. }
            | Self::Epoch { .. }
            | Self::Numbering
            | Self::MalformedRecord { .. }
            | Self::Records { timestamp: false, .. } => ErrorCode::INVALID_RECORD,
            Self::Records { timestamp: true, .. } => ErrorCode::INVALID_TIMESTAMP,
            Self::ZstdTooEarly { .. } => ErrorCode::UNSUPPORTED_COMPRESSION_TYPE,
            Self::TooLarge { .. } | Self::Unreadable(BatchError::DecompressionLimit { .. }) => {
                ErrorCode::MESSAGE_TOO_LARGE
            }
            Self::LargerThanSegment { .. } => ErrorCode::RECORD_LIST_TOO_LARGE,
            Self::Corrupt => ErrorCode::CORRUPT_MESSAGE,
            // Where a codec of Kafka throws what has no code of its own, it answers UNKNOWN_SERVER_ERROR.
            Self::Unreadable(_) => ErrorCode::INVALID_RECORD,
        }
    }

    /// The records named in the answer, from version 8 on.
    pub fn record_errors(&self) -> &[RecordError] {
        match self {
            Self::Records { errors, .. } => errors,
            _ => &[],
        }
    }

    /// The message in the answer, from version 8 on: Kafka sends one only for errors of single records.
    pub fn message(&self) -> Option<String> {
        matches!(self, Self::Records { .. }).then(|| self.to_string())
    }
}
