//! What the settings of a topic mean for its batches and its log. A value that a newer broker stored and that can't be
//! read counts as the default.

use std::collections::BTreeMap;
use std::str::FromStr;

use strait_broker_core::produce_validation::{TimestampType, TopicCompression, TopicSettings};
use strait_broker_log::{CleanupPolicy, LogConfig};
use strait_wire::batch::Compression;

use super::{DynamicConfigs, Settings, topic_key};

/// Both halves of a topic's settings.
#[derive(Clone, Debug)]
pub(crate) struct TopicRules {
    pub(crate) produce: TopicSettings,
    pub(crate) log: LogConfig,
}

struct Values<'a> {
    settings: &'a Settings,
    dynamic: &'a DynamicConfigs,
    overrides: &'a BTreeMap<String, String>,
}

impl Values<'_> {
    fn text(&self, name: &str) -> &str {
        let Some(topic) = topic_key(name) else { return "" };
        let own = self.overrides.get(name).map(String::as_str);
        let synonym = topic.synonym.name;
        let given = own.or_else(|| self.dynamic.value(synonym)).or_else(|| self.settings.given(synonym));
        given.or(topic.key.default).unwrap_or_default().trim()
    }

    fn number<T: FromStr + Default>(&self, name: &str) -> T {
        let default = || topic_key(name)?.key.default?.parse().ok();
        self.text(name).parse().ok().or_else(default).unwrap_or_default()
    }
}

/// The settings of a topic with these overrides, on a broker with these settings.
pub(crate) fn topic_rules(
    settings: &Settings,
    dynamic: &DynamicConfigs,
    overrides: &BTreeMap<String, String>,
) -> TopicRules {
    let values = Values { settings, dynamic, overrides };
    let policy = values.text("cleanup.policy");
    let cleanup_policy =
        CleanupPolicy { delete: policy.contains("delete"), compact: policy.contains("compact") };
    TopicRules { produce: produce(&values, cleanup_policy), log: log(&values, cleanup_policy) }
}

fn produce(values: &Values<'_>, cleanup_policy: CleanupPolicy) -> TopicSettings {
    let timestamp_type = match values.text("message.timestamp.type") {
        "LogAppendTime" => TimestampType::LogAppendTime,
        _ => TimestampType::CreateTime,
    };
    TopicSettings {
        max_message_bytes: values.number("max.message.bytes"),
        segment_bytes: values.number("segment.bytes"),
        is_compacted: cleanup_policy.compact,
        timestamp_type,
        timestamp_before_max_ms: values.number("message.timestamp.before.max.ms"),
        timestamp_after_max_ms: values.number("message.timestamp.after.max.ms"),
        compression: match values.text("compression.type") {
            "uncompressed" => TopicCompression::Fixed(Compression::None),
            "gzip" => TopicCompression::Fixed(Compression::Gzip),
            "snappy" => TopicCompression::Fixed(Compression::Snappy),
            "lz4" => TopicCompression::Fixed(Compression::Lz4),
            "zstd" => TopicCompression::Fixed(Compression::Zstd),
            _ => TopicCompression::Producer,
        },
    }
}

fn log(values: &Values<'_>, cleanup_policy: CleanupPolicy) -> LogConfig {
    LogConfig {
        segment_bytes: values.number("segment.bytes"),
        segment_ms: values.number("segment.ms"),
        segment_index_bytes: values.number("segment.index.bytes"),
        index_interval_bytes: values.number("index.interval.bytes"),
        retention_bytes: values.number("retention.bytes"),
        retention_ms: values.number("retention.ms"),
        flush_messages: values.number("flush.messages"),
        file_delete_delay_ms: values.number("file.delete.delay.ms"),
        cleanup_policy,
        delete_retention_ms: values.number("delete.retention.ms"),
        min_cleanable_dirty_ratio: values.number("min.cleanable.dirty.ratio"),
        min_compaction_lag_ms: values.number("min.compaction.lag.ms"),
        max_compaction_lag_ms: values.number("max.compaction.lag.ms"),
        ..LogConfig::default()
    }
}
