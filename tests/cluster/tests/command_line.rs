//! `strait topic`, `produce`, `consume` and `group` on Apache Kafka and on our broker.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use strait_cluster_tests::binary;
use strait_cluster_tests::kafka::{CURRENT, Kafka, OURS};
use strait_cluster_tests::numbered::{expected, values};
use strait_cluster_tests::world::World;

const WRONG_INPUT: i32 = 2;

/// Runs `strait` on a cluster with lines on its standard input.
fn strait(kafka: &Kafka, arguments: &str, input: &str) -> Output {
    let mut command = Command::new(binary::path());
    command.args(arguments.split_whitespace()).env("STRAIT_BOOTSTRAP", kafka.address());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("started");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("written");
    child.wait_with_output().expect("ended")
}

/// What it prints when all goes well.
fn done(kafka: &Kafka, arguments: &str, input: &str) -> String {
    let output = strait(kafka, arguments, input);
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

fn json_of(kafka: &Kafka, arguments: &str) -> Value {
    serde_json::from_str(&done(kafka, &format!("{arguments} --output json"), "")).expect("JSON")
}

fn code(kafka: &Kafka, arguments: &str) -> Option<i32> {
    strait(kafka, arguments, "").status.code()
}

#[test]
fn topics_records_and_groups_are_managed_from_the_command_line() {
    let Some(_world) = World::enter("topics_records_and_groups_are_managed_from_the_command_line") else {
        return;
    };
    for release in [CURRENT, OURS] {
        let kafka = Kafka::start(release).expect("a broker");
        topics(&kafka);
        records(&kafka);
        groups(&kafka);
        assert_eq!(code(&kafka, "topic delete orders"), Some(WRONG_INPUT), "nobody can be asked");
        done(&kafka, "topic delete orders --dry-run", "");
        assert_eq!(json_of(&kafka, "topic list --exclude-internal").as_array().map(Vec::len), Some(1));
        done(&kafka, "topic delete orders --yes", "");
        assert_eq!(code(&kafka, "topic describe orders"), Some(1), "it is gone");
    }
}

fn topics(kafka: &Kafka) {
    done(kafka, "topic create orders --partitions 2 --config retention.ms=1234567 --dry-run", "");
    assert_eq!(code(kafka, "topic describe orders"), Some(1), "a dry run makes nothing");
    done(kafka, "topic create orders --partitions 2 --config retention.ms=1234567", "");
    assert_eq!(code(kafka, "topic create orders"), Some(1), "it is there");
    let configs = json_of(kafka, "topic describe orders --configs");
    let retention = |configs: &Value| {
        let found = configs.as_array().expect("rows").iter().find(|row| row["config"] == "retention.ms");
        found.expect("a setting").clone()
    };
    assert_eq!(retention(&configs)["value"], "1234567");
    done(kafka, "topic alter orders --unset retention.ms --partitions 3", "");
    assert_eq!(retention(&json_of(kafka, "topic describe orders --configs"))["set_by_topic"], false);
    let rows = json_of(kafka, "topic describe orders");
    assert_eq!(rows.as_array().map(Vec::len), Some(3));
    assert_eq!(rows[2]["end_offset"], 0);
    assert!(rows[2]["replicas"].as_array().is_some_and(|replicas| replicas.len() == 1), "{rows}");
    assert_eq!(
        code(kafka, "topic alter orders --partitions 2"),
        Some(WRONG_INPUT),
        "partitions do not go away"
    );
    assert!(done(kafka, "topic list", "").contains("orders"), "a table");
}

fn records(kafka: &Kafka) {
    let lines: String = expected("record", 0..100).iter().map(|value| format!("key:{value}\n")).collect();
    done(
        kafka,
        "produce orders --partition 1 --key-separator : --header from=test --set linger.ms=20",
        &lines,
    );
    done(kafka, "produce orders --partition 0 --null - --key gone", "-\n");
    assert_eq!(values(kafka, "orders").expect("read").len(), 101);
    let from = |from: &str, more: &str| {
        done(kafka, &format!("consume orders --partition 1 --from {from} {more}"), "")
    };
    let printed = |numbers: std::ops::Range<i64>| expected("record", numbers).join("\n") + "\n";
    assert_eq!(from("beginning", "--to-end"), printed(0..100));
    assert_eq!(from("90", "--to-end"), printed(90..100));
    assert_eq!(from("-3", "--to-end"), printed(97..100));
    assert_eq!(from("beginning", "--max-messages 4"), printed(0..4));
    assert_eq!(
        from("2000-01-01T00:00:00Z", "--max-messages 1 --format %t/%p/%o/%k/%h/%v\\n"),
        "orders/1/0/key/from=test/record 0\n"
    );
    assert_eq!(from("end", "--timeout-ms 300"), "");
    let line: Value = serde_json::from_str(&from("7", "--max-messages 1 --output json")).expect("JSON");
    assert_eq!(line["headers"], json!([{ "name": "from", "value": "test" }]));
    assert_eq!((&line["offset"], &line["key"]), (&json!(7), &json!("key")));
    let tombstone = done(kafka, "consume orders --partition 0 --from 0 --to-end --output json", "");
    let tombstone: Value = serde_json::from_str(&tombstone).expect("JSON");
    assert_eq!((&tombstone["key"], &tombstone["value"]), (&json!("gone"), &Value::Null));
    assert_eq!(code(kafka, "consume orders --format %q"), Some(WRONG_INPUT));
    assert_eq!(code(kafka, "produce orders --set linger.ms=x"), Some(WRONG_INPUT));
    assert_eq!(code(kafka, "consume orders --set isolation.levl=read_committed"), Some(WRONG_INPUT));
    assert_eq!(code(kafka, "consume missing --from beginning"), Some(1));
}

fn groups(kafka: &Kafka) {
    let first = done(kafka, "consume orders --group readers --from beginning --max-messages 60", "");
    let rest = done(kafka, "consume orders --group readers --from beginning --max-messages 41", "");
    assert_eq!(first.lines().count() + rest.lines().count(), 101, "the group goes on where it committed");
    assert_eq!(code(kafka, "consume orders --group readers --from 5"), Some(WRONG_INPUT));
    let listed = json_of(kafka, "group list");
    assert!(listed.as_array().expect("rows").iter().any(|row| row["group"] == "readers"), "{listed}");
    let lag = |kafka: &Kafka| {
        let rows = json_of(kafka, "group describe readers");
        rows.as_array().expect("rows").iter().map(|row| row["lag"].as_i64().unwrap_or(0)).sum::<i64>()
    };
    assert_eq!(lag(kafka), 0);
    done(kafka, "group reset readers --to-earliest --dry-run", "");
    assert_eq!(lag(kafka), 0, "a dry run changes nothing");
    assert_eq!(code(kafka, "group reset readers --to-earliest"), Some(WRONG_INPUT), "nobody can be asked");
    done(kafka, "group reset readers --to-earliest --yes", "");
    assert_eq!(lag(kafka), 101);
    done(kafka, "group reset readers --topic orders:1 --to-offset 40 --yes", "");
    assert_eq!(lag(kafka), 61);
    done(kafka, "group reset readers --topic orders:1 --shift-by -10 --yes", "");
    assert_eq!(lag(kafka), 71);
    done(kafka, "group reset readers --to-datetime 2000-01-01T00:00:00Z --yes", "");
    assert_eq!(lag(kafka), 101);
    assert_eq!(code(kafka, "group describe missing"), Some(1));
    assert_eq!(code(kafka, "group delete readers"), Some(WRONG_INPUT));
    done(kafka, "group delete readers --yes", "");
    assert_eq!(code(kafka, "group describe readers"), Some(1));
}

#[test]
fn a_clients_properties_say_who_we_are() {
    let Some(world) = World::enter("a_clients_properties_say_who_we_are") else { return };
    let kafka = Kafka::start_secured(CURRENT).expect("a broker");
    let address = kafka.address();
    let (credentials, address) = address.rsplit_once('@').expect("a name");
    let (user, password) = credentials.split_once(':').expect("a password");
    let file = world.folder().join("client.properties");
    let module = "org.apache.kafka.common.security.plain.PlainLoginModule";
    let properties = format!(
        "bootstrap.servers={address}\nsecurity.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nlinger.ms=1\n\
         sasl.jaas.config={module} required username=\"{user}\" password=\"{password}\";\n"
    );
    std::fs::write(&file, properties).expect("written");
    let run = |arguments: &str, input: &str| {
        let all = format!("{arguments} --command-config {}", file.display());
        let mut command = Command::new(binary::path());
        command.args(all.split_whitespace()).env_remove("STRAIT_BOOTSTRAP");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("started");
        child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("written");
        let output = child.wait_with_output().expect("ended");
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    run("topic create orders --partitions 1", "");
    run("produce orders", "one\ntwo\n");
    assert_eq!(run("consume orders --from beginning --to-end", ""), "one\ntwo\n");
    assert_eq!(run("consume orders --group g --from beginning --max-messages 2", ""), "one\ntwo\n");
    // Without a name nothing is allowed, and the broker's reason is told.
    let open = ["produce", "orders", "--bootstrap", &kafka.open_address()];
    let mut child = Command::new(binary::path())
        .args(open)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    child.stdin.take().expect("a pipe").write_all(b"x\n").expect("written");
    let output = child.wait_with_output().expect("ended");
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("TOPIC_AUTHORIZATION_FAILED"), "{told}");
}
