//! Batches and records that can't be copied, each with where it lies in the source's log.

use strait_wire::batch::{BatchError, CorruptBatchError};

/// Why copying can't go on past an offset.
#[derive(Debug, thiserror::Error)]
pub enum Poison {
    #[error("source batch at {base_offset} is damaged: {source}")]
    CorruptBatch { base_offset: i64, last_offset: i64, source: CorruptBatchError },
    #[error("source batch at {base_offset} can't be opened: {source}")]
    UnreadableBatch { base_offset: i64, last_offset: i64, source: BatchError },
    #[error("source batch at {base_offset} holds records out of order or outside of its range at {offset}")]
    MisplacedRecord { base_offset: i64, last_offset: i64, offset: i64 },
    #[error("source record at {offset} needs a batch of {size} bytes, the target takes {limit}")]
    RecordTooLarge { offset: i64, size: usize, limit: usize },
    #[error("source records from {offset} can't be encoded: {source}")]
    Encoding { offset: i64, source: BatchError },
}

impl Poison {
    /// The first and the last source offset that can't be copied.
    pub fn range(&self) -> (i64, i64) {
        match self {
            Self::CorruptBatch { base_offset, last_offset, .. }
            | Self::UnreadableBatch { base_offset, last_offset, .. }
            | Self::MisplacedRecord { base_offset, last_offset, .. } => (*base_offset, *last_offset),
            Self::RecordTooLarge { offset, .. } | Self::Encoding { offset, .. } => (*offset, *offset),
        }
    }
}
