//! Keys that a topic may set for itself (`LogConfig`), and the broker's key that gives their default.

use super::key::{Key, Kind, key};

/// A key of topics.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TopicKey {
    pub(crate) key: Key,
    /// The broker's key of the same meaning.
    pub(crate) synonym: Key,
}

const LONGEST: &str = "9223372036854775807";
const SIZE: Kind = Kind::Int(0, i32::MAX as i64);
const POLICIES: Kind = Kind::List(&["compact", "delete"]);
const CODECS: Kind = Kind::Choice(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"]);
const TIMES: Kind = Kind::Choice(&["CreateTime", "LogAppendTime"]);
const RATIO: Kind = Kind::Double(0.0, 1.0);

/// In the order of their names.
pub(crate) const TOPIC_KEYS: &[TopicKey] = &[
    topic("cleanup.policy", "log.cleanup.policy", POLICIES, "delete"),
    topic("compression.gzip.level", "compression.gzip.level", Kind::Int(-1, 9), "-1"),
    topic("compression.lz4.level", "compression.lz4.level", Kind::Int(1, 17), "9"),
    topic("compression.type", "compression.type", CODECS, "producer"),
    topic("compression.zstd.level", "compression.zstd.level", Kind::Int(-131_072, 22), "3"),
    topic("delete.retention.ms", "log.cleaner.delete.retention.ms", Kind::Long(0), "86400000"),
    topic("file.delete.delay.ms", "log.segment.delete.delay.ms", Kind::Long(0), "60000"),
    topic("flush.messages", "log.flush.interval.messages", Kind::Long(1), LONGEST),
    topic("flush.ms", "log.flush.interval.ms", Kind::Long(0), LONGEST),
    topic(
        "follower.replication.throttled.replicas",
        "follower.replication.throttled.replicas",
        Kind::Texts,
        "",
    ),
    topic("index.interval.bytes", "log.index.interval.bytes", SIZE, "4096"),
    topic("leader.replication.throttled.replicas", "leader.replication.throttled.replicas", Kind::Texts, ""),
    topic("local.retention.bytes", "log.local.retention.bytes", Kind::Long(-2), "-2"),
    topic("local.retention.ms", "log.local.retention.ms", Kind::Long(-2), "-2"),
    topic("max.compaction.lag.ms", "log.cleaner.max.compaction.lag.ms", Kind::Long(1), LONGEST),
    topic("max.message.bytes", "message.max.bytes", SIZE, "1048588"),
    topic("message.timestamp.after.max.ms", "log.message.timestamp.after.max.ms", Kind::Long(0), "3600000"),
    topic("message.timestamp.before.max.ms", "log.message.timestamp.before.max.ms", Kind::Long(0), LONGEST),
    topic("message.timestamp.type", "log.message.timestamp.type", TIMES, "CreateTime"),
    topic("min.cleanable.dirty.ratio", "log.cleaner.min.cleanable.ratio", RATIO, "0.5"),
    topic("min.compaction.lag.ms", "log.cleaner.min.compaction.lag.ms", Kind::Long(0), "0"),
    topic("min.insync.replicas", "min.insync.replicas", Kind::Int(1, i32::MAX as i64), "1"),
    topic("preallocate", "log.preallocate", Kind::Boolean, "false"),
    topic("remote.storage.enable", "remote.storage.enable", Kind::Choice(&["false"]), "false"),
    topic("retention.bytes", "log.retention.bytes", Kind::Long(i64::MIN), "-1"),
    topic("retention.ms", "log.retention.ms", Kind::Long(-1), "604800000"),
    topic("segment.bytes", "log.segment.bytes", Kind::Int(1 << 20, i32::MAX as i64), "1073741824"),
    topic("segment.index.bytes", "log.index.size.max.bytes", Kind::Int(4, i32::MAX as i64), "10485760"),
    topic("segment.jitter.ms", "log.roll.jitter.ms", Kind::Long(0), "0"),
    topic("segment.ms", "log.roll.ms", Kind::Long(1), "604800000"),
    topic("unclean.leader.election.enable", "unclean.leader.election.enable", Kind::Boolean, "false"),
];

const fn topic(name: &'static str, synonym: &'static str, kind: Kind, default: &'static str) -> TopicKey {
    TopicKey { key: key(name, kind, Some(default)), synonym: key(synonym, kind, Some(default)) }
}

/// The key of a topic by its name.
pub(crate) fn topic_key(name: &str) -> Option<&'static TopicKey> {
    TOPIC_KEYS.iter().find(|topic| topic.key.name == name)
}

/// The broker's key that gives the default of a topic's.
pub(super) fn by_broker_key(name: &str) -> Option<&'static Key> {
    TOPIC_KEYS.iter().map(|topic| &topic.synonym).find(|key| key.name == name)
}
