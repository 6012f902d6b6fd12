//! What a topic asks of the batches that are produced to it.

use strait_wire::batch::{Compression, DecompressionLimit};

/// `message.timestamp.type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimestampType {
    CreateTime,
    LogAppendTime,
}

/// `compression.type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopicCompression {
    /// As the producer compressed.
    Producer,
    Fixed(Compression),
}

impl TopicCompression {
    /// The codec that a batch with codec `source` is stored in.
    pub fn target(self, source: Compression) -> Compression {
        match self {
            Self::Producer => source,
            Self::Fixed(codec) => codec,
        }
    }
}

/// The settings of a topic that decide about a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicSettings {
    /// `max.message.bytes`: of a batch with its header, compressed.
    pub max_message_bytes: usize,
    /// `segment.bytes`.
    pub segment_bytes: usize,
    /// `cleanup.policy` contains `compact`: every record needs a key.
    pub is_compacted: bool,
    pub timestamp_type: TimestampType,
    /// `message.timestamp.before.max.ms`.
    pub timestamp_before_max_ms: i64,
    /// `message.timestamp.after.max.ms`.
    pub timestamp_after_max_ms: i64,
    pub compression: TopicCompression,
}

impl Default for TopicSettings {
    /// Kafka's defaults.
    fn default() -> Self {
        Self {
            max_message_bytes: 1_048_588,
            segment_bytes: 1 << 30,
            is_compacted: false,
            timestamp_type: TimestampType::CreateTime,
            timestamp_before_max_ms: i64::MAX,
            timestamp_after_max_ms: 3_600_000,
            compression: TopicCompression::Producer,
        }
    }
}

/// How far a batch is looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Every record, as Kafka does.
    Full,
    /// The header alone where no rule of the topic needs the records: trusts the producer's numbering and timestamps.
    Header,
}

/// How a batch is validated.
#[derive(Clone, Copy, Debug)]
pub struct Validation<'a> {
    pub topic: &'a TopicSettings,
    pub depth: Depth,
    /// The version of the Produce request.
    pub version: i16,
    /// Milliseconds.
    pub now_ms: i64,
    /// Most bytes that the records of a batch may have when opened.
    pub decompression_limit: DecompressionLimit,
}
