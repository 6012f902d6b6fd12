//! What Strait makes of each key of MirrorMaker 2, of Kafka's clients and of Connect.

// Keys of Kafka's clients and of Connect workers.
mod clients;

pub(super) use clients::{admin, client, consumer, is_common, producer, worker};

/// What a key does here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Its value is used.
    Taken,
    /// It changes nothing, for this reason.
    Nothing(&'static str),
    /// It changes nothing with one of these values; with another it is refused for this reason.
    Only(&'static [&'static str], &'static str),
}

const EXACT: &str = "offsets are translated exactly, whatever distance syncs have";
const GROUPS_LISTED: &str = "groups are listed anew each time their offsets are translated";
const TASKS: &str = "a flow needs no tasks: each runs on one thread";
const OWN_TOPICS: &str = "MirrorMaker 2's internal topics have the flow's replication factor";
const CONNECT: &str = "Strait runs without Kafka Connect";
const METRICS: &str = "metrics are at /metrics";
const TOPIC_CONFIGS: &str = "settings are compared each time topics are listed";
const LISTED: &str = "topics are always listed anew, at refresh.topics.interval.seconds";
const BYTES: &str = "records are copied as bytes; converters can't be used";
const CLASS: &str = "classes of others can't be used: write patterns in their place";
const CONVERTER: &[&str] = &["", "org.apache.kafka.connect.converters.ByteArrayConverter"];

const TAKEN: &[&str] = &[
    "config.properties.blacklist",
    "config.properties.exclude",
    "config.providers",
    "connector.class",
    "emit.checkpoints.enabled",
    "emit.checkpoints.interval.seconds",
    "emit.heartbeats.enabled",
    "emit.heartbeats.interval.seconds",
    "emit.offset-syncs.enabled",
    "enabled",
    "errors.tolerance",
    "groups",
    "groups.blacklist",
    "groups.exclude",
    "heartbeats.replication.enabled",
    "offset-syncs.topic.location",
    "refresh.topics.interval.seconds",
    "replication.factor",
    "replication.policy.class",
    "replication.policy.separator",
    "source.cluster.alias",
    "sync.group.offsets.enabled",
    "sync.group.offsets.interval.seconds",
    "sync.topic.acls.enabled",
    "sync.topic.acls.interval.seconds",
    "sync.topic.configs.enabled",
    "target.cluster.alias",
    "topics",
    "topics.blacklist",
    "topics.exclude",
    "transforms",
    "use.defaults.from",
];

const NOTHING: &[(&str, &[&str])] = &[
    (EXACT, &["offset.lag.max"]),
    (GROUPS_LISTED, &["refresh.groups.enabled", "refresh.groups.interval.seconds"]),
    (
        OWN_TOPICS,
        &[
            "checkpoints.topic.replication.factor",
            "heartbeats.topic.replication.factor",
            "offset-syncs.topic.replication.factor",
            "replication.policy.internal.topic.separator.enabled",
        ],
    ),
    (TASKS, &["tasks.max", "tasks.max.enforce"]),
    (METRICS, &["add.source.alias.to.metrics", "metric.names.formats", "metric.reporters"]),
    (LISTED, &["refresh.topics.enabled"]),
    (TOPIC_CONFIGS, &["sync.topic.configs.interval.seconds", "use.incremental.alter.configs"]),
    (
        CONNECT,
        &[
            "admin.timeout.ms",
            "config.action.reload",
            "connector.plugin.version",
            "consumer.poll.timeout.ms",
            "errors.log.enable",
            "errors.log.include.messages",
            "errors.retry.delay.max.ms",
            "errors.retry.timeout",
            "exactly.once.support",
            "header.converter.plugin.version",
            "key.converter.plugin.version",
            "name",
            "offsets.storage.topic",
            "transaction.boundary",
            "transaction.boundary.interval.ms",
            "value.converter.plugin.version",
        ],
    ),
];

const ONLY: &[(&str, &[&str], &str)] = &[
    (
        "config.property.filter.class",
        &["", "org.apache.kafka.connect.mirror.DefaultConfigPropertyFilter"],
        CLASS,
    ),
    (
        "forwarding.admin.class",
        &["", "org.apache.kafka.clients.admin.ForwardingAdmin"],
        "topics are made by Strait itself",
    ),
    ("group.filter.class", &["", "org.apache.kafka.connect.mirror.DefaultGroupFilter"], CLASS),
    ("header.converter", CONVERTER, BYTES),
    ("key.converter", CONVERTER, BYTES),
    ("predicates", &[""], "predicates of Connect can't be used"),
    ("topic.filter.class", &["", "org.apache.kafka.connect.mirror.DefaultTopicFilter"], CLASS),
    ("value.converter", CONVERTER, BYTES),
];

/// A key of one of MirrorMaker 2's three connectors.
pub(super) fn connector(name: &str) -> Option<Effect> {
    if TAKEN.contains(&name) {
        return Some(Effect::Taken);
    }
    let only = ONLY.iter().find(|(key, ..)| *key == name);
    if let Some((_, allowed, reason)) = only {
        return Some(Effect::Only(allowed, reason));
    }
    let nothing = NOTHING.iter().find(|(_, names)| names.contains(&name));
    nothing.map(|(reason, _)| Effect::Nothing(reason))
}

/// A key of a filter: MirrorMaker 2 drops it at the top of its file, as no connector declares it.
pub(super) fn is_dropped_at_top(name: &str) -> bool {
    name == "use.defaults.from"
}

/// Every name that a person may have meant.
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    let nothing = NOTHING.iter().flat_map(|(_, names)| names.iter());
    let only = ONLY.iter().map(|(name, ..)| name);
    TAKEN.iter().chain(nothing).chain(only).copied().chain(clients::all())
}
