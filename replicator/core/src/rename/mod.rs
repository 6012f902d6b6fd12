//! Replication policies: source topic to remote topic, and back. Default and Identity answer as MirrorMaker 2's
//! classes of these names do; Template and Regex are ours. Both sides of a flow must use the same policy.

mod template;

use fancy_regex::Regex;

pub use template::{TemplateError, TopicTemplate};

/// MirrorMaker 2's separator.
pub const DEFAULT_SEPARATOR: &str = ".";
/// MirrorMaker 2's liveness topic.
pub const HEARTBEATS_TOPIC: &str = "heartbeats";

/// The rule from source topic to remote topic.
#[derive(Clone, Debug)]
pub enum ReplicationPolicy {
    /// `alias`, separator, `topic`. Every topic that contains the separator looks remote.
    Default { separator: String },
    /// The same name. Names that end with `heartbeats` are treated as by Default. Can't see cycles.
    Identity { source_alias: String, separator: String },
    /// A name built from `{source}` and `{topic}`.
    Template { template: TopicTemplate, source_alias: String },
    /// A full match is rewritten with `$1` references, another name stays. Has no way back, so it can't see cycles.
    Regex { pattern: Box<Regex>, replacement: String },
}

impl ReplicationPolicy {
    /// MirrorMaker 2's default policy with its default separator.
    pub fn mirror_maker_default() -> Self {
        Self::Default { separator: DEFAULT_SEPARATOR.to_owned() }
    }

    /// The name on the target of `topic` of the cluster `source_alias`.
    pub fn remote_topic(&self, source_alias: &str, topic: &str) -> String {
        match self {
            Self::Default { separator } => format!("{source_alias}{separator}{topic}"),
            Self::Identity { separator, .. } if looks_like_heartbeat(topic) => {
                format!("{source_alias}{separator}{topic}")
            }
            Self::Identity { .. } => topic.to_owned(),
            Self::Template { template, .. } => template.render(source_alias, topic),
            Self::Regex { pattern, replacement } => pattern.replace(topic, replacement.as_str()).into_owned(),
        }
    }

    /// The alias of the cluster that a topic came from; `None` when it does not look remote.
    pub fn topic_source<'a>(&'a self, topic: &'a str) -> Option<&'a str> {
        match self {
            Self::Default { separator } => first_part(topic, separator),
            Self::Identity { separator, .. } if looks_like_heartbeat(topic) => first_part(topic, separator),
            Self::Identity { source_alias, .. } => Some(source_alias),
            Self::Template { template, source_alias } => {
                template.parse(topic).map(|parsed| parsed.source.unwrap_or(source_alias))
            }
            Self::Regex { .. } => None,
        }
    }

    /// The name that a topic has on the cluster it came from, one hop up.
    pub fn upstream_topic<'a>(&self, topic: &'a str) -> Option<&'a str> {
        match self {
            Self::Default { separator } => after_first_part(topic, separator),
            Self::Identity { separator, .. } if looks_like_heartbeat(topic) => {
                after_first_part(topic, separator)
            }
            Self::Identity { .. } => Some(topic),
            Self::Template { template, .. } => template.parse(topic).map(|parsed| parsed.topic),
            Self::Regex { .. } => None,
        }
    }

    /// The name at the first cluster of a chain of hops.
    pub fn original_topic<'a>(&self, topic: &'a str) -> &'a str {
        let mut topic = topic;
        while let Some(upstream) = self.upstream_topic(topic).filter(|upstream| *upstream != topic) {
            topic = upstream;
        }
        topic
    }

    /// Whether a topic came through the cluster `target_alias` at some hop, so that copying it there is a loop.
    pub fn is_cycle(&self, topic: &str, target_alias: &str) -> bool {
        let mut topic = topic;
        while let Some(source) = self.topic_source(topic) {
            if source == target_alias {
                return true;
            }
            match self.upstream_topic(topic) {
                Some(upstream) if upstream != topic => topic = upstream,
                Some(_) | None => return false,
            }
        }
        false
    }

    /// Kafka's, Connect's and MirrorMaker 2's own topics, which are never replicated.
    pub fn is_internal_topic(&self, topic: &str) -> bool {
        is_internal_topic(topic)
            || topic.strip_suffix("internal").is_some_and(|rest| rest.ends_with(self.separator()))
    }

    /// MirrorMaker 2's liveness topic, at any hop.
    pub fn is_heartbeats_topic(&self, topic: &str) -> bool {
        self.original_topic(topic) == HEARTBEATS_TOPIC
    }

    /// MirrorMaker 2's topic of translated group offsets.
    pub fn is_checkpoints_topic(&self, topic: &str) -> bool {
        let separator = self.separator();
        topic.ends_with(&format!("{separator}checkpoints{separator}internal"))
    }

    /// Where MirrorMaker 2 publishes translated offsets of groups of a source.
    pub fn checkpoints_topic(&self, source_alias: &str) -> String {
        let separator = self.separator();
        format!("{source_alias}{separator}checkpoints{separator}internal")
    }

    /// Where MirrorMaker 2 publishes offset syncs: `other_alias` is the cluster on the other side of the flow.
    pub fn offset_syncs_topic(&self, other_alias: &str) -> String {
        let separator = self.separator();
        format!("mm2-offset-syncs{separator}{other_alias}{separator}internal")
    }

    fn separator(&self) -> &str {
        match self {
            Self::Default { separator } | Self::Identity { separator, .. } => separator,
            Self::Template { .. } | Self::Regex { .. } => DEFAULT_SEPARATOR,
        }
    }
}

/// The part of MirrorMaker 2's internal rule that needs no policy.
pub fn is_internal_topic(topic: &str) -> bool {
    topic.starts_with("__")
        || topic.starts_with('.')
        || topic.ends_with("-internal")
        || topic.ends_with(".internal")
}

fn looks_like_heartbeat(topic: &str) -> bool {
    topic.ends_with(HEARTBEATS_TOPIC)
}

/// Java's `topic.split(separator)[0]` when the split has at least two parts; trailing empty parts do not count.
fn first_part<'a>(topic: &'a str, separator: &str) -> Option<&'a str> {
    if separator.is_empty() {
        let mut ends = topic.char_indices().map(|(index, _)| index).skip(1);
        return ends.next().map(|end| &topic[..end]);
    }
    let (source, _) = topic.split_once(separator)?;
    topic.split(separator).skip(1).any(|part| !part.is_empty()).then_some(source)
}

fn after_first_part<'a>(topic: &'a str, separator: &str) -> Option<&'a str> {
    first_part(topic, separator).map(|source| &topic[source.len() + separator.len()..])
}

#[cfg(test)]
mod tests;
