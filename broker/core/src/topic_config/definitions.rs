//! Every setting of a topic: those of Kafka 4.3, with its defaults.

use super::broker::BrokerNames::{self, Named, Nothing, Timed};
use super::broker::{BrokerSetting, HOUR_MS, MINUTE_MS, timed};
use super::rule::{ConfigType, Rule};

/// A setting of topics.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConfigDefinition {
    pub name: &'static str,
    pub kind: ConfigType,
    pub default: &'static str,
    pub rule: Rule,
    /// The broker's settings that give the default.
    pub(super) broker: BrokerNames,
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
    rest: (BrokerNames, &'static str),
) -> ConfigDefinition {
    ConfigDefinition { name, kind, default, rule, broker: rest.0, documentation: rest.1 }
}

use ConfigType::{Boolean, Double, Int, List, Long, String};
use Rule::{Any, AtLeast, Between, BetweenOr, EachOf, OneOf, Ratio, ThrottledReplicas};

const NEVER: &str = "9223372036854775807";

/// Broker settings of one meaning, the one that counts first.
const FLUSH: &[BrokerSetting] = &[
    timed("log.flush.interval.ms", Long, Any, 1, None),
    timed("log.flush.scheduler.interval.ms", Long, Any, 1, Some(NEVER)),
];
const RETENTION: &[BrokerSetting] = &[
    timed("log.retention.ms", Long, Any, 1, None),
    timed("log.retention.minutes", Int, Any, MINUTE_MS, None),
    timed("log.retention.hours", Int, Any, HOUR_MS, Some("168")),
];
const JITTER: &[BrokerSetting] = &[
    timed("log.roll.jitter.ms", Long, Any, 1, None),
    timed("log.roll.jitter.hours", Int, AtLeast(0), HOUR_MS, Some("0")),
];
const ROLL: &[BrokerSetting] = &[
    timed("log.roll.ms", Long, Any, 1, None),
    timed("log.roll.hours", Int, AtLeast(1), HOUR_MS, Some("168")),
];

#[rustfmt::skip]
const DEFINITIONS: &[ConfigDefinition] = &[
    define("cleanup.policy", List, "delete", EachOf(&["compact", "delete"]), (Named("log.cleanup.policy"),
        "What happens to old segments: delete removes them by age or size, compact keeps the last record of each key.")),
    define("compression.gzip.level", Int, "-1", BetweenOr(1, 9, -1), (Named("compression.gzip.level"),
        "The level when the broker compresses with gzip; -1 is the codec's own default.")),
    define("compression.lz4.level", Int, "9", Between(1, 17), (Named("compression.lz4.level"),
        "The level when the broker compresses with lz4.")),
    define("compression.type", String, "producer", OneOf(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"]),
        (Named("compression.type"), "The codec of stored batches; producer keeps the one they came in.")),
    define("compression.zstd.level", Int, "3", Between(-131_072, 22), (Named("compression.zstd.level"),
        "The level when the broker compresses with zstd.")),
    define("delete.retention.ms", Long, "86400000", AtLeast(0), (Named("log.cleaner.delete.retention.ms"),
        "How long compaction keeps a tombstone after it first saw it.")),
    define("file.delete.delay.ms", Long, "60000", AtLeast(0), (Named("log.segment.delete.delay.ms"),
        "How long a file stays on disk after it left the log.")),
    define("flush.messages", Long, NEVER, AtLeast(1), (Named("log.flush.interval.messages"),
        "After how many records the log is forced to disk.")),
    define("flush.ms", Long, NEVER, AtLeast(0), (Timed(FLUSH),
        "After how long the log is forced to disk.")),
    define("follower.replication.throttled.replicas", List, "", ThrottledReplicas, (Nothing,
        "Replicas whose fetching is throttled: pairs of partition and broker, or * for all.")),
    define("index.interval.bytes", Int, "4096", AtLeast(0), (Named("log.index.interval.bytes"),
        "How many bytes of log lie between two entries of the offset index.")),
    define("leader.replication.throttled.replicas", List, "", ThrottledReplicas, (Nothing,
        "Replicas that are served throttled: pairs of partition and broker, or * for all.")),
    define("local.retention.bytes", Long, "-2", AtLeast(-2), (Named("log.local.retention.bytes"),
        "How much of a tiered log stays on local disk; -2 follows retention.bytes.")),
    define("local.retention.ms", Long, "-2", AtLeast(-2), (Named("log.local.retention.ms"),
        "How long a tiered log stays on local disk; -2 follows retention.ms.")),
    define("max.compaction.lag.ms", Long, NEVER, AtLeast(1), (Named("log.cleaner.max.compaction.lag.ms"),
        "After how long a record is open to compaction, whatever the share of dirty records.")),
    define("max.message.bytes", Int, "1048588", AtLeast(0), (Named("message.max.bytes"),
        "The largest batch that is taken, compressed, with its header.")),
    define("message.timestamp.after.max.ms", Long, "3600000", AtLeast(0), (Named("log.message.timestamp.after.max.ms"),
        "How far a record's timestamp may be ahead of the broker's clock. Not looked at with LogAppendTime.")),
    define("message.timestamp.before.max.ms", Long, NEVER, AtLeast(0), (Named("log.message.timestamp.before.max.ms"),
        "How far a record's timestamp may be behind the broker's clock. Not looked at with LogAppendTime.")),
    define("message.timestamp.type", String, "CreateTime", OneOf(&["CreateTime", "LogAppendTime"]),
        (Named("log.message.timestamp.type"), "Whether records keep their producer's time or get that of the broker.")),
    define("min.cleanable.dirty.ratio", Double, "0.5", Ratio, (Named("log.cleaner.min.cleanable.ratio"),
        "The share of dirty records from which on a log is compacted.")),
    define("min.compaction.lag.ms", Long, "0", AtLeast(0), (Named("log.cleaner.min.compaction.lag.ms"),
        "How long a record stays as it is before compaction may touch it.")),
    define("min.insync.replicas", Int, "1", AtLeast(1), (Named("min.insync.replicas"),
        "How many replicas must be in sync for a write with acks=all.")),
    define("preallocate", Boolean, "false", Any, (Named("log.preallocate"),
        "Whether a new segment's file gets its full size at once.")),
    define("remote.log.copy.disable", Boolean, "false", Any, (Nothing,
        "Whether a tiered topic no longer copies to remote storage.")),
    define("remote.log.delete.on.disable", Boolean, "false", Any, (Nothing,
        "Whether remote data is deleted when tiering is switched off.")),
    define("remote.storage.enable", Boolean, "false", Any, (Nothing,
        "Whether the topic is tiered. This broker has no tiers.")),
    define("retention.bytes", Long, "-1", Any, (Named("log.retention.bytes"),
        "How large a partition may grow before its oldest segments are deleted; -1 is no limit.")),
    define("retention.ms", Long, "604800000", AtLeast(-1), (Timed(RETENTION),
        "How long records are kept before their segment is deleted; -1 is for ever.")),
    define("segment.bytes", Int, "1073741824", AtLeast(1_048_576), (Named("log.segment.bytes"),
        "The size of a segment's file.")),
    define("segment.index.bytes", Int, "10485760", AtLeast(4), (Named("log.index.size.max.bytes"),
        "The size of a segment's offset index.")),
    define("segment.jitter.ms", Long, "0", AtLeast(0), (Timed(JITTER),
        "The most by which segment.ms is shortened at random, so that not all segments roll at once.")),
    define("segment.ms", Long, "604800000", AtLeast(1), (Timed(ROLL),
        "After how long a segment is closed even when it is not full.")),
    define("unclean.leader.election.enable", Boolean, "false", Any, (Named("unclean.leader.election.enable"),
        "Whether a replica that is not in sync may lead as a last resort, though records may be lost.")),
];
