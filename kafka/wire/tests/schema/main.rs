//! What the derive was told of each message is what Kafka's own definitions say.

// Definitions in the jars of Kafka.
mod definition;
// Ours against Kafka's.
mod compare;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;

use compare::{Room, compare};
use definition::Definition;
use strait_wire::api_key::ApiKey;
use strait_wire::codec::{Message, Request, Value};
use strait_wire::consumer_protocol::{ConsumerProtocolAssignment, ConsumerProtocolSubscription};
use strait_wire::message::{RequestVisitor, visit_requests};
use strait_wire::schema::Struct;

#[derive(Default)]
struct Structs(Vec<&'static Struct>);

impl RequestVisitor for Structs {
    fn visit<R: Request>(&mut self) {
        for (name, structure) in [(R::NAME, R::STRUCT), (R::Response::NAME, <R::Response as Value>::STRUCT)] {
            self.0.push(structure.unwrap_or_else(|| panic!("{name} has no schema")));
        }
    }
}

fn structs() -> Vec<&'static Struct> {
    let mut structs = Structs::default();
    visit_requests(&mut structs);
    structs.0
}

/// What members of a group tell each other.
fn of_members() -> Vec<&'static Struct> {
    let subscription = <ConsumerProtocolSubscription as Value>::STRUCT;
    let assignment = <ConsumerProtocolAssignment as Value>::STRUCT;
    [subscription, assignment].map(|structure| structure.expect("a schema")).to_vec()
}

/// Kafka's definitions of a version, or `None` where its jars are not there.
fn definitions(version: &str) -> Option<BTreeMap<String, Definition>> {
    let Some(libs) = std::env::var_os("STRAIT_KAFKA_LIBS") else {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "STRAIT_KAFKA_LIBS is not set");
        // Not by eprintln, which the test harness keeps to itself.
        let left_out =
            format!("*** LEFT OUT: definitions of Kafka {version}: STRAIT_KAFKA_LIBS is not set\n");
        std::io::stderr().write_all(left_out.as_bytes()).expect("stderr");
        return None;
    };
    let jar =
        PathBuf::from(libs).join(format!("libs-{version}")).join(format!("kafka-clients-{version}.jar"));
    Some(definition::read_jar(&jar))
}

/// Messages that had another name before Kafka 4.1.
const NAMED_ANEW: &[&str] = &["ListConfigResourcesRequest", "ListConfigResourcesResponse"];

fn check(version: &str, room: Room) {
    let Some(definitions) = definitions(version) else { return };
    let mut differences = Vec::new();
    for ours in structs().into_iter().chain(of_members()) {
        match definitions.get(ours.name) {
            Some(kafka) => differences.extend(compare(ours, kafka, room)),
            None if room == Room::VersionsBothKnow && NAMED_ANEW.contains(&ours.name) => {}
            None => differences.push(format!("{}: Kafka has no such message", ours.name)),
        }
    }
    assert!(differences.is_empty(), "Kafka {version} differs:\n{}", differences.join("\n"));
}

#[test]
fn messages_are_those_of_kafka_4_3_1() {
    check("4.3.1", Room::AllVersions);
}

#[test]
fn messages_are_those_of_kafka_3_9_2_in_the_versions_both_know() {
    check("3.9.2", Room::VersionsBothKnow);
}

/// `ApiVersionsRequest` is the key `API_VERSIONS`.
fn key_name(request: &str) -> Option<String> {
    Some(definition::snake_case(request.strip_suffix("Request")?).to_uppercase())
}

#[test]
fn api_keys_have_the_names_of_kafka_4_3_1() {
    for (name, kafka) in definitions("4.3.1").unwrap_or_default() {
        if let Some(name) = key_name(&name) {
            assert_eq!(ApiKey(kafka.key.expect("an API key")).name(), name);
        }
    }
}

#[test]
fn each_file_of_a_message_is_visited() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/message");
    let files = fs::read_dir(folder).expect("folder").map(|entry| entry.expect("entry").file_name());
    let files = files.filter(|name| name != "mod.rs" && name != "every.rs").count();
    assert_eq!(structs().len(), 2 * files);
}
