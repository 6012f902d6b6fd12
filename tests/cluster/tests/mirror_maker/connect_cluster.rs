//! Taking over from MirrorMaker 2 on a Connect cluster: positions are among those of other connectors, in a topic of any
//! name, under the connector's own name.

use std::fs;
use std::path::Path;
use std::process::Command;

use rdkafka::producer::BaseRecord;
use serde_json::{Value, json};
use strait_cluster_tests::bridge::Bridge;
use strait_cluster_tests::numbered::{expected, fill, values};
use strait_cluster_tests::wait::Attempt;
use strait_cluster_tests::writer::Writer;
use strait_cluster_tests::{binary, topic};

use crate::LIMIT;

const POSITIONS: &str = "connect-offsets";
const CONNECTOR: &str = "east->west.MirrorSourceConnector";
const ALL: i64 = 300;
/// Records that MirrorMaker 2 copied.
const COPIED: i64 = 200;
/// As Connect's JSON stores them; the newest of a key counts.
const STORED: [(&str, &str); 8] = [
    (r#"["old-mirror",{"cluster":"east","partition":0,"topic":"stock"}]"#, r#"{"offset":49}"#),
    (
        r#"["east->west.MirrorSourceConnector",{"cluster":"east","partition":0,"topic":"stock"}]"#,
        r#"{"offset":99}"#,
    ),
    (
        r#"["east->west.MirrorSourceConnector",{"cluster":"east","partition":0,"topic":"stock"}]"#,
        r#"{"offset":199}"#,
    ),
    (
        r#"["north->west.MirrorSourceConnector",{"cluster":"north","partition":0,"topic":"stock"}]"#,
        r#"{"offset":7}"#,
    ),
    (
        r#"["east->west.MirrorHeartbeatConnector",{"sourceClusterAlias":"east","targetClusterAlias":"west"}]"#,
        r#"{"offset":0}"#,
    ),
    (
        r#"["east->west.MirrorCheckpointConnector",{"group":"g","partition":0,"topic":"stock"}]"#,
        r#"{"offset":0}"#,
    ),
    (r#"["files",{"filename":"/tmp/orders"}]"#, r#"{"position":12}"#),
    ("no JSON", "no JSON"),
];

pub(crate) fn check(bridge: &Bridge) {
    topic::create(&bridge.east, "stock", 1, &[]).expect("a topic");
    topic::create(&bridge.west, "east.stock", 1, &[]).expect("a topic");
    fill(&bridge.east, "stock", "order", 0..ALL);
    fill(&bridge.west, "east.stock", "order", 0..COPIED);
    store(bridge);
    let folder = bridge.folder("dry-run");
    strimzi(bridge, &folder);
    connector(bridge, &folder);

    let extra = format!("take_over = \"{POSITIONS}\"\nmirror_maker_connector = \"{CONNECTOR}\"");
    let mut strait = bridge.strait("take-over", "stock", &extra);
    let copied = strait.wait("all is copied", LIMIT, |_| {
        let copy = values(&bridge.west, "east.stock")?;
        let is_there = copy.last() == expected("order", 0..ALL).last();
        Ok(if is_there { Attempt::Done(copy) } else { Attempt::NotYet(format!("{:?}", copy.last())) })
    });
    assert_eq!(copied.expect("copied"), expected("order", 0..ALL), "each record once");
}

fn store(bridge: &Bridge) {
    topic::create(&bridge.west, POSITIONS, 5, &["cleanup.policy=compact"]).expect("a topic");
    let mut writer = Writer::open(&bridge.west.address(), &[("partitioner", "murmur2")]).expect("a producer");
    for (key, value) in STORED {
        writer.send(BaseRecord::to(POSITIONS).key(key).payload(value)).expect("sent");
    }
    writer.flush().expect("acknowledged");
}

/// By Strimzi's resource, which tells topic and connector.
fn strimzi(bridge: &Bridge, folder: &Path) {
    let file = folder.join("mirror.yaml");
    let resource = format!(
        "apiVersion: kafka.strimzi.io/v1
kind: KafkaMirrorMaker2
spec:
  target: {{ alias: west, bootstrapServers: '{}', offsetStorageTopic: {POSITIONS} }}
  mirrors:
    - source: {{ alias: east, bootstrapServers: '{}' }}
      sourceConnector: {{}}
      topicsPattern: stock
",
        bridge.west.address(),
        bridge.east.address()
    );
    fs::write(&file, resource).expect("written");
    let said = "goes on at its next record";
    assert_eq!(dry_run(&file), row(CONNECTOR, COPIED - 1, said));
}

/// By Connect's JSON, which tells the connector alone.
fn connector(bridge: &Bridge, folder: &Path) {
    let file = folder.join("connectors.json");
    let connector = json!({ "name": "old-mirror", "config": {
        "connector.class": "org.apache.kafka.connect.mirror.MirrorSourceConnector",
        "source.cluster.alias": "east", "source.cluster.bootstrap.servers": bridge.east.address(),
        "target.cluster.alias": "west", "target.cluster.bootstrap.servers": bridge.west.address(),
        "topics": "stock",
    }});
    fs::write(&file, connector.to_string()).expect("written");
    let said = "aligned on the target's end, 150 offsets behind what was stored";
    assert_eq!(dry_run(&file), row("old-mirror", 49, said));
}

fn row(connector: &str, last_copied: i64, said: &str) -> Value {
    json!([{
        "flow": "east--west", "topic": "stock", "partition": 0, "remote_topic": "east.stock",
        "positions_topic": POSITIONS, "connector": connector, "last_copied": last_copied, "source_offset": COPIED,
        "source_end": ALL, "target_offset": COPIED, "said": said,
    }])
}

fn dry_run(file: &Path) -> Value {
    let mut command = Command::new(binary::path());
    command.args(["migrate", "mm2"]).arg(file).args(["--dry-run", "--output", "json"]);
    let output = command.env("STRAIT_FLOWS__0__TAKE_OVER", POSITIONS).output().expect("strait");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}
