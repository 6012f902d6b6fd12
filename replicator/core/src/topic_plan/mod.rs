//! What must be created or changed on the target so that a remote topic can take the source's records.
//! Never shrinks, never deletes; what can't be brought together is a conflict, not an action.

// Which settings are taken over.
mod configs;
// Which settings differ.
mod drift;

use std::collections::BTreeMap;

pub use configs::{ConfigRules, DEFAULT_CONFIG_EXCLUDES, DefaultsFrom};
pub use drift::{ConfigDrift, DriftKind};

/// A topic's setting as a cluster describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigEntry {
    pub name: String,
    pub value: Option<String>,
    pub origin: ConfigOrigin,
    pub is_sensitive: bool,
    pub is_read_only: bool,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConfigOrigin {
    /// Set on the topic.
    #[default]
    Topic,
    /// The cluster's or the program's default.
    Default,
    /// A broker's own file.
    StaticBroker,
}

impl ConfigOrigin {
    /// From the number of a DescribeConfigs answer.
    pub fn from_source(source: i8) -> Self {
        match source {
            1 => Self::Topic,
            4 => Self::StaticBroker,
            // 2, 3: dynamic broker configuration; 5: the program's default; others are of other resources.
            _ => Self::Default,
        }
    }
}

/// A selected topic of the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceTopic {
    pub name: String,
    pub remote_name: String,
    pub partitions: i32,
    /// `None` when the source's settings are not known or not synchronised.
    pub configs: Option<Vec<ConfigEntry>>,
}

/// A topic of the target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetTopic {
    pub partitions: i32,
    /// `None` when the target's settings are not known.
    pub configs: Option<Vec<ConfigEntry>>,
}

/// A setting to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigChange {
    Set {
        value: String,
    },
    /// Back to the target's default.
    Delete,
}

/// Something to do, or to say, about a remote topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TopicAction {
    Create {
        remote_topic: String,
        partitions: i32,
        replication_factor: i16,
        configs: BTreeMap<String, String>,
    },
    Widen {
        remote_topic: String,
        from: i32,
        to: i32,
    },
    AlterConfigs {
        remote_topic: String,
        changes: BTreeMap<String, ConfigChange>,
    },
    Conflict {
        remote_topic: String,
        conflict: TopicConflict,
    },
}

/// What keeps two topics from becoming one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TopicConflict {
    #[error("topics {} of the source have this one remote name", topics.join(", "))]
    SameRemoteName { topics: Vec<String> },
    #[error("the remote topic has {target} partitions, its source has {source_partitions}")]
    TargetIsWider { source_partitions: i32, target: i32 },
    #[error("the remote name has {length} characters, Kafka takes {MAX_TOPIC_NAME_LENGTH}")]
    NameTooLong { length: usize },
    #[error("`{name}` is no topic name")]
    InvalidName { name: String },
}

/// Kafka's longest topic name.
pub const MAX_TOPIC_NAME_LENGTH: usize = 249;

/// How remote topics are made.
#[derive(Clone, Debug)]
pub struct TopicRules {
    /// -1 leaves it to the target.
    pub replication_factor: i16,
    pub configs: ConfigRules,
}

/// Compares the selected topics with the target's, in the order of their remote names.
pub fn plan(
    sources: &[SourceTopic],
    targets: &BTreeMap<String, TargetTopic>,
    rules: &TopicRules,
) -> Vec<TopicAction> {
    let mut by_remote: BTreeMap<&str, Vec<&SourceTopic>> = BTreeMap::new();
    for source in sources {
        by_remote.entry(&source.remote_name).or_default().push(source);
    }
    let mut actions = Vec::new();
    for (remote, sources) in by_remote {
        match (conflict_of(remote, &sources), sources.as_slice()) {
            (None, [source]) => plan_topic(source, targets.get(remote), rules, &mut actions),
            (Some(conflict), _) => {
                actions.push(TopicAction::Conflict { remote_topic: remote.to_owned(), conflict });
            }
            (None, _) => {}
        }
    }
    actions
}

fn plan_topic(
    source: &SourceTopic,
    target: Option<&TargetTopic>,
    rules: &TopicRules,
    actions: &mut Vec<TopicAction>,
) {
    let remote_topic = source.remote_name.clone();
    let Some(target) = target else {
        let configs = source.configs.as_deref().map(|configs| rules.configs.at_creation(configs));
        actions.push(TopicAction::Create {
            remote_topic,
            partitions: source.partitions,
            replication_factor: rules.replication_factor,
            configs: configs.unwrap_or_default(),
        });
        return;
    };
    if target.partitions < source.partitions {
        let (from, to) = (target.partitions, source.partitions);
        actions.push(TopicAction::Widen { remote_topic: remote_topic.clone(), from, to });
    } else if target.partitions > source.partitions {
        let conflict =
            TopicConflict::TargetIsWider { source_partitions: source.partitions, target: target.partitions };
        actions.push(TopicAction::Conflict { remote_topic: remote_topic.clone(), conflict });
    }
    if let (Some(source), Some(target)) = (&source.configs, &target.configs) {
        let changes = rules.configs.changes(source, target);
        if !changes.is_empty() {
            actions.push(TopicAction::AlterConfigs { remote_topic, changes });
        }
    }
}

fn conflict_of(remote: &str, sources: &[&SourceTopic]) -> Option<TopicConflict> {
    if sources.len() > 1 {
        let topics = sources.iter().map(|source| source.name.clone()).collect();
        return Some(TopicConflict::SameRemoteName { topics });
    }
    if remote.len() > MAX_TOPIC_NAME_LENGTH {
        return Some(TopicConflict::NameTooLong { length: remote.len() });
    }
    let is_valid = !matches!(remote, "" | "." | "..")
        && remote.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
    (!is_valid).then(|| TopicConflict::InvalidName { name: remote.to_owned() })
}

#[cfg(test)]
mod tests;
