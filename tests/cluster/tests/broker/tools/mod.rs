//! Kafka 4.3.1's own tools, with the same input against a real Kafka and against our broker: they end the same way and
//! print the same, apart from ids, times and places. What they print of Kafka is in `tests/golden/`; with
//! `STRAIT_RECORD=1` a real Kafka is asked again first.

// Clients that tools find.
mod clients;
// What is meant to differ.
mod differences;
// What was printed of Kafka, in a file.
mod golden;
// What they are told to do.
mod steps;
// What of their output is compared.
mod told;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use strait_cluster_tests::golden::is_recording;
use strait_cluster_tests::kafka::{CURRENT, Kafka};
use strait_cluster_tests::tools;
use strait_cluster_tests::world::World;

use crate::process::Broker;
use clients::Clients;
use differences::DIFFERENCES;
use steps::Step;

const PROPERTIES: [&str; 3] = [
    "super.users=User:ANONYMOUS",
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
const FILES: [(&str, &str); 7] = [
    ("offsets.json", r#"{"version":1,"partitions":[{"topic":"orders","partition":0,"offset":1}]}"#),
    ("too-far.json", r#"{"version":1,"partitions":[{"topic":"orders","partition":0,"offset":100}]}"#),
    ("all.json", r#"{"version":1,"partitions":[{"topic":"orders","partition":1,"offset":-1}]}"#),
    ("topics.json", r#"{"version":1,"topics":[{"topic":"orders"}]}"#),
    ("assignment.json", r#"{"version":1,"partitions":[{"topic":"orders","partition":0,"replicas":[1]}]}"#),
    ("elsewhere.json", r#"{"version":1,"partitions":[{"topic":"orders","partition":0,"replicas":[2]}]}"#),
    ("positions.csv", "orders,0,0\norders,1,1\n"),
];

/// A broker, and where what is printed about it goes.
#[derive(Debug)]
struct Side {
    address: String,
    folder: PathBuf,
    /// Its logs.
    data: PathBuf,
}

impl Side {
    /// Runs the steps; gives what is compared of each, after how it ended.
    fn run(&self, steps: Vec<Step>) -> Result<Vec<(Step, Vec<String>)>> {
        fs::create_dir_all(&self.folder)?;
        for (name, text) in FILES {
            fs::write(self.folder.join(name), text)?;
        }
        let tools: Vec<_> = steps.iter().map(|step| step.tool(self)).collect();
        let (data, folder) = (self.data.display().to_string(), self.folder.display().to_string());
        let places = [(self.address.as_str(), "BOOTSTRAP"), (&data, "DATA"), (&folder, "FOLDER")];
        let printed = tools::run(&self.folder, &tools)?;
        let told = steps.into_iter().zip(printed).map(|(step, printed)| {
            let lines = told::told(&step, printed, &places);
            (step, lines)
        });
        Ok(told.collect())
    }
}

/// All that the tools print of a broker, first while it runs.
fn ask(side: &Side, stop: impl FnOnce() -> Result<()>) -> Result<Vec<(Step, Vec<String>)>> {
    let [running, stopped] = steps::all();
    let clients = Clients::start(&side.address)?;
    let mut told = side.run(running)?;
    drop(clients);
    stop()?;
    told.extend(side.run(stopped)?);
    Ok(told)
}

fn record(folder: &Path) -> Result<()> {
    let kafka = Kafka::start_with(CURRENT, &PROPERTIES)?;
    let data = kafka.folder()?.join("data");
    let side = Side { address: kafka.address(), folder: folder.join("of-kafka"), data };
    golden::write(&ask(&side, || kafka.stop())?)
}

/// What is printed otherwise than of Kafka, and steps that did not end as they should.
fn differing(ours: &[(Step, Vec<String>)]) -> Result<Vec<String>> {
    let mut kafka = golden::read()?;
    let mut differing = Vec::new();
    let mut found_differences = [0; DIFFERENCES.len()];
    for (step, found) in ours {
        let (mut expected, mut found) = (kafka.remove(&step.name).unwrap_or_default(), found.clone());
        for (difference, count) in DIFFERENCES.iter().zip(&mut found_differences) {
            let left_out = [&mut expected, &mut found].map(|lines| difference.leave_out(&step.name, lines));
            *count += left_out[0].abs_diff(left_out[1]);
        }
        let ending = if step.is_refused { "exit 1" } else { "exit 0" };
        if expected != found || found[0] != ending {
            differing.push(format!("{}\nKafka's: {expected:#?}\nours: {found:#?}", step.name));
        }
    }
    let unseen = DIFFERENCES.iter().zip(found_differences).filter(|(_, count)| *count == 0);
    differing.extend(unseen.map(|(difference, _)| format!("{difference:?} is no difference")));
    differing.extend(kafka.into_keys().map(|name| format!("{name} is no step")));
    Ok(differing)
}

#[test]
fn kafkas_tools_print_the_same() {
    let Some(world) = World::enter("kafkas_tools_print_the_same") else { return };
    if is_recording() {
        record(world.folder()).expect("what is printed of a real Kafka");
    }
    let ours = Broker::start(&world.folder().join("ours"), &[&PROPERTIES[..], &OURS[..]].concat());
    let mut ours = ours.expect("our broker");
    let (address, data) = (ours.address(), ours.data());
    let side = Side { address, folder: world.folder().join("of-ours"), data };
    let told = ask(&side, || ours.stop()).expect("all steps");
    let differing = differing(&told).expect("what was printed of Kafka");
    assert!(differing.is_empty(), "{} of {} steps\n{}", differing.len(), told.len(), differing.join("\n\n"));
}
