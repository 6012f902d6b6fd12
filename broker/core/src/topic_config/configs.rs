//! The settings that a topic has, and what they mean.

use std::collections::BTreeMap;

use strait_wire::batch::Compression;

use super::broker::BrokerConfigs;
use super::definitions::{definition, definitions};
use super::rule::{ConfigError, check, elements};
use crate::produce_validation::{TimestampType, TopicCompression, TopicSettings};

/// What was set for a topic. Everything else has its default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopicConfigs(pub(super) BTreeMap<&'static str, String>);

impl TopicConfigs {
    /// Takes settings as CreateTopics brings them.
    ///
    /// # Errors
    /// A name that is not known, a value that is not allowed, settings that contradict each other.
    pub fn new<'a>(settings: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, ConfigError> {
        let mut configs = Self::default();
        for (name, value) in settings {
            configs.set(name, value)?;
        }
        configs.check_together()?;
        Ok(configs)
    }

    /// Takes settings that were stored. What is not known or not allowed here counts as not set: a newer release may have
    /// stored it.
    pub fn stored<'a>(settings: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut configs = Self::default();
        for (name, value) in settings {
            let _ = configs.set(name, value);
        }
        configs
    }

    /// These settings, and the broker's values for all that the topic leaves open.
    pub fn over(&self, broker: &BrokerConfigs) -> Self {
        let mut configs = self.clone();
        for definition in definitions() {
            if !configs.0.contains_key(definition.name)
                && let Some(value) = broker.default_of(definition)
            {
                configs.0.insert(definition.name, value);
            }
        }
        configs
    }

    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<(), ConfigError> {
        let definition =
            definition(name).ok_or_else(|| ConfigError::UnknownName { name: name.to_owned() })?;
        check(definition.kind, definition.rule, value).map_err(|reason| {
            let (name, value) = (definition.name, value.to_owned());
            ConfigError::InvalidValue { name, value, reason }
        })?;
        self.0.insert(definition.name, value.to_owned());
        Ok(())
    }

    pub(super) fn check_together(&self) -> Result<(), ConfigError> {
        let (min_ms, max_ms) = (self.number("min.compaction.lag.ms"), self.number("max.compaction.lag.ms"));
        if min_ms > max_ms {
            return Err(ConfigError::CompactionLag { min_ms, max_ms });
        }
        if self.is_true("remote.storage.enable") {
            return Err(ConfigError::RemoteStorage);
        }
        Ok(())
    }

    /// What was set, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// What was set for a name.
    pub fn own(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The value of a setting; empty for a name that is not known.
    pub fn get(&self, name: &str) -> &str {
        let default = || definition(name).map_or("", |definition| definition.default);
        self.0.get(name).map_or_else(default, String::as_str).trim()
    }

    /// The value of a whole number; 0 for a name that is none.
    pub fn number(&self, name: &str) -> i64 {
        self.get(name).parse().unwrap_or(0)
    }

    /// The value of a boolean.
    pub fn is_true(&self, name: &str) -> bool {
        self.get(name).eq_ignore_ascii_case("true")
    }

    /// The share of dirty records from which on the log is compacted.
    pub fn min_cleanable_dirty_ratio(&self) -> f64 {
        self.get("min.cleanable.dirty.ratio").parse().unwrap_or(0.5)
    }

    /// `cleanup.policy` contains the policy.
    pub fn has_policy(&self, policy: &str) -> bool {
        elements(self.get("cleanup.policy")).any(|element| element == policy)
    }

    /// What decides about produced batches.
    pub fn produce_settings(&self) -> TopicSettings {
        let bytes = |name| usize::try_from(self.number(name)).unwrap_or(0);
        TopicSettings {
            max_message_bytes: bytes("max.message.bytes"),
            segment_bytes: bytes("segment.bytes"),
            is_compacted: self.has_policy("compact"),
            timestamp_type: match self.get("message.timestamp.type") {
                "LogAppendTime" => TimestampType::LogAppendTime,
                _ => TimestampType::CreateTime,
            },
            timestamp_before_max_ms: self.number("message.timestamp.before.max.ms"),
            timestamp_after_max_ms: self.number("message.timestamp.after.max.ms"),
            compression: self.compression(),
        }
    }

    fn compression(&self) -> TopicCompression {
        match self.get("compression.type") {
            "uncompressed" => TopicCompression::Fixed(Compression::None),
            "gzip" => TopicCompression::Fixed(Compression::Gzip),
            "snappy" => TopicCompression::Fixed(Compression::Snappy),
            "lz4" => TopicCompression::Fixed(Compression::Lz4),
            "zstd" => TopicCompression::Fixed(Compression::Zstd),
            _ => TopicCompression::Producer,
        }
    }
}
