//! Kafka 4.3.1's own tools, with the same input against a real Kafka and against our broker: they end the same way and
//! print the same, apart from ids, times and places.

// What they are told to do.
mod steps;
// What of their output is compared.
mod told;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use strait_cluster_tests::kafka::{CURRENT, Kafka};
use strait_cluster_tests::settings;
use strait_cluster_tests::world::{World, repository};

use crate::process::Broker;
use steps::Step;

const PROPERTIES: [&str; 2] = [
    "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "allow.everyone.if.no.acl.found=true",
];
/// Of the harness for a real Kafka, and what it leaves to its defaults.
const OURS: [&str; 4] = [
    "auto.create.topics.enable=false",
    "group.initial.rebalance.delay.ms=0",
    "offsets.topic.num.partitions=5",
    "transaction.state.log.num.partitions=5",
];
/// Files that tools read.
const FILES: [(&str, &str); 4] = [
    ("offsets.json", r#"{"version":1,"partitions":[{"topic":"orders","partition":0,"offset":1}]}"#),
    ("topics.json", r#"{"version":1,"topics":[{"topic":"orders"}]}"#),
    ("assignment.json", r#"{"version":1,"partitions":[{"topic":"orders","partition":0,"replicas":[1]}]}"#),
    ("elsewhere.json", r#"{"version":1,"partitions":[{"topic":"orders","partition":0,"replicas":[2]}]}"#),
];

/// A broker, and where what is printed about it goes.
#[derive(Debug)]
struct Side {
    address: String,
    folder: PathBuf,
    /// Its logs.
    data: PathBuf,
}

/// Starts all tools in one JVM; what each prints comes into the folder.
fn start(side: &Side, steps: &[Step]) -> Result<Child> {
    let folder = &side.folder;
    fs::create_dir_all(folder)?;
    for (name, text) in FILES {
        fs::write(folder.join(name), text)?;
    }
    let lines: Vec<String> = steps.iter().map(|step| step.line(side)).collect();
    let input = folder.join("steps");
    fs::write(&input, lines.join("\n"))?;
    let seconds = settings::number("STRAIT_TOOL_SECONDS", 60).to_string();
    let mut command = Command::new(repository().join("tests/peers/kafka"));
    command.arg("tools").arg(folder).arg(seconds).env("VERSION", CURRENT.version);
    command.stdin(fs::File::open(input)?).stdout(Stdio::null()).spawn().context("tests/peers/kafka")
}

/// What each step printed, by its name; ended how on the first line.
fn printed(side: &Side, steps: &[Step]) -> Result<BTreeMap<String, Vec<String>>> {
    let places = [(side.address.as_str(), "BOOTSTRAP"), (&side.data.display().to_string(), "DATA")];
    let mut printed = BTreeMap::new();
    for step in steps {
        let text = fs::read_to_string(side.folder.join(&step.name)).with_context(|| step.name.clone())?;
        printed.insert(step.name.clone(), told::told(step, &text, &places));
    }
    Ok(printed)
}

#[test]
fn kafkas_tools_print_the_same() {
    let Some(world) = World::enter("kafkas_tools_print_the_same") else { return };
    let kafka = Kafka::start_with(CURRENT, &PROPERTIES).expect("a real Kafka");
    let ours = Broker::start(&world.folder().join("ours"), &[&PROPERTIES[..], &OURS[..]].concat());
    let ours = ours.expect("our broker");
    let side = |name: &str, address, data| Side { address, folder: world.folder().join(name), data };
    let data = kafka.folder().expect("a folder").join("data");
    let sides = [side("of-kafka", kafka.address(), data), side("of-ours", ours.address(), ours.data())];
    let steps = steps::all();
    for mut tools in sides.each_ref().map(|side| start(side, &steps).expect("started")) {
        tools.wait().expect("ended");
    }
    let [expected, found] = sides.each_ref().map(|side| printed(side, &steps).expect("printed"));
    let mut differences = Vec::new();
    for step in &steps {
        let (expected, found) = (&expected[&step.name], &found[&step.name]);
        let ending = if step.is_refused { "exit 1" } else { "exit 0" };
        if expected != found || found[0] != ending {
            differences.push(format!("{}\nKafka's: {expected:#?}\nours: {found:#?}", step.name));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
}
