//! One direction of replication and its policies.

// Values that are one word of several.
mod choices;
// What counts where a key is not given.
mod defaults;
// Where a partition begins.
mod start;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use strait_replicator_core::rename::{ReplicationPolicy, TopicTemplate};
use strait_replicator_core::selection::{FlowSelection, PatternError, TopicFilter, full_match};
use strait_replicator_core::shares::MOST_SHARES;
use strait_replicator_core::topic_plan::{ConfigRules, DefaultsFrom};

pub use choices::{DefaultsOf, Delivery, Isolation, OffsetSyncs, OnLoss, OnRefused, Rename, Timestamps};
pub use start::Start;

use super::{Problem, Secret, check_range, problem};

/// One direction of replication between two clusters.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Flow {
    /// Alias of the cluster to read from.
    pub source: String,
    /// Alias of the cluster to write to.
    pub target: String,
    /// Into how many shares the flow is split, each run on its own; 0: 12 with `worker_group`, 1 without.
    #[serde(default)]
    pub shares: u16,
    /// Nothing is read or written until the daemon starts without this.
    #[serde(default)]
    pub paused: bool,
    /// Regular expressions of topics to copy; each must match the whole name.
    #[serde(default = "defaults::topics")]
    pub topics: Vec<String>,
    /// Regular expressions of topics to leave out; wins over `topics`.
    #[serde(default = "defaults::topics_exclude")]
    pub topics_exclude: Vec<String>,
    #[serde(default)]
    pub rename: Rename,
    /// Between source alias and topic in the default remote name.
    #[serde(default = "defaults::separator")]
    pub separator: String,
    /// For `rename = "template"`: a name made of `{source}`, `{topic}` and text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rename_template: String,
    /// For `rename = "regex"`: what of a topic's name is replaced, when it matches the whole name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rename_pattern: String,
    /// For `rename = "regex"`: the remote name, with groups as `${1}`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rename_replacement: String,
    /// Replicas of topics created at the target; -1 leaves it to the target.
    #[serde(default = "defaults::replication_factor")]
    pub replication_factor: i16,
    /// Settings of source topics are set at their remote topics and kept the same.
    #[serde(default = "defaults::yes")]
    pub sync_topic_configs: bool,
    /// Regular expressions of settings that stay as they are at the target.
    #[serde(default = "defaults::topic_configs_exclude")]
    pub topic_configs_exclude: Vec<String>,
    /// Whose default counts where a source topic does not set a value.
    #[serde(default)]
    pub topic_defaults_from: DefaultsOf,
    /// Rules of access about source topics are made for their remote topics, as MirrorMaker 2 does, and removed again.
    #[serde(default = "defaults::yes")]
    pub sync_topic_acls: bool,
    /// How often rules of access are compared.
    #[serde(default = "defaults::acl_interval_ms")]
    pub acl_interval_ms: u64,
    /// Quotas of users and client ids are set as at the source, and removed again.
    #[serde(default)]
    pub sync_client_quotas: bool,
    /// Users of SCRAM are compared, and those made at the target whose passwords are in `scram_passwords`.
    #[serde(default)]
    pub sync_scram_users: bool,
    /// Passwords by user of SCRAM, since a source never tells them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scram_passwords: BTreeMap<String, Secret>,
    /// How often quotas and users are compared.
    #[serde(default = "defaults::principal_interval_ms")]
    pub principal_interval_ms: u64,
    /// Where a partition without a stored position begins.
    #[serde(default)]
    pub start: Start,
    /// The same for topics whose whole name matches a regular expression; the first match counts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub topic_starts: BTreeMap<String, Start>,
    /// Topic at the target with MirrorMaker 2's positions, behind which partitions without a position of their own go
    /// on; empty: none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub take_over: String,
    /// Topic at the target where positions are written as MirrorMaker 2 keeps its own, so that it can go on behind them;
    /// empty: none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hand_over: String,
    /// The connector whose positions `take_over` and `hand_over` mean; empty: any that is read, and written for that of
    /// the dedicated mode.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub mirror_maker_connector: String,
    /// How records are protected from being written twice.
    #[serde(default)]
    pub delivery: Delivery,
    /// Which records are copied.
    #[serde(default)]
    pub isolation: Isolation,
    /// Whose time records of a source topic with LogAppendTime keep.
    #[serde(default)]
    pub timestamps: Timestamps,
    /// Source records were deleted before they were copied.
    #[serde(default = "OnLoss::go_on")]
    pub on_retention_gap: OnLoss,
    /// A source topic was deleted and made again under the same name.
    #[serde(default = "OnLoss::go_on")]
    pub on_recreated: OnLoss,
    /// One side lost records that were copied.
    #[serde(default)]
    pub on_truncated: OnLoss,
    /// The source's history changed behind the position.
    #[serde(default)]
    pub on_diverged: OnLoss,
    /// The target refuses a record.
    #[serde(default)]
    pub on_refused: OnRefused,
    /// Topic at the target for what it refused; empty: `<source><separator>dead-letter`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub dead_letter_topic: String,
    /// Regular expressions of groups whose offsets are translated; each must match the whole name.
    #[serde(default = "defaults::groups")]
    pub groups: Vec<String>,
    /// Regular expressions of groups to leave out; wins over `groups`.
    #[serde(default = "defaults::groups_exclude")]
    pub groups_exclude: Vec<String>,
    /// Translated offsets are committed at the target for groups that nobody is in there.
    #[serde(default = "defaults::yes")]
    pub sync_groups: bool,
    /// How often offsets of groups are read and translated.
    #[serde(default = "defaults::group_interval_ms")]
    pub group_interval_ms: u64,
    /// Checkpoints are published as MirrorMaker 2 does.
    #[serde(default = "defaults::yes")]
    pub checkpoints: bool,
    /// Where offset syncs are published as MirrorMaker 2 does, for its own tools.
    #[serde(default)]
    pub offset_syncs: OffsetSyncs,
    /// How often a heartbeat is written to the target, as MirrorMaker 2 does; 0 writes none.
    #[serde(default = "defaults::heartbeat_interval_ms")]
    pub heartbeat_interval_ms: u64,
    /// How often a heartbeat of the way back is written to the source, as MirrorMaker 2 does for a flow that is not
    /// enabled; 0 writes none.
    #[serde(default)]
    pub source_heartbeat_interval_ms: u64,
    /// Heartbeats of clusters further up are copied, whatever `topics` says, so that MirrorMaker 2's tools see chains.
    #[serde(default = "defaults::yes")]
    pub copy_heartbeats: bool,
    /// Bytes a second of batches that the flow reads; 0 sets no limit.
    #[serde(default)]
    pub rate_limit_bytes: u64,
    /// How often topics of the source are listed anew.
    #[serde(default = "defaults::refresh_interval_ms")]
    pub refresh_interval_ms: u64,
    /// How often positions are written to the target's state topic.
    #[serde(default = "defaults::position_interval_ms")]
    pub position_interval_ms: u64,
}

impl Flow {
    /// `source--target`: the flow's name in REST, CLI and metrics.
    pub fn id(&self) -> String {
        format!("{}--{}", self.source, self.target)
    }

    /// The rule from source topic to remote topic; a description of what is wrong with its keys.
    pub fn policy(&self) -> Result<ReplicationPolicy, Problem> {
        let wrong = |key: &str, value: &str, allowed: String| problem(key, value, &allowed);
        let (source_alias, separator) = (self.source.clone(), self.separator.clone());
        Ok(match self.rename {
            Rename::Default => ReplicationPolicy::Default { separator },
            Rename::Identity => ReplicationPolicy::Identity { source_alias, separator },
            Rename::Template => {
                let template = TopicTemplate::parse_template(&self.rename_template)
                    .map_err(|error| wrong("rename_template", &self.rename_template, error.to_string()))?;
                ReplicationPolicy::Template { template, source_alias }
            }
            Rename::Regex => {
                let pattern = full_match(&self.rename_pattern).map_err(|error| {
                    wrong(
                        "rename_pattern",
                        &self.rename_pattern,
                        format!("a regular expression ({})", error.reason),
                    )
                })?;
                let replacement = self.rename_replacement.clone();
                if replacement.is_empty() {
                    return Err(wrong("rename_replacement", "", "a name, with groups as ${1}".to_owned()));
                }
                ReplicationPolicy::Regex { pattern: Box::new(pattern), replacement }
            }
        })
    }

    /// Whether topics of heartbeats are copied; a name of our own making would not tell where one comes from.
    pub fn copies_heartbeats(&self) -> bool {
        self.copy_heartbeats && matches!(self.rename, Rename::Default | Rename::Identity)
    }

    /// Which topics of the source are copied, with the names that `policy` gives them.
    pub fn selection(&self, policy: ReplicationPolicy) -> Result<FlowSelection, PatternError> {
        Ok(FlowSelection {
            filter: TopicFilter::new(&self.topics, &self.topics_exclude)?,
            policy,
            target_alias: self.target.clone(),
            heartbeats: self.copies_heartbeats(),
        })
    }

    /// Where records go that the target refuses.
    pub fn dead_letter_topic(&self) -> String {
        if self.dead_letter_topic.is_empty() {
            format!("{}{}dead-letter", self.source, self.separator)
        } else {
            self.dead_letter_topic.clone()
        }
    }

    /// Which settings of topics are taken over.
    pub fn config_rules(&self) -> Result<ConfigRules, strait_replicator_core::selection::PatternError> {
        let defaults_from = match self.topic_defaults_from {
            DefaultsOf::Target => DefaultsFrom::Target,
            DefaultsOf::Source => DefaultsFrom::Source,
        };
        ConfigRules::new(&self.topic_configs_exclude, defaults_from)
    }

    pub(super) fn validate(&self, key: &str, problems: &mut Vec<Problem>) {
        let shares = (0, u64::from(MOST_SHARES));
        check_range(&format!("{key}.shares"), self.shares.into(), shares, problems);
        if let Err(wrong) = self.policy() {
            problems.push(Problem { key: format!("{key}.{}", wrong.key), ..wrong });
        }
        let starts: Vec<String> = self.topic_starts.keys().cloned().collect();
        for (name, patterns) in [
            ("topics", &self.topics),
            ("topics_exclude", &self.topics_exclude),
            ("topic_configs_exclude", &self.topic_configs_exclude),
            ("groups", &self.groups),
            ("groups_exclude", &self.groups_exclude),
            ("topic_starts", &starts),
        ] {
            for (position, pattern) in patterns.iter().enumerate() {
                if let Err(error) = TopicFilter::new(std::slice::from_ref(pattern), &[]) {
                    let key = format!("{key}.{name}[{position}]");
                    problems.push(problem(
                        &key,
                        pattern,
                        &format!("a regular expression ({})", error.reason),
                    ));
                }
            }
        }
        for (user, password) in &self.scram_passwords {
            let key = format!("{key}.scram_passwords.{user}");
            password.check(&key, problems);
        }
        if self.replication_factor == 0 || self.replication_factor < -1 {
            let value = self.replication_factor.to_string();
            problems.push(problem(&format!("{key}.replication_factor"), &value, "-1, or 1 and more"));
        }
        for (name, value) in [
            ("refresh_interval_ms", self.refresh_interval_ms),
            ("position_interval_ms", self.position_interval_ms),
            ("group_interval_ms", self.group_interval_ms),
            ("acl_interval_ms", self.acl_interval_ms),
            ("principal_interval_ms", self.principal_interval_ms),
        ] {
            check_range(&format!("{key}.{name}"), value, (100, 3_600_000), problems);
        }
        for (name, value) in [
            ("heartbeat_interval_ms", self.heartbeat_interval_ms),
            ("source_heartbeat_interval_ms", self.source_heartbeat_interval_ms),
        ] {
            if value > 0 {
                check_range(&format!("{key}.{name}"), value, (100, 3_600_000), problems);
            }
        }
    }
}
