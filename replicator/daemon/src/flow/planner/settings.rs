//! Settings of topics on both sides, read at an interval.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use strait_client::{Cluster, Metadata, TopicConfig};
use strait_replicator_core::topic_plan::{ConfigEntry, ConfigOrigin};
use tokio::time::Instant;
use tracing::warn;

use super::{PlanError, PlannerParts, Selected};

/// Between two readings of what is known.
const READ_INTERVAL: Duration = Duration::from_secs(3);
/// Kafka's default `max.message.bytes`.
const DEFAULT_MAX_MESSAGE_BYTES: usize = 1_048_588;

type ByTopic = BTreeMap<String, Vec<ConfigEntry>>;

/// What is known of topics' settings.
#[derive(Default)]
pub(super) struct Settings {
    pub(super) source: ByTopic,
    pub(super) target: ByTopic,
    /// Names of settings that the target knows; empty when it does not tell.
    known_at_target: BTreeSet<String>,
    read_at: Option<Instant>,
    is_refused: bool,
}

impl Settings {
    /// Reads the settings of all topics when they are old, and else of those that are new.
    pub(super) async fn read(
        &mut self,
        parts: &PlannerParts,
        selected: &[Selected<'_>],
        target: &Metadata,
    ) -> Result<(), PlanError> {
        let is_old = self.read_at.is_none_or(|at| at.elapsed() >= READ_INTERVAL);
        let wanted = |known: &ByTopic, name: &str| is_old || !known.contains_key(name);
        let at_source = selected.iter().map(|selected| selected.topic.name.clone());
        let at_source: Vec<String> = at_source.filter(|name| wanted(&self.source, name)).collect();
        let at_target = selected.iter().map(|selected| selected.remote.clone());
        let at_target: Vec<String> =
            at_target.filter(|name| target.topics.contains_key(name) && wanted(&self.target, name)).collect();
        if self.is_refused && !is_old {
            return Ok(());
        }
        let (source, target) =
            tokio::join!(describe(&parts.source, &at_source), describe(&parts.target, &at_target));
        let (source, source_refused) = source.map_err(PlanError::Source)?;
        let (target, target_refused) = target.map_err(PlanError::Target)?;
        if self.known_at_target.is_empty() {
            let (state, _) =
                describe(&parts.target, &[parts.state.name().to_owned()]).await.map_err(PlanError::Target)?;
            self.known_at_target = state.into_values().flatten().map(|entry| entry.name).collect();
        }
        self.source.extend(source);
        self.target.extend(target);
        if is_old {
            self.read_at = Some(Instant::now());
        }
        self.say_refused(parts, source_refused.or(target_refused));
        Ok(())
    }

    /// When the settings of all topics were read.
    pub(super) fn read_at(&self) -> Option<Instant> {
        self.read_at
    }

    fn say_refused(&mut self, parts: &PlannerParts, reason: Option<String>) {
        if let Some(reason) = reason
            && !std::mem::replace(&mut self.is_refused, true)
        {
            warn!(
                flow = %parts.flow.id(), %reason,
                "settings of topics can't be read: new remote topics get the target's, and every batch goes into a transaction"
            );
        }
    }

    /// The settings of a source topic that the target can have; `said` is told of the others.
    pub(super) fn of_source(
        &self,
        topic: &str,
        mut said: impl FnMut(&ConfigEntry),
    ) -> Option<Vec<ConfigEntry>> {
        let entries = self.source.get(topic)?.iter().filter(|entry| {
            let is_known = self.known_at_target.is_empty() || self.known_at_target.contains(&entry.name);
            if !is_known && entry.origin == ConfigOrigin::Topic {
                said(entry);
            }
            is_known
        });
        Some(entries.cloned().collect())
    }

    pub(super) fn max_message_bytes(&self, remote: &str) -> usize {
        let value = value_of(&self.target, remote, "max.message.bytes");
        value.and_then(|value| value.parse().ok()).unwrap_or(DEFAULT_MAX_MESSAGE_BYTES)
    }

    pub(super) fn is_log_append_time(&self, remote: &str) -> bool {
        value_of(&self.target, remote, "message.timestamp.type") == Some("LogAppendTime")
    }

    /// A source topic of which nothing is known may be compacted.
    pub(super) fn is_compacted(&self, topic: &str) -> bool {
        value_of(&self.source, topic, "cleanup.policy").is_none_or(|policy| policy.contains("compact"))
    }
}

fn value_of<'a>(settings: &'a ByTopic, topic: &str, name: &str) -> Option<&'a str> {
    settings.get(topic)?.iter().find(|entry| entry.name == name)?.value.as_deref()
}

/// The settings that a cluster tells, and why it does not tell the others.
async fn describe(
    cluster: &Cluster,
    topics: &[String],
) -> Result<(ByTopic, Option<String>), strait_client::ClientError> {
    if topics.is_empty() {
        return Ok((ByTopic::new(), None));
    }
    let mut settings = ByTopic::new();
    let mut refused = None;
    for (topic, result) in cluster.describe_topic_configs(topics).await? {
        match result {
            Ok(entries) => {
                settings.insert(topic, entries.into_iter().map(entry).collect());
            }
            Err(error) => refused = Some(format!("{topic}: {error}")),
        }
    }
    Ok((settings, refused))
}

fn entry(config: TopicConfig) -> ConfigEntry {
    ConfigEntry {
        origin: ConfigOrigin::from_source(config.source),
        name: config.name,
        value: config.value,
        is_sensitive: config.sensitive,
        is_read_only: config.read_only,
    }
}
