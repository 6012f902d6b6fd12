//! What Kafka's tools print of rules.

use super::both::Both;
use strait_cluster_tests::kafka::Kafka;

const ACLS: &str = "org.apache.kafka.tools.AclCommand";

/// The lines of a tool in their order, sorted where a set is printed.
fn printed(text: &str) -> Vec<String> {
    let mut lines: Vec<String> =
        text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect();
    lines.sort();
    lines
}

fn run(both: &Both, arguments: &[&str]) -> [Vec<String>; 2] {
    let tool = |kafka: &Kafka, address: &str| {
        let client = both.world.folder().join("client.properties");
        std::fs::write(&client, strait_cluster_tests::access::client_properties()).expect("written");
        let config = client.to_string_lossy().into_owned();
        let arguments: Vec<&str> = ["--bootstrap-server", address, "--command-config", &config]
            .into_iter()
            .chain(arguments.iter().copied())
            .collect();
        printed(&kafka.tool(ACLS, &arguments).expect("the tool ends well"))
    };
    let addresses = both.named_addresses();
    addresses.map(|address| tool(&both.kafka, &address))
}

#[test]
fn kafkas_tool_prints_the_same_rules() {
    let Some(both) = Both::start("kafkas_tool_prints_the_same_rules", &[]) else { return };
    let compare = |arguments: &[&str]| {
        let [kafka, ours] = run(&both, arguments);
        assert_eq!(ours, kafka, "{arguments:?}");
        kafka
    };
    let alice = ["--add", "--allow-principal", "User:alice", "--allow-host", "127.0.0.1"];
    compare(&[&alice[..], &["--operation", "Read", "--topic", "one"]].concat());
    let everybody = ["--add", "--deny-principal", "User:*", "--operation", "Write", "--topic", "o"];
    compare(&[&everybody[..], &["--resource-pattern-type", "prefixed"]].concat());
    compare(&["--add", "--allow-principal", "User:alice", "--producer", "--topic", "two", "--idempotent"]);
    compare(&[
        "--add",
        "--allow-principal",
        "User:bob",
        "--consumer",
        "--topic",
        "two",
        "--group",
        "readers",
    ]);
    assert!(compare(&["--list"]).len() > 10);
    compare(&["--list", "--topic", "one", "--resource-pattern-type", "match"]);
    compare(&["--list", "--principal", "User:alice"]);
    compare(&[
        "--remove",
        "--force",
        "--topic",
        "one",
        "--allow-principal",
        "User:alice",
        "--allow-host",
        "127.0.0.1",
        "--operation",
        "Read",
    ]);
    compare(&["--remove", "--force", "--group", "*"]);
    compare(&["--list"]);
}
