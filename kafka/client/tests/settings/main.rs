//! Every setting of producer and consumer beside Kafka's own clients: its default, what it takes, what it refuses
//! and with which words. `Settings.java` wrote the table.

use std::collections::{BTreeMap, BTreeSet};

use strait_client::{ConsumerConfig, ProducerConfig, SettingError};

const TABLE: &str = include_str!("settings-4.3.1.tsv");

/// Lines of one kind without it.
fn lines(kind: &str) -> impl Iterator<Item = Vec<&'static str>> {
    let lines = TABLE.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let lines: Vec<_> = lines.filter(|line| line[0] == kind).map(|line| line[1..].to_vec()).collect();
    assert!(!lines.is_empty(), "{kind}");
    lines.into_iter()
}

/// Later pairs count more, as in Java's `Properties`.
fn pairs(settings: &str) -> BTreeMap<&str, &str> {
    settings.split(';').map(|pair| pair.split_once('=').expect("a pair")).collect()
}

fn answer(client: &str, settings: &str) -> Result<(), SettingError> {
    match client {
        "producer" => ProducerConfig::from_properties(pairs(settings)).map(drop),
        _ => ConsumerConfig::from_properties(pairs(settings)).map(drop),
    }
}

#[test]
fn defaults_are_kafkas() {
    let (producer, consumer) = (ProducerConfig::default(), ConsumerConfig::default());
    let mut known: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for line in lines("default") {
        let found = match line[0] {
            "producer" => producer.get(line[1]),
            _ => consumer.get(line[1]),
        };
        assert_eq!(found.as_deref(), Some(line[2]), "{}", line[1]);
        known.entry(line[0]).or_default().insert(line[1]);
    }
    assert_eq!(known["producer"], ProducerConfig::KEYS.iter().copied().collect());
    assert_eq!(known["consumer"], ConsumerConfig::KEYS.iter().copied().collect());
    producer.check().expect("the defaults go together");
    consumer.check().expect("the defaults go together");
}

#[test]
fn values_are_taken_and_refused_as_kafka_does() {
    for line in lines("case") {
        let (client, settings, expected) = (line[0], line[1], line[2]);
        let given = answer(client, settings).map_or_else(|error| error.to_string(), |()| "ok".to_owned());
        // Kafka says of a class that it has not only its name, and repeats the value that it can't read.
        let expected = match expected {
            "org.example.Missing" => {
                "Invalid value org.example.Missing for configuration partition.assignment.strategy: \
                 Class org.example.Missing cannot be found"
            }
            "ok" if settings.ends_with("group.protocol=consumer") => {
                "group.protocol=consumer is not served by this client yet: use classic"
            }
            expected => expected,
        };
        assert_eq!(given, expected, "{client} {settings}");
    }
}

#[test]
fn unknown_names_and_values_set_in_code_are_refused() {
    let error = ProducerConfig::from_properties([("lingerms", "5")]).expect_err("no such setting");
    assert_eq!(error.to_string(), "a producer has no setting lingerms");
    let error =
        ConsumerConfig { fetch_min_bytes: -1, ..ConsumerConfig::default() }.check().expect_err("negative");
    assert!(error.to_string().contains("fetch.min.bytes: Value must be at least 0"), "{error}");
}

#[test]
fn what_nobody_chose_gives_way() {
    let config = |settings| ProducerConfig::from_properties(pairs(settings)).expect("taken");
    assert!(config("acks=all").is_idempotent());
    assert!(!config("acks=1").is_idempotent());
    assert!(!config("retries=0").is_idempotent());
    assert!(!config("enable.idempotence=false").is_idempotent());
    assert_eq!(config("linger.ms=100000").effective_delivery_timeout_ms(), 130_000);
    assert_eq!(config("linger.ms=9223372036854775807").effective_delivery_timeout_ms(), i64::from(i32::MAX));
    assert!(!ConsumerConfig::default().commits_automatically(), "without a group there is nobody to tell");
}
