//! Values that Kafka 4.3.1's `LogConfig.validate` takes and refuses, changes, descriptions.

use strait_wire::error_code::ErrorCode;

use super::*;
use crate::produce_validation::{TopicCompression, TopicSettings};

#[test]
fn definitions_are_sorted_and_their_defaults_allowed() {
    assert!(definitions().is_sorted_by(|left, right| left.name < right.name));
    for definition in definitions() {
        TopicConfigs::new([(definition.name, definition.default)]).expect(definition.name);
    }
    assert_eq!(definitions().len(), 33);
    assert_eq!(TopicConfigs::default().produce_settings(), TopicSettings::default());
}

#[test]
fn values_are_taken_and_refused_as_by_kafka() {
    for (name, value, is_taken) in [
        ("cleanup.policy", "", true),
        ("cleanup.policy", "compact, delete", true),
        ("cleanup.policy", "x", false),
        ("compression.gzip.level", "0", false),
        ("compression.gzip.level", "-1", true),
        ("retention.ms", " 5 ", true),
        ("retention.ms", "-2", false),
        ("retention.ms", "5.0", false),
        ("segment.bytes", "12", false),
        ("segment.bytes", "2147483648", false),
        ("preallocate", "TRUE", true),
        ("preallocate", "yes", false),
        ("min.cleanable.dirty.ratio", "1.1", false),
        ("min.cleanable.dirty.ratio", "0.3", true),
        ("leader.replication.throttled.replicas", "*", true),
        ("leader.replication.throttled.replicas", "0:1,2:3", true),
        ("leader.replication.throttled.replicas", "a", false),
        ("message.timestamp.type", "createtime", false),
        ("unknown.key", "1", false),
        ("compression.type", "none", false),
        ("compression.type", "uncompressed", true),
        ("compression.type", "Gzip", false),
        ("max.message.bytes", "", false),
    ] {
        assert_eq!(TopicConfigs::new([(name, value)]).is_ok(), is_taken, "{name}={value}");
    }
    let text = |name, value| TopicConfigs::new([(name, value)]).expect_err("refused").to_string();
    assert_eq!(
        text("retention.ms", "-2"),
        "Invalid value -2 for configuration retention.ms: Value must be at least -1"
    );
    assert_eq!(text("unknown.key", "1"), "Unknown topic config name: unknown.key");
    let lag = TopicConfigs::new([("min.compaction.lag.ms", "9"), ("max.compaction.lag.ms", "5")]);
    assert_eq!(lag, Err(ConfigError::CompactionLag { min_ms: 9, max_ms: 5 }));
    assert_eq!(TopicConfigs::new([("remote.storage.enable", "true")]), Err(ConfigError::RemoteStorage));
}

#[test]
fn settings_mean_what_they_say() {
    let configs = TopicConfigs::new([
        ("cleanup.policy", "compact,delete"),
        ("compression.type", "uncompressed"),
        ("max.message.bytes", "100"),
        ("retention.ms", " 5 "),
    ]);
    let configs = configs.expect("allowed");
    let settings = configs.produce_settings();
    assert!(settings.is_compacted && configs.has_policy("delete"));
    assert_eq!(settings.compression, TopicCompression::Fixed(strait_wire::batch::Compression::None));
    assert_eq!((settings.max_message_bytes, configs.number("retention.ms")), (100, 5));
}

#[test]
fn changes_are_made_together_or_not_at_all() {
    let configs = TopicConfigs::new([("retention.ms", "5")]).expect("allowed");
    let alter = |name, operation, value| Alteration { name, operation, value };
    let append = alter("cleanup.policy", AlterOperation::Append, Some("compact"));
    let delete = alter("retention.ms", AlterOperation::Delete, None);
    let changed = configs.altered(&[append, delete]).expect("allowed");
    assert_eq!(changed.iter().collect::<Vec<_>>(), [("cleanup.policy", "delete,compact")]);
    let subtract = alter("cleanup.policy", AlterOperation::Subtract, Some("delete"));
    assert_eq!(changed.altered(&[subtract]).expect("allowed").get("cleanup.policy"), "compact");
    let code = |alterations: &[Alteration<'_>]| configs.altered(alterations).expect_err("refused").code();
    let set = alter("retention.ms", AlterOperation::Set, Some("7"));
    assert_eq!(code(&[set, set]), ErrorCode::INVALID_REQUEST);
    assert_eq!(code(&[alter("retention.ms", AlterOperation::Set, None)]), ErrorCode::INVALID_REQUEST);
    assert_eq!(code(&[alter("retention.ms", AlterOperation::Append, Some("7"))]), ErrorCode::INVALID_CONFIG);
    assert_eq!(code(&[set, alter("x", AlterOperation::Delete, None)]), ErrorCode::INVALID_CONFIG);
}

#[test]
fn descriptions_tell_value_source_and_synonyms() {
    let configs = TopicConfigs::new([("max.message.bytes", "100")]).expect("allowed");
    let names = ["max.message.bytes".to_owned(), "retention.ms".to_owned()];
    let described = configs.describe(Some(&names), true, true);
    let [own, default] = described.as_slice() else { panic!("two settings") };
    assert_eq!((own.value.as_deref(), own.config_source, own.config_type), (Some("100"), 1, 3));
    let synonyms: Vec<_> =
        own.synonyms.iter().map(|synonym| (synonym.name.as_str(), synonym.source)).collect();
    assert_eq!(synonyms, [("max.message.bytes", 1), ("message.max.bytes", 5)]);
    assert_eq!(
        (default.value.as_deref(), default.config_source, default.config_type),
        (Some("604800000"), 5, 5)
    );
    assert!(default.documentation.is_some());
    assert_eq!(configs.describe(None, false, false).len(), definitions().len());
}
