//! Every setting of a topic: those of Kafka 4.3, with its defaults.

use super::rule::{ConfigType, Rule};

/// A setting of topics.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConfigDefinition {
    pub name: &'static str,
    pub kind: ConfigType,
    pub default: &'static str,
    pub rule: Rule,
    /// The broker's setting that gives the default, where it has the same unit.
    pub broker_name: Option<&'static str>,
    pub documentation: &'static str,
}

/// All settings of topics, by name.
pub fn definitions() -> &'static [ConfigDefinition] {
    DEFINITIONS
}

/// The setting of that name.
pub fn definition(name: &str) -> Option<&'static ConfigDefinition> {
    let at = DEFINITIONS.binary_search_by(|definition| definition.name.cmp(name)).ok()?;
    DEFINITIONS.get(at)
}

const fn define(
    name: &'static str,
    kind: ConfigType,
    default: &'static str,
    rule: Rule,
    rest: (Option<&'static str>, &'static str),
) -> ConfigDefinition {
    ConfigDefinition { name, kind, default, rule, broker_name: rest.0, documentation: rest.1 }
}

use ConfigType::{Boolean, Double, Int, List, Long, String};
use Rule::{Any, AtLeast, Between, BetweenOr, EachOf, OneOf, Ratio, ThrottledReplicas};

const NEVER: &str = "9223372036854775807";

#[rustfmt::skip]
const DEFINITIONS: &[ConfigDefinition] = &[
    define("cleanup.policy", List, "delete", EachOf(&["compact", "delete"]), (Some("log.cleanup.policy"),
        "What happens to old segments: delete removes them by age or size, compact keeps the last record of each key.")),
    define("compression.gzip.level", Int, "-1", BetweenOr(1, 9, -1), (Some("compression.gzip.level"),
        "The level when the broker compresses with gzip; -1 is the codec's own default.")),
    define("compression.lz4.level", Int, "9", Between(1, 17), (Some("compression.lz4.level"),
        "The level when the broker compresses with lz4.")),
    define("compression.type", String, "producer", OneOf(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"]),
        (Some("compression.type"), "The codec of stored batches; producer keeps the one they came in.")),
    define("compression.zstd.level", Int, "3", Between(-131_072, 22), (Some("compression.zstd.level"),
        "The level when the broker compresses with zstd.")),
    define("delete.retention.ms", Long, "86400000", AtLeast(0), (Some("log.cleaner.delete.retention.ms"),
        "How long compaction keeps a tombstone after it first saw it.")),
    define("file.delete.delay.ms", Long, "60000", AtLeast(0), (Some("log.segment.delete.delay.ms"),
        "How long a file stays on disk after it left the log.")),
    define("flush.messages", Long, NEVER, AtLeast(1), (Some("log.flush.interval.messages"),
        "After how many records the log is forced to disk.")),
    define("flush.ms", Long, NEVER, AtLeast(0), (None,
        "After how long the log is forced to disk.")),
    define("follower.replication.throttled.replicas", List, "", ThrottledReplicas, (None,
        "Replicas whose fetching is throttled: pairs of partition and broker, or * for all.")),
    define("index.interval.bytes", Int, "4096", AtLeast(0), (Some("log.index.interval.bytes"),
        "How many bytes of log lie between two entries of the offset index.")),
    define("leader.replication.throttled.replicas", List, "", ThrottledReplicas, (None,
        "Replicas that are served throttled: pairs of partition and broker, or * for all.")),
    define("local.retention.bytes", Long, "-2", AtLeast(-2), (Some("log.local.retention.bytes"),
        "How much of a tiered log stays on local disk; -2 follows retention.bytes.")),
    define("local.retention.ms", Long, "-2", AtLeast(-2), (Some("log.local.retention.ms"),
        "How long a tiered log stays on local disk; -2 follows retention.ms.")),
    define("max.compaction.lag.ms", Long, NEVER, AtLeast(1), (Some("log.cleaner.max.compaction.lag.ms"),
        "After how long a record is open to compaction, whatever the share of dirty records.")),
    define("max.message.bytes", Int, "1048588", AtLeast(0), (Some("message.max.bytes"),
        "The largest batch that is taken, compressed, with its header.")),
    define("message.timestamp.after.max.ms", Long, "3600000", AtLeast(0), (Some("log.message.timestamp.after.max.ms"),
        "How far a record's timestamp may be ahead of the broker's clock. Not looked at with LogAppendTime.")),
    define("message.timestamp.before.max.ms", Long, NEVER, AtLeast(0), (Some("log.message.timestamp.before.max.ms"),
        "How far a record's timestamp may be behind the broker's clock. Not looked at with LogAppendTime.")),
    define("message.timestamp.type", String, "CreateTime", OneOf(&["CreateTime", "LogAppendTime"]),
        (Some("log.message.timestamp.type"), "Whether records keep their producer's time or get that of the broker.")),
    define("min.cleanable.dirty.ratio", Double, "0.5", Ratio, (Some("log.cleaner.min.cleanable.ratio"),
        "The share of dirty records from which on a log is compacted.")),
    define("min.compaction.lag.ms", Long, "0", AtLeast(0), (Some("log.cleaner.min.compaction.lag.ms"),
        "How long a record stays as it is before compaction may touch it.")),
    define("min.insync.replicas", Int, "1", AtLeast(1), (Some("min.insync.replicas"),
        "How many replicas must be in sync for a write with acks=all.")),
    define("preallocate", Boolean, "false", Any, (Some("log.preallocate"),
        "Whether a new segment's file gets its full size at once.")),
    define("remote.log.copy.disable", Boolean, "false", Any, (None,
        "Whether a tiered topic no longer copies to remote storage.")),
    define("remote.log.delete.on.disable", Boolean, "false", Any, (None,
        "Whether remote data is deleted when tiering is switched off.")),
    define("remote.storage.enable", Boolean, "false", Any, (None,
        "Whether the topic is tiered. This broker has no tiers.")),
    define("retention.bytes", Long, "-1", Any, (Some("log.retention.bytes"),
        "How large a partition may grow before its oldest segments are deleted; -1 is no limit.")),
    define("retention.ms", Long, "604800000", AtLeast(-1), (None,
        "How long records are kept before their segment is deleted; -1 is for ever.")),
    define("segment.bytes", Int, "1073741824", AtLeast(1_048_576), (Some("log.segment.bytes"),
        "The size of a segment's file.")),
    define("segment.index.bytes", Int, "10485760", AtLeast(4), (Some("log.index.size.max.bytes"),
        "The size of a segment's offset index.")),
    define("segment.jitter.ms", Long, "0", AtLeast(0), (None,
        "The most by which segment.ms is shortened at random, so that not all segments roll at once.")),
    define("segment.ms", Long, "604800000", AtLeast(1), (None,
        "After how long a segment is closed even when it is not full.")),
    define("unclean.leader.election.enable", Boolean, "false", Any, (Some("unclean.leader.election.enable"),
        "Whether a replica that is not in sync may lead as a last resort, though records may be lost.")),
];
