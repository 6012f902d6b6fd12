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

fn told(broker: &BrokerConfigs, own: &[(&str, &str)], name: &str) -> (String, Vec<(String, String, i8)>) {
    let configs = TopicConfigs::new(own.iter().copied()).expect("allowed");
    let described = configs.describe(broker, Some(&[name.to_owned()]), true, true);
    let [described] = described.as_slice() else { panic!("one setting: {described:?}") };
    assert!(described.documentation.is_some() && !described.read_only && !described.is_sensitive);
    let synonyms: Vec<_> = described.synonyms.iter().collect();
    let synonyms: Vec<_> = synonyms
        .into_iter()
        .map(|synonym| (synonym.name.clone(), synonym.value.clone().expect("a value"), synonym.source))
        .collect();
    assert_eq!(described.config_source, synonyms.first().map_or(5, |first| first.2));
    (described.value.clone().expect("a value"), synonyms)
}

/// What Kafka 4.3.1 tells for the same `server.properties`.
#[test]
fn descriptions_tell_value_source_and_synonyms() {
    let broker = |given: &[(&str, &str)]| BrokerConfigs {
        given: given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        ..BrokerConfigs::default()
    };
    let none = broker(&[]);
    let expected = |value: &str, synonyms: &[(&str, &str, i8)]| {
        let synonyms =
            synonyms.iter().map(|(name, value, id)| ((*name).to_owned(), (*value).to_owned(), *id));
        (value.to_owned(), synonyms.collect::<Vec<_>>())
    };
    let message = [("max.message.bytes", "100", 1), ("message.max.bytes", "1048588", 5)];
    assert_eq!(told(&none, &[("max.message.bytes", " 100")], "max.message.bytes"), expected("100", &message));
    assert_eq!(told(&none, &[], "retention.ms"), expected("604800000", &[]));
    let own = [("retention.ms", "5000", 1)];
    assert_eq!(told(&none, &[("retention.ms", "5000")], "retention.ms"), expected("5000", &own));
    let hours = broker(&[("log.retention.hours", "2"), ("log.roll.ms", "70000")]);
    assert_eq!(told(&hours, &[], "retention.ms"), expected("7200000", &[]));
    let roll = [("log.roll.ms", "70000", 4), ("log.roll.hours", "168", 5)];
    assert_eq!(told(&hours, &[], "segment.ms"), expected("70000", &roll));
    let both = broker(&[("log.retention.hours", "2"), ("log.retention.ms", "9")]);
    let both_told =
        [("log.retention.ms", "9", 4), ("log.retention.hours", "2", 4), ("log.retention.hours", "168", 5)];
    assert_eq!(told(&both, &[], "retention.ms"), expected("9", &both_told));
    assert_eq!(told(&none, &[], "leader.replication.throttled.replicas"), expected("", &[]));
    assert_eq!(TopicConfigs::default().describe(&none, None, false, false).len(), definitions().len());
}

#[test]
fn what_was_set_while_the_broker_runs_goes_before_its_file() {
    let entry = |value: &str| [("log.retention.ms".to_owned(), value.to_owned())].into();
    let mut broker = BrokerConfigs { given: entry("1"), ..BrokerConfigs::default() };
    assert_eq!(TopicConfigs::default().over(&broker).number("retention.ms"), 1);
    broker.dynamic_default = entry("2");
    assert_eq!(TopicConfigs::default().over(&broker).number("retention.ms"), 2);
    broker.dynamic = entry("3");
    let (value, synonyms) = told(&broker, &[], "retention.ms");
    assert_eq!(value, "3");
    assert_eq!(synonyms.iter().map(|synonym| synonym.2).collect::<Vec<_>>(), [2, 3, 4, 5]);
    let own = TopicConfigs::new([("retention.ms", "4")]).expect("allowed");
    assert_eq!(own.over(&broker).number("retention.ms"), 4);
    broker.dynamic = [("log.retention.minutes".to_owned(), "-1".to_owned())].into();
    assert_eq!(TopicConfigs::default().over(&broker).number("retention.ms"), -1);
}

#[test]
fn broker_settings_are_found_by_name() {
    let (hours, all) = broker_setting("log.retention.hours").expect("a setting");
    assert_eq!((hours.default, all.len()), (Some("168"), 3));
    assert!(hours.check("5").is_ok() && hours.check("x").is_err());
    assert!(broker_setting("retention.ms").is_none());
}

#[test]
fn stored_settings_of_a_newer_release_are_passed_over() {
    let stored = TopicConfigs::stored([("retention.ms", "x"), ("new.key", "1"), ("segment.ms", "5")]);
    assert_eq!(stored.iter().collect::<Vec<_>>(), [("segment.ms", "5")]);
}
