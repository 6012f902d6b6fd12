//! Settings of a topic by Kafka's names (`LogConfig`, `TopicConfig`): which there are, their defaults, what is allowed.

use std::collections::BTreeMap;

use strait_broker_core::produce_validation::{TimestampType, TopicCompression, TopicSettings};
use strait_broker_log::{CleanupPolicy, LogConfig};
use strait_wire::batch::Compression;

/// Settings that differ from the default, as they were given.
pub(crate) type Overrides = BTreeMap<String, String>;

/// How DescribeConfigs names a setting's type (`ConfigType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text = 2,
    Int = 3,
    Long = 5,
    Double = 6,
    List = 7,
}

/// One setting of a topic.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    pub(crate) default: &'static str,
    pub(crate) kind: Kind,
}

const fn setting(name: &'static str, default: &'static str, kind: Kind) -> Setting {
    Setting { name, default, kind }
}

/// Kafka 4.3's settings that this broker honours, by name.
pub(crate) const SETTINGS: &[Setting] = &[
    setting("cleanup.policy", "delete", Kind::List),
    setting("compression.type", "producer", Kind::Text),
    setting("delete.retention.ms", "86400000", Kind::Long),
    setting("file.delete.delay.ms", "60000", Kind::Long),
    setting("flush.messages", "9223372036854775807", Kind::Long),
    setting("index.interval.bytes", "4096", Kind::Int),
    setting("max.compaction.lag.ms", "9223372036854775807", Kind::Long),
    setting("max.message.bytes", "1048588", Kind::Int),
    setting("message.timestamp.after.max.ms", "3600000", Kind::Long),
    setting("message.timestamp.before.max.ms", "9223372036854775807", Kind::Long),
    setting("message.timestamp.type", "CreateTime", Kind::Text),
    setting("min.cleanable.dirty.ratio", "0.5", Kind::Double),
    setting("min.compaction.lag.ms", "0", Kind::Long),
    setting("min.insync.replicas", "1", Kind::Int),
    setting("retention.bytes", "-1", Kind::Long),
    setting("retention.ms", "604800000", Kind::Long),
    setting("segment.bytes", "1073741824", Kind::Int),
    setting("segment.index.bytes", "10485760", Kind::Int),
    setting("segment.jitter.ms", "0", Kind::Long),
    setting("segment.ms", "604800000", Kind::Long),
];

/// A setting's value, or why it can't be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TopicConfigError {
    #[error("Unknown topic config name: {name}")]
    Unknown { name: String },
    #[error("Invalid value {value} for configuration {name}: allowed is {allowed}")]
    Value { name: &'static str, value: String, allowed: &'static str },
}

/// What a topic's settings mean for its batches and its logs.
#[derive(Clone, Debug)]
pub(crate) struct TopicConfig {
    pub(crate) batches: TopicSettings,
    pub(crate) log: LogConfig,
}

impl TopicConfig {
    /// Checks all settings.
    pub(crate) fn new(overrides: &Overrides) -> Result<Self, TopicConfigError> {
        for name in overrides.keys() {
            if !SETTINGS.iter().any(|setting| setting.name == name) {
                return Err(TopicConfigError::Unknown { name: name.clone() });
            }
        }
        let values = Values(overrides);
        let policy = values.cleanup_policy()?;
        let segment_bytes: u32 = values.number("segment.bytes", 1 << 20, i64::from(i32::MAX))?;
        Ok(Self {
            batches: TopicSettings {
                max_message_bytes: values.number("max.message.bytes", 0, i64::from(i32::MAX))?,
                segment_bytes: usize::try_from(segment_bytes).unwrap_or(usize::MAX),
                is_compacted: policy.compact,
                timestamp_type: values.timestamp_type()?,
                timestamp_before_max_ms: values.number("message.timestamp.before.max.ms", 0, i64::MAX)?,
                timestamp_after_max_ms: values.number("message.timestamp.after.max.ms", 0, i64::MAX)?,
                compression: values.compression()?,
            },
            log: values.log(policy, segment_bytes)?,
        })
    }
}

struct Values<'a>(&'a Overrides);

impl Values<'_> {
    /// The value that counts and the setting's own name.
    fn text(&self, name: &str) -> (&'static str, &str) {
        let Some(setting) = SETTINGS.iter().find(|setting| setting.name == name) else { return ("", "") };
        (setting.name, self.0.get(name).map_or(setting.default, String::as_str))
    }

    fn number<T: TryFrom<i64>>(&self, name: &str, least: i64, most: i64) -> Result<T, TopicConfigError> {
        let (name, value) = self.text(name);
        let number = value.trim().parse().ok().filter(|number| (least..=most).contains(number));
        let wrong =
            || TopicConfigError::Value { name, value: value.to_owned(), allowed: "a number in its range" };
        number.and_then(|number| T::try_from(number).ok()).ok_or_else(wrong)
    }

    fn cleanup_policy(&self) -> Result<CleanupPolicy, TopicConfigError> {
        let (name, value) = self.text("cleanup.policy");
        let mut policy = CleanupPolicy { delete: false, compact: false };
        for part in value.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            match part {
                "delete" => policy.delete = true,
                "compact" => policy.compact = true,
                _ => {
                    let allowed = "delete, compact or both";
                    return Err(TopicConfigError::Value { name, value: value.to_owned(), allowed });
                }
            }
        }
        Ok(policy)
    }

    fn timestamp_type(&self) -> Result<TimestampType, TopicConfigError> {
        match self.text("message.timestamp.type") {
            (_, "CreateTime") => Ok(TimestampType::CreateTime),
            (_, "LogAppendTime") => Ok(TimestampType::LogAppendTime),
            (name, value) => {
                let allowed = "CreateTime or LogAppendTime";
                Err(TopicConfigError::Value { name, value: value.to_owned(), allowed })
            }
        }
    }

    fn compression(&self) -> Result<TopicCompression, TopicConfigError> {
        let codec = match self.text("compression.type") {
            (_, "producer") => return Ok(TopicCompression::Producer),
            (_, "uncompressed") => Compression::None,
            (_, "gzip") => Compression::Gzip,
            (_, "snappy") => Compression::Snappy,
            (_, "lz4") => Compression::Lz4,
            (_, "zstd") => Compression::Zstd,
            (name, value) => {
                let allowed = "producer, uncompressed, gzip, snappy, lz4 or zstd";
                return Err(TopicConfigError::Value { name, value: value.to_owned(), allowed });
            }
        };
        Ok(TopicCompression::Fixed(codec))
    }

    fn ratio(&self) -> Result<f64, TopicConfigError> {
        let (name, value) = self.text("min.cleanable.dirty.ratio");
        let ratio = value.trim().parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
        ratio.ok_or_else(|| TopicConfigError::Value { name, value: value.to_owned(), allowed: "0 to 1" })
    }

    fn log(&self, cleanup_policy: CleanupPolicy, segment_bytes: u32) -> Result<LogConfig, TopicConfigError> {
        Ok(LogConfig {
            segment_bytes,
            segment_ms: self.number("segment.ms", 1, i64::MAX)?,
            segment_index_bytes: self.number("segment.index.bytes", 4, i64::from(i32::MAX))?,
            index_interval_bytes: self.number("index.interval.bytes", 0, i64::from(i32::MAX))?,
            retention_bytes: self.number("retention.bytes", -1, i64::MAX)?,
            retention_ms: self.number("retention.ms", -1, i64::MAX)?,
            flush_messages: self.number("flush.messages", 1, i64::MAX)?,
            file_delete_delay_ms: self.number("file.delete.delay.ms", 0, i64::MAX)?,
            cleanup_policy,
            delete_retention_ms: self.number("delete.retention.ms", 0, i64::MAX)?,
            min_cleanable_dirty_ratio: self.ratio()?,
            min_compaction_lag_ms: self.number("min.compaction.lag.ms", 0, i64::MAX)?,
            max_compaction_lag_ms: self.number("max.compaction.lag.ms", 1, i64::MAX)?,
            ..LogConfig::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overrides(entries: &[(&str, &str)]) -> Overrides {
        entries.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn defaults_are_those_of_the_rules() {
        let config = TopicConfig::new(&Overrides::new()).expect("defaults");
        assert_eq!(config.log, LogConfig::default());
        assert_eq!(config.batches, TopicSettings::default());
    }

    #[test]
    fn values_are_checked_by_name() {
        for (name, value) in [
            ("retention.ms", "-2"),
            ("cleanup.policy", "shred"),
            ("compression.type", "zip"),
            ("segment.bytes", "1"),
            ("retention.msec", "1"),
        ] {
            let Err(error) = TopicConfig::new(&overrides(&[(name, value)])) else { panic!("{name}={value}") };
            assert!(error.to_string().contains(name), "{error}");
        }
        let config = TopicConfig::new(&overrides(&[("cleanup.policy", "compact,delete")])).expect("both");
        assert!(config.batches.is_compacted && config.log.cleanup_policy.delete);
    }
}
