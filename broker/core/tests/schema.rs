//! The schemas of internal records are those in the jars of Kafka 4.3.1, field by field.
#![expect(clippy::disallowed_types, clippy::disallowed_methods, reason = "a test reads Kafka's jars")]

use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;

use serde_json::Value as Json;
use strait_broker_core::internal_record::{consumer_group, group_metadata, offset_commit, transaction_log};
use strait_wire::codec::{Message, Value};
use strait_wire::schema::{Field, Range, Struct};

const GROUPS: &str = "kafka-group-coordinator-4.3.1.jar";
const TRANSACTIONS: &str = "kafka-transaction-coordinator-4.3.1.jar";

fn structure<M: Message>() -> &'static Struct {
    <M as Value>::STRUCT.expect("a schema")
}

fn ours() -> Vec<(&'static str, &'static Struct)> {
    vec![
        (GROUPS, structure::<group_metadata::GroupMetadataKey>()),
        (GROUPS, structure::<group_metadata::GroupMetadataValue>()),
        (GROUPS, structure::<offset_commit::OffsetCommitKey>()),
        (GROUPS, structure::<offset_commit::OffsetCommitValue>()),
        (GROUPS, structure::<offset_commit::LegacyOffsetCommitValue>()),
        (GROUPS, structure::<consumer_group::ConsumerGroupMetadataKey>()),
        (GROUPS, structure::<consumer_group::ConsumerGroupMetadataValue>()),
        (GROUPS, structure::<consumer_group::ConsumerGroupPartitionMetadataKey>()),
        (GROUPS, structure::<consumer_group::ConsumerGroupPartitionMetadataValue>()),
        (GROUPS, structure::<consumer_group::ConsumerGroupMemberMetadataKey>()),
        (GROUPS, structure::<consumer_group::ConsumerGroupMemberMetadataValue>()),
        (GROUPS, structure::<consumer_group::ConsumerGroupTargetAssignmentMetadataKey>()),
        (GROUPS, structure::<consumer_group::ConsumerGroupTargetAssignmentMetadataValue>()),
        (GROUPS, structure::<consumer_group::ConsumerGroupTargetAssignmentMemberKey>()),
        (GROUPS, structure::<consumer_group::ConsumerGroupTargetAssignmentMemberValue>()),
        (GROUPS, structure::<consumer_group::ConsumerGroupCurrentMemberAssignmentKey>()),
        (GROUPS, structure::<consumer_group::ConsumerGroupCurrentMemberAssignmentValue>()),
        (GROUPS, structure::<consumer_group::ConsumerGroupRegularExpressionKey>()),
        (GROUPS, structure::<consumer_group::ConsumerGroupRegularExpressionValue>()),
        (TRANSACTIONS, structure::<transaction_log::TransactionLogKey>()),
        (TRANSACTIONS, structure::<transaction_log::TransactionLogValue>()),
    ]
}

fn libs() -> Option<PathBuf> {
    let libs = std::env::var_os("STRAIT_KAFKA_LIBS").map(PathBuf::from);
    if libs.is_none() {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "STRAIT_KAFKA_LIBS is not set");
        // Not by eprintln, which the test harness keeps to itself.
        let left_out = b"*** LEFT OUT: schemas of internal records: STRAIT_KAFKA_LIBS is not set\n";
        std::io::stderr().write_all(left_out).expect("stderr");
    }
    libs
}

fn definition(jar: PathBuf, name: &str) -> Json {
    let file = File::open(&jar).unwrap_or_else(|error| panic!("{}: {error}", jar.display()));
    let mut jar = zip::ZipArchive::new(file).expect("a jar");
    let mut text = String::new();
    let mut entry = jar.by_name(&format!("common/message/{name}.json")).expect("a definition");
    entry.read_to_string(&mut text).expect("text");
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    serde_json::from_str(&lines.join("\n")).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for character in name.chars() {
        if character.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(character.to_lowercase());
    }
    snake
}

/// The versions of a range that the message has.
fn versions(range: Range, message: Range) -> Vec<i16> {
    (message.low..=message.high).filter(|version| range.contains(*version)).collect()
}

fn kafka_range(json: &Json) -> Range {
    let number = |text: &str| text.parse::<i16>().unwrap_or_else(|_| panic!("{text} is no version"));
    match json.as_str() {
        None | Some("none") => Range { low: i16::MAX, high: -1 },
        Some(text) => match (text.strip_suffix('+'), text.split_once('-')) {
            (Some(low), _) => Range { low: number(low), high: i16::MAX },
            (_, Some((low, high))) => Range { low: number(low), high: number(high) },
            _ => Range { low: number(text), high: number(text) },
        },
    }
}

fn compare(path: &str, ours: &[Field], kafka: &[Json], message: Range, commons: &Json) {
    let names: Vec<String> =
        kafka.iter().map(|field| snake_case(field["name"].as_str().expect("a name"))).collect();
    assert_eq!(ours.iter().map(|field| field.name).collect::<Vec<_>>(), names, "{path}");
    for (ours, kafka) in ours.iter().zip(kafka) {
        let path = format!("{path}.{}", ours.name);
        let tagged = kafka_range(&kafka["taggedVersions"]);
        let is_tagged = !kafka["taggedVersions"].is_null();
        // A tagged field may name its versions by the tag alone.
        let present = if kafka["versions"].is_null() { tagged } else { kafka_range(&kafka["versions"]) };
        for (what, ours, kafka) in [
            ("present", ours.versions, present),
            ("nullable", ours.nullable, kafka_range(&kafka["nullableVersions"])),
            ("tagged", ours.tagged, tagged),
        ] {
            assert_eq!(versions(ours, message), versions(kafka, message), "{path} {what}");
        }
        assert_eq!(ours.tag.map(u64::from), kafka["tag"].as_u64(), "{path} tag");
        assert_eq!(ours.ignorable, kafka["ignorable"] == true, "{path} ignorable");
        if is_tagged || !kafka["default"].is_null() {
            let kafka = kafka["default"].to_string().replace('"', "");
            let kafka = if kafka == "0" { "null".to_owned() } else { kafka };
            assert_eq!(ours.default.unwrap_or("null"), kafka, "{path} default");
        }
        let kind = kafka["type"].as_str().expect("a type");
        let common = commons.as_array().into_iter().flatten();
        let common = common.into_iter().find(|common| kind.ends_with(common["name"].as_str().unwrap_or("?")));
        let fields =
            kafka["fields"].as_array().or_else(|| common.and_then(|common| common["fields"].as_array()));
        match (ours.structure, fields) {
            (Some(structure), Some(fields)) => compare(&path, structure.fields, fields, message, commons),
            (ours, kafka) => assert_eq!(ours.is_some(), kafka.is_some(), "{path} is a struct"),
        }
        assert_eq!(kind.starts_with("[]"), ours.type_name.contains("Vec<"), "{path} is an array");
        let plain = kind.trim_start_matches("[]");
        let plain = [("string", "String"), ("bytes", "Bytes"), ("uuid", "Uuid"), ("int64", "i64")]
            .into_iter()
            .chain([("int32", "i32"), ("int16", "i16"), ("int8", "i8")])
            .find_map(|(kafka, rust)| (kafka == plain).then_some(rust))
            .unwrap_or(plain);
        assert!(ours.type_name.contains(plain), "{path} is {}, not {plain}", ours.type_name);
    }
}

#[test]
fn internal_records_are_those_of_kafka_4_3_1() {
    let Some(libs) = libs() else { return };
    for (jar, ours) in ours() {
        let kafka = definition(libs.join("libs-4.3.1").join(jar), ours.name);
        let message = kafka_range(&kafka["validVersions"]);
        assert_eq!(ours.versions, message, "{}", ours.name);
        assert_eq!(ours.key.map(i64::from), kafka["apiKey"].as_i64(), "{}", ours.name);
        let flexible = kafka_range(&kafka["flexibleVersions"]);
        assert_eq!(versions(ours.flexible, message), versions(flexible, message), "{}", ours.name);
        let fields = kafka["fields"].as_array().expect("fields");
        compare(ours.name, ours.fields, fields, message, &kafka["commonStructs"]);
    }
}
