//! Plans by table.

use super::*;

fn entry(name: &str, value: &str, origin: ConfigOrigin) -> ConfigEntry {
    ConfigEntry { name: name.to_owned(), value: Some(value.to_owned()), origin, ..ConfigEntry::default() }
}

fn source(name: &str, partitions: i32, configs: Vec<ConfigEntry>) -> SourceTopic {
    SourceTopic {
        name: name.to_owned(),
        remote_name: format!("a.{name}"),
        partitions,
        configs: Some(configs),
    }
}

fn target(partitions: i32, configs: Vec<ConfigEntry>) -> BTreeMap<String, TargetTopic> {
    BTreeMap::from([("a.t".to_owned(), TargetTopic { partitions, configs: Some(configs) })])
}

fn rules(defaults_from: DefaultsFrom) -> TopicRules {
    let exclude = DEFAULT_CONFIG_EXCLUDES.map(str::to_owned);
    let configs = ConfigRules::new(&exclude, defaults_from).expect("patterns");
    TopicRules { replication_factor: -1, configs }
}

fn remote() -> String {
    "a.t".to_owned()
}

#[test]
fn a_missing_topic_is_created_with_what_its_source_sets() {
    let configs = vec![
        entry("cleanup.policy", "compact", ConfigOrigin::Topic),
        entry("retention.ms", "1000", ConfigOrigin::Default),
        entry("min.insync.replicas", "2", ConfigOrigin::Topic),
        entry("segment.bytes", "99", ConfigOrigin::StaticBroker),
        ConfigEntry { is_read_only: true, ..entry("read.only", "1", ConfigOrigin::Topic) },
        ConfigEntry { is_sensitive: true, ..entry("secret", "1", ConfigOrigin::Topic) },
    ];
    let table = [
        (DefaultsFrom::Target, vec![("cleanup.policy", "compact")]),
        (DefaultsFrom::Source, vec![("cleanup.policy", "compact"), ("retention.ms", "1000")]),
    ];
    for (defaults_from, expected) in table {
        let plan = plan(&[source("t", 3, configs.clone())], &BTreeMap::new(), &rules(defaults_from));
        let configs =
            expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let create =
            TopicAction::Create { remote_topic: remote(), partitions: 3, replication_factor: -1, configs };
        assert_eq!(plan, [create]);
    }
}

#[test]
fn partitions_grow_and_never_shrink() {
    let of = |source_partitions, target_partitions| {
        plan(
            &[source("t", source_partitions, Vec::new())],
            &target(target_partitions, Vec::new()),
            &rules(DefaultsFrom::Target),
        )
    };
    assert_eq!(of(3, 3), []);
    assert_eq!(of(5, 3), [TopicAction::Widen { remote_topic: remote(), from: 3, to: 5 }]);
    let conflict = TopicConflict::TargetIsWider { source_partitions: 3, target: 5 };
    assert_eq!(of(3, 5), [TopicAction::Conflict { remote_topic: remote(), conflict }]);
}

#[test]
fn only_settings_that_differ_are_written() {
    let set = |value: &str| Some(ConfigChange::Set { value: value.to_owned() });
    let topic = |value| entry("retention.ms", value, ConfigOrigin::Topic);
    let default = |value| entry("retention.ms", value, ConfigOrigin::Default);
    let table = [
        (topic("1"), Some(topic("1")), DefaultsFrom::Target, None),
        (topic("1"), Some(topic("2")), DefaultsFrom::Target, set("1")),
        (topic("1"), Some(default("1")), DefaultsFrom::Target, set("1")),
        (topic("1"), None, DefaultsFrom::Target, set("1")),
        (default("1"), Some(topic("2")), DefaultsFrom::Target, Some(ConfigChange::Delete)),
        (default("1"), Some(default("2")), DefaultsFrom::Target, None),
        (default("1"), Some(default("2")), DefaultsFrom::Source, set("1")),
        (default("1"), Some(default("1")), DefaultsFrom::Source, None),
        (default("1"), Some(topic("1")), DefaultsFrom::Source, None),
    ];
    for (at_source, at_target, defaults_from, expected) in table {
        let target = target(1, at_target.iter().cloned().collect());
        let plan = plan(&[source("t", 1, vec![at_source.clone()])], &target, &rules(defaults_from));
        let expected: Vec<TopicAction> = expected
            .into_iter()
            .map(|change| TopicAction::AlterConfigs {
                remote_topic: remote(),
                changes: BTreeMap::from([("retention.ms".to_owned(), change)]),
            })
            .collect();
        assert_eq!(plan, expected, "{at_source:?} {at_target:?} {defaults_from:?}");
    }
}

#[test]
fn excluded_settings_are_left_alone() {
    let excluded = entry("min.insync.replicas", "2", ConfigOrigin::Topic);
    let other = entry("only.at.target", "2", ConfigOrigin::Topic);
    let plan = plan(&[source("t", 1, vec![excluded])], &target(1, vec![other]), &rules(DefaultsFrom::Target));
    assert_eq!(plan, []);
}

#[test]
fn what_differs_is_listed_with_its_kind() {
    let topic = |name, value| entry(name, value, ConfigOrigin::Topic);
    let default = |name, value| entry(name, value, ConfigOrigin::Default);
    let source = [
        topic("retention.ms", "1"),
        topic("min.insync.replicas", "2"),
        topic("cleanup.policy", "compact"),
        topic("newer.setting", "x"),
        default("newer.default", "x"),
        default("segment.ms", "5"),
        default("flush.ms", "5"),
        default("unclean.leader.election.enable", "true"),
    ];
    let target = [
        topic("retention.ms", "9"),
        default("min.insync.replicas", "1"),
        topic("cleanup.policy", "compact"),
        default("segment.ms", "6"),
        topic("flush.ms", "6"),
        default("unclean.leader.election.enable", "false"),
    ];
    let drift = rules(DefaultsFrom::Target).configs.drift(&source, &target);
    let found: Vec<_> = drift.iter().map(|drift| (drift.name.as_str(), drift.kind)).collect();
    let expected = [
        ("flush.ms", DriftKind::Unsettled),
        ("min.insync.replicas", DriftKind::Excluded),
        ("newer.setting", DriftKind::UnknownAtTarget),
        ("retention.ms", DriftKind::Unsettled),
    ];
    assert_eq!(found, expected);
    assert_eq!((drift[3].source.as_deref(), drift[3].target.as_deref()), (Some("1"), Some("9")));
    assert_eq!(drift[2].target, None);
}

#[test]
fn names_that_can_not_be_are_conflicts() {
    let named = |name: &str, remote: &str| SourceTopic {
        remote_name: remote.to_owned(),
        ..source(name, 1, Vec::new())
    };
    let long = "x".repeat(250);
    let sources = [named("b", "same"), named("c", "same"), named("d", "a b"), named("e", &long)];
    let plan = plan(&sources, &BTreeMap::new(), &rules(DefaultsFrom::Target));
    let messages: Vec<String> = plan
        .into_iter()
        .map(|action| match action {
            TopicAction::Conflict { conflict, .. } => conflict.to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [
        "`a b` is no topic name",
        "topics b, c of the source have this one remote name",
        "the remote name has 250 characters, Kafka takes 249",
    ];
    assert_eq!(messages, expected);
}

#[test]
fn origins_are_read_from_the_wire() {
    let table = [
        (1, ConfigOrigin::Topic),
        (2, ConfigOrigin::Default),
        (4, ConfigOrigin::StaticBroker),
        (5, ConfigOrigin::Default),
    ];
    for (source, origin) in table {
        assert_eq!(ConfigOrigin::from_source(source), origin);
    }
}
