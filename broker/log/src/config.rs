//! What a topic's configuration says about its log. Names and defaults are Kafka's (`LogConfig`).

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// `cleanup.policy`; both may be set, and neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CleanupPolicy {
    pub delete: bool,
    pub compact: bool,
}

/// Settings of one partition's log.
#[derive(Clone, Debug, PartialEq)]
pub struct LogConfig {
    /// `segment.bytes`: a segment is closed before it grows above this.
    pub segment_bytes: u32,
    /// `segment.ms`: a segment is closed when its records span more than this.
    pub segment_ms: i64,
    /// What of `segment.jitter.ms` was drawn for this partition; taken off `segment_ms`.
    pub segment_jitter_ms: i64,
    /// `segment.index.bytes`: a segment is closed when an index has this size.
    pub segment_index_bytes: u32,
    /// `index.interval.bytes`: bytes of records between two index entries.
    pub index_interval_bytes: u32,
    /// `retention.bytes`; -1 is without limit.
    pub retention_bytes: i64,
    /// `retention.ms`; -1 is without limit.
    pub retention_ms: i64,
    /// `flush.messages`: records that may be unflushed after an append.
    pub flush_messages: i64,
    /// `flush.ms`: how long a record may be unflushed.
    pub flush_ms: i64,
    /// `file.delete.delay.ms`: how long a deleted segment keeps its bytes as `*.deleted`.
    pub file_delete_delay_ms: i64,
    /// `cleanup.policy`.
    pub cleanup_policy: CleanupPolicy,
    /// `delete.retention.ms`: how long a tombstone stays after its first cleaning.
    pub delete_retention_ms: i64,
    /// `min.cleanable.dirty.ratio`.
    pub min_cleanable_dirty_ratio: f64,
    /// `min.compaction.lag.ms`: records younger than this are not cleaned.
    pub min_compaction_lag_ms: i64,
    /// `max.compaction.lag.ms`: records older than this are cleaned whatever the dirty ratio.
    pub max_compaction_lag_ms: i64,
    /// The log is not opened where whole batches or flushed records would have to leave it. Not a setting of Kafka.
    pub refuses_damage: bool,
    /// Bytes of the newest batches that are kept in memory. Not a setting of Kafka.
    pub tail_bytes: usize,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            segment_bytes: 1 << 30,
            segment_ms: 7 * DAY_MS,
            segment_jitter_ms: 0,
            segment_index_bytes: 10 << 20,
            index_interval_bytes: 4096,
            retention_bytes: -1,
            retention_ms: 7 * DAY_MS,
            flush_messages: i64::MAX,
            flush_ms: i64::MAX,
            file_delete_delay_ms: 60_000,
            cleanup_policy: CleanupPolicy { delete: true, compact: false },
            delete_retention_ms: DAY_MS,
            min_cleanable_dirty_ratio: 0.5,
            min_compaction_lag_ms: 0,
            max_compaction_lag_ms: i64::MAX,
            refuses_damage: false,
            tail_bytes: 1 << 20,
        }
    }
}
