//! Kafka 4.3.1's own tools, with the same input against a real Kafka and against our broker: they end the same way and
//! print the same, apart from ids, times and places.

// Clients that tools find.
mod clients;
// What is meant to differ.
mod differences;
// What they are told to do.
mod steps;
// What of their output is compared.
mod told;

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use strait_cluster_tests::kafka::{CURRENT, Kafka};
use strait_cluster_tests::settings;
use strait_cluster_tests::world::{World, repository};

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
    /// Starts all tools in one JVM; what each prints comes into the folder.
    fn start(&self, steps: &[Step]) -> Result<Child> {
        fs::create_dir_all(&self.folder)?;
        for (name, text) in FILES {
            fs::write(self.folder.join(name), text)?;
        }
        let lines: Vec<String> = steps.iter().map(|step| step.line(self)).collect();
        let input = self.folder.join("steps");
        fs::write(&input, lines.join("\n"))?;
        let seconds = settings::number("STRAIT_TOOL_SECONDS", 60).to_string();
        let mut command = Command::new(repository().join("tests/peers/kafka"));
        command.arg("tools").arg(&self.folder).arg(seconds).env("VERSION", CURRENT.version);
        command.stdin(fs::File::open(input)?).stdout(Stdio::null()).spawn().context("tests/peers/kafka")
    }

    /// What a step printed, after how it ended.
    fn told(&self, step: &Step) -> Result<Vec<String>> {
        let text = fs::read_to_string(self.folder.join(&step.name)).with_context(|| step.name.clone())?;
        let (data, folder) = (self.data.display().to_string(), self.folder.display().to_string());
        Ok(told::told(step, &text, &[(&self.address, "BOOTSTRAP"), (&data, "DATA"), (&folder, "FOLDER")]))
    }
}

/// Runs the tools on both sides at once.
fn run(sides: &[Side; 2], steps: &[Step]) -> Result<()> {
    let [kafka, ours] = sides.each_ref().map(|side| side.start(steps));
    for mut tools in [kafka?, ours?] {
        ensure!(tools.wait()?.success(), "tools ended before their last step");
    }
    Ok(())
}

/// What the sides printed otherwise, and steps that did not end as they should.
fn differing([kafka, ours]: &[Side; 2], steps: &[Step]) -> Result<Vec<String>> {
    let mut differing = Vec::new();
    let mut found_differences = [0; DIFFERENCES.len()];
    for step in steps {
        let (mut expected, mut found) = (kafka.told(step)?, ours.told(step)?);
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
    Ok(differing)
}

#[test]
fn kafkas_tools_print_the_same() {
    let Some(world) = World::enter("kafkas_tools_print_the_same") else { return };
    let kafka = Kafka::start_with(CURRENT, &PROPERTIES).expect("a real Kafka");
    let ours = Broker::start(&world.folder().join("ours"), &[&PROPERTIES[..], &OURS[..]].concat());
    let mut ours = ours.expect("our broker");
    let side = |name: &str, address, data| Side { address, folder: world.folder().join(name), data };
    let data = kafka.folder().expect("a folder").join("data");
    let sides = [side("of-kafka", kafka.address(), data), side("of-ours", ours.address(), ours.data())];
    let [running, stopped] = steps::all();

    let clients = sides.each_ref().map(|side| Clients::start(&side.address).expect("clients"));
    run(&sides, &running).expect("all steps with running brokers");
    drop(clients);
    kafka.stop().expect("stopped");
    ours.stop().expect("stopped");
    run(&sides, &stopped).expect("all steps with stopped brokers");

    let all: Vec<Step> = running.into_iter().chain(stopped).collect();
    let differing = differing(&sides, &all).expect("all was printed");
    assert!(differing.is_empty(), "{} of {} steps\n{}", differing.len(), all.len(), differing.join("\n\n"));
}
