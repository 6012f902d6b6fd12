//! What can be wrong with a batch.

/// The checksum does not fit the bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("batch at offset {base_offset} has checksum {stored:#010x}, its bytes have {computed:#010x}")]
pub struct CorruptBatchError {
    pub base_offset: i64,
    pub stored: u32,
    pub computed: u32,
}

/// One record alone is above the limit of a batch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("record at offset {offset} needs a batch of {size} bytes, {limit} are allowed")]
pub struct RecordTooLargeError {
    pub offset: i64,
    pub size: usize,
    pub limit: usize,
}

/// Bytes that are no batch, or a batch that can't be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    #[error(transparent)]
    Corrupt(#[from] CorruptBatchError),
    #[error(transparent)]
    RecordTooLarge(#[from] RecordTooLargeError),
    #[error("batch at offset {base_offset} has length {length}")]
    InvalidLength { base_offset: i64, length: i32 },
    #[error("batch at offset {base_offset} has magic {magic}")]
    UnknownMagic { base_offset: i64, magic: i8 },
    #[error("batch at offset {base_offset} has {count} records and last offset delta {last_offset_delta}")]
    InvalidCount { base_offset: i64, count: i32, last_offset_delta: i32 },
    #[error("codec {codec} is not known")]
    UnknownCodec { codec: i16 },
    #[error("{codec} data can't be read: {reason}")]
    Decompression { codec: &'static str, reason: String },
    #[error("{codec} data can't be written: {reason}")]
    Compression { codec: &'static str, reason: String },
    #[error("{codec} data is longer than {limit} bytes when opened")]
    DecompressionLimit { codec: &'static str, limit: usize },
    #[error("record {index} of the batch at offset {base_offset} is cut or malformed: {what}")]
    InvalidRecord { base_offset: i64, index: i32, what: &'static str },
    #[error("a batch of {count} records can't be written")]
    TooManyRecords { count: usize },
    #[error("a batch without records can't be written")]
    Empty,
}
