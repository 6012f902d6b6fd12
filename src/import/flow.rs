//! From a connector's keys to those of a flow.

// What checkpoints, offset syncs and heartbeats are told.
mod groups;
// A transformation of Connect that renames topics.
mod rename;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::plan::FlowSettings;
use super::settings::Reader;

const DEFAULT_POLICY: &str = "org.apache.kafka.connect.mirror.DefaultReplicationPolicy";
const IDENTITY_POLICIES: [&str; 2] = [
    "org.apache.kafka.connect.mirror.IdentityReplicationPolicy",
    "io.strimzi.kafka.connect.mirror.IdentityReplicationPolicy",
];
/// MirrorMaker 2's default, where Strait's is that of the target cluster.
const REPLICATION_FACTOR: i64 = 2;
/// The longest interval that Strait takes.
const LONGEST_REFRESH_SECONDS: i64 = 3_600;

/// A flow under construction, and the imported key behind each of its keys.
struct Draft {
    keys: Map<String, Value>,
    origins: BTreeMap<String, String>,
}

impl Draft {
    fn set(&mut self, reader: &Reader<'_>, key: &str, name: &str, value: impl Into<Value>) {
        self.keys.insert(key.to_owned(), value.into());
        let origin = reader.raw(name).map(|setting| setting.key.clone());
        self.origins.extend(origin.map(|origin| (key.to_owned(), origin)));
    }
}

/// The flow, and the imported key behind each of its keys.
pub(super) fn translate(
    reader: &mut Reader<'_>,
    settings: &FlowSettings,
) -> (Value, BTreeMap<String, String>) {
    let mut draft = Draft { keys: Map::new(), origins: BTreeMap::new() };
    draft.keys.insert("source".to_owned(), settings.source.clone().into());
    draft.keys.insert("target".to_owned(), settings.target.clone().into());
    if let Some(key) = &settings.paused {
        draft.keys.insert("paused".to_owned(), true.into());
        draft.origins.insert("paused".to_owned(), key.clone());
    }
    if let Some(topic) = &settings.positions {
        draft.keys.insert("take_over".to_owned(), topic.clone().into());
    }
    if let Some(name) = &settings.connector_name {
        draft.keys.insert("mirror_maker_connector".to_owned(), name.clone().into());
    }
    topics(reader, &mut draft);
    policy(reader, &mut draft);
    topic_configs(reader, &mut draft);
    topic_acls(reader, &mut draft);
    consumer(reader, &mut draft);
    refresh(reader, &mut draft);
    groups::translate(reader, &mut draft);
    if let Some(way_back) = &settings.way_back {
        let (providers, report) = (reader.providers, &mut *reader.report);
        groups::heartbeats_back(&mut Reader { settings: way_back, providers, report }, &mut draft);
    }
    tolerance(reader, &mut draft);
    (Value::Object(draft.keys), draft.origins)
}

fn topics(reader: &mut Reader<'_>, draft: &mut Draft) {
    for (key, names) in [
        ("topics", &["topics"][..]),
        ("topics_exclude", &["topics.exclude", "topics.blacklist"]),
        ("groups", &["groups"]),
        ("groups_exclude", &["groups.exclude", "groups.blacklist"]),
        ("topic_configs_exclude", &["config.properties.exclude", "config.properties.blacklist"]),
    ] {
        if let Some(name) = names.iter().find(|name| reader.raw(name).is_some())
            && let Some(patterns) = reader.list(name)
        {
            draft.set(reader, key, name, patterns);
        }
    }
}

fn policy(reader: &mut Reader<'_>, draft: &mut Draft) {
    let class = reader.text("replication.policy.class").unwrap_or_default();
    let is_identity = IDENTITY_POLICIES.contains(&class.as_str());
    if is_identity {
        draft.set(reader, "rename", "replication.policy.class", "identity");
    } else if class != DEFAULT_POLICY && !class.is_empty() {
        let reason = format!(
            "a class of others can't be used: allowed are {DEFAULT_POLICY} and {}; `rename = \"template\"` and \
             `rename = \"regex\"` make other names",
            IDENTITY_POLICIES[0]
        );
        reader.refuse("replication.policy.class", reason);
    }
    if let Some(separator) = reader.text("replication.policy.separator") {
        draft.set(reader, "separator", "replication.policy.separator", separator);
    }
    if let Some(rule) = rename::rule(reader, is_identity) {
        draft.set(reader, "rename", "transforms", "regex");
        draft.set(reader, "rename_pattern", &rule.pattern_name, rule.pattern);
        draft.set(reader, "rename_replacement", &rule.replacement_name, rule.replacement);
    }
}

fn topic_configs(reader: &mut Reader<'_>, draft: &mut Draft) {
    let factor = reader.number("replication.factor").unwrap_or(REPLICATION_FACTOR);
    match i16::try_from(factor) {
        Ok(factor) if factor == -1 || factor > 0 => {
            draft.set(reader, "replication_factor", "replication.factor", factor);
        }
        _ => reader.refuse("replication.factor", "allowed are -1 (the target's default), and 1 to 32767"),
    }
    if let Some(sync) = reader.boolean("sync.topic.configs.enabled") {
        draft.set(reader, "sync_topic_configs", "sync.topic.configs.enabled", sync);
    }
    match reader.text("use.defaults.from").as_deref() {
        None => {}
        Some(side @ ("source" | "target")) => {
            draft.set(reader, "topic_defaults_from", "use.defaults.from", side);
        }
        Some(_) => reader.refuse("use.defaults.from", "allowed are source and target"),
    }
}

fn topic_acls(reader: &mut Reader<'_>, draft: &mut Draft) {
    const INTERVAL: &str = "sync.topic.acls.interval.seconds";
    if let Some(sync) = reader.boolean("sync.topic.acls.enabled") {
        draft.set(reader, "sync_topic_acls", "sync.topic.acls.enabled", sync);
    }
    if let Some(milliseconds) = groups::interval_ms(reader, INTERVAL) {
        draft.set(reader, "acl_interval_ms", INTERVAL, milliseconds);
    }
}

/// The later of both names that a key of the consumer may have; the flow's own `consumer.` is the weaker one.
fn consumer_key(reader: &Reader<'_>, key: &str) -> String {
    let strong = format!("source.consumer.{key}");
    if reader.raw(&strong).is_some() { strong } else { format!("consumer.{key}") }
}

fn consumer(reader: &mut Reader<'_>, draft: &mut Draft) {
    let name = consumer_key(reader, "auto.offset.reset");
    match reader.text(&name).map(|text| text.to_ascii_lowercase()).as_deref() {
        None => {}
        Some(start @ ("earliest" | "latest")) => draft.set(reader, "start", &name, start),
        Some(_) => reader.refuse(&name, "allowed are earliest and latest; `start` may be a time as well"),
    }
    let name = consumer_key(reader, "isolation.level");
    match reader.text(&name).map(|text| text.to_ascii_lowercase()).as_deref() {
        None => draft.set(reader, "isolation", &name, "read_uncommitted"),
        Some(level @ ("read_committed" | "read_uncommitted")) => draft.set(reader, "isolation", &name, level),
        Some(_) => reader.refuse(&name, "allowed are read_committed and read_uncommitted"),
    }
}

fn refresh(reader: &mut Reader<'_>, draft: &mut Draft) {
    const NAME: &str = "refresh.topics.interval.seconds";
    match reader.number(NAME) {
        None => {}
        Some(seconds) if seconds < 1 => reader.refuse(NAME, "allowed is 1 and more"),
        Some(seconds) => {
            if seconds > LONGEST_REFRESH_SECONDS {
                reader.note(
                    NAME,
                    format!("topics are listed at least every {LONGEST_REFRESH_SECONDS} seconds"),
                );
            }
            let milliseconds = json!(seconds.min(LONGEST_REFRESH_SECONDS) * 1_000);
            draft.set(reader, "refresh_interval_ms", NAME, milliseconds);
        }
    }
}

fn tolerance(reader: &mut Reader<'_>, draft: &mut Draft) {
    match reader.text("errors.tolerance").as_deref() {
        None | Some("none") => {}
        Some("all") => draft.set(reader, "on_refused", "errors.tolerance", "skip"),
        Some(_) => reader.refuse("errors.tolerance", "allowed are none and all"),
    }
}
