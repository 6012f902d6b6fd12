//! What is sent, and what is known of it when it was written.

use bytes::Bytes;
use strait_wire::batch::{HEADER_LENGTH, Header};

use crate::leaders::TopicPartition;

/// A record to send.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProducerRecord {
    pub topic: String,
    /// `None`: by key, or without a key in turn.
    pub partition: Option<i32>,
    /// Milliseconds since 1970; `None`: the time of `send`.
    pub timestamp_ms: Option<i64>,
    pub key: Option<Bytes>,
    pub value: Option<Bytes>,
    pub headers: Vec<Header>,
}

/// Most bytes of what stands around key, value and headers (`DefaultRecord`).
const MAX_RECORD_OVERHEAD: usize = 21;

impl ProducerRecord {
    /// A record with a value and no key.
    pub fn new(topic: &str, value: impl Into<Bytes>) -> Self {
        Self { topic: topic.to_owned(), value: Some(value.into()), ..Self::default() }
    }

    pub fn with_key(mut self, key: impl Into<Bytes>) -> Self {
        self.key = Some(key.into());
        self
    }

    pub fn with_partition(mut self, partition: i32) -> Self {
        self.partition = Some(partition);
        self
    }

    /// Most bytes of a batch with this record alone, not compressed.
    pub(crate) fn size_upper_bound(&self) -> usize {
        let field = |bytes: Option<&Bytes>| bytes.map_or(1, |bytes| varint_size(bytes.len()) + bytes.len());
        let headers =
            self.headers.iter().map(|header| field(Some(&header.key)) + field(header.value.as_ref()));
        let content = field(self.key.as_ref()) + field(self.value.as_ref()) + varint_size(self.headers.len());
        HEADER_LENGTH + MAX_RECORD_OVERHEAD + content + headers.sum::<usize>()
    }
}

/// Bytes of a length as a signed varint.
fn varint_size(length: usize) -> usize {
    let bits = usize::BITS - (length << 1).leading_zeros();
    (bits.max(1) as usize).div_ceil(7)
}

/// A record that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordMetadata {
    pub topic: String,
    pub partition: i32,
    /// `None` with `acks=0`, and where the broker only said that it had the batch already.
    pub offset: Option<i64>,
    /// The record's own time, or the broker's where the topic asks for it; milliseconds since 1970.
    pub timestamp_ms: i64,
}

/// Makes the metadata of the record at `index` of a batch.
pub(crate) fn metadata_of(
    partition: &TopicPartition,
    written: Written,
    index: i64,
    timestamp_ms: i64,
) -> RecordMetadata {
    RecordMetadata {
        topic: partition.0.clone(),
        partition: partition.1,
        offset: written.base_offset.map(|base| base.saturating_add(index)),
        timestamp_ms: written.log_append_time_ms.unwrap_or(timestamp_ms),
    }
}

/// What a broker said of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) base_offset: Option<i64>,
    pub(crate) log_append_time_ms: Option<i64>,
}
