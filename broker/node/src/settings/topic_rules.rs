//! What the settings of a topic mean for its batches and its log.

use strait_broker_core::produce_validation::TopicSettings;
use strait_broker_core::topic_config::{BrokerConfigs, TopicConfigs};
use strait_broker_log::{CleanupPolicy, LogConfig};

/// Both halves of a topic's settings.
#[derive(Clone, Debug)]
pub(crate) struct TopicRules {
    pub(crate) produce: TopicSettings,
    pub(crate) log: LogConfig,
}

/// The settings of a topic on a broker with these values.
pub(crate) fn topic_rules(broker: &BrokerConfigs, configs: &TopicConfigs) -> TopicRules {
    let configs = configs.over(broker);
    TopicRules { produce: configs.produce_settings(), log: log(&configs) }
}

fn log(configs: &TopicConfigs) -> LogConfig {
    let bytes = |name| u32::try_from(configs.number(name)).unwrap_or(u32::MAX);
    LogConfig {
        segment_bytes: bytes("segment.bytes"),
        segment_ms: configs.number("segment.ms"),
        segment_index_bytes: bytes("segment.index.bytes"),
        index_interval_bytes: bytes("index.interval.bytes"),
        retention_bytes: configs.number("retention.bytes"),
        retention_ms: configs.number("retention.ms"),
        flush_messages: configs.number("flush.messages"),
        flush_ms: configs.number("flush.ms"),
        file_delete_delay_ms: configs.number("file.delete.delay.ms"),
        cleanup_policy: CleanupPolicy {
            delete: configs.has_policy("delete"),
            compact: configs.has_policy("compact"),
        },
        delete_retention_ms: configs.number("delete.retention.ms"),
        min_cleanable_dirty_ratio: configs.min_cleanable_dirty_ratio(),
        min_compaction_lag_ms: configs.number("min.compaction.lag.ms"),
        max_compaction_lag_ms: configs.number("max.compaction.lag.ms"),
        ..LogConfig::default()
    }
}
