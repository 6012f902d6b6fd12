//! The new consumer protocol (KIP-848): librdkafka's and Java's consumers share a group.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::message::Message;
use rdkafka::producer::BaseRecord;
use strait_cluster_tests::topic;
use strait_cluster_tests::wait::{self, Attempt};
use strait_cluster_tests::world::World;
use strait_cluster_tests::writer::Writer;

use crate::client;
use crate::process::Broker;

const TOPIC: &str = "orders";
const PARTITIONS: i32 = 4;
const EACH: usize = 50;
const PATIENCE: Duration = Duration::from_secs(60);
const CONSUMER: &str = "org.apache.kafka.tools.consumer.ConsoleConsumer";
const GROUPS: &str = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand";
/// Members hear of changes soon.
const QUICK: [&str; 2] =
    ["group.consumer.heartbeat.interval.ms=300", "group.consumer.assignment.interval.ms=0"];

fn member(address: &str, group: &str, subscription: &str) -> Result<BaseConsumer> {
    let consumer: BaseConsumer = topic::client(address)
        .set("group.protocol", "consumer")
        .set("group.id", group)
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false")
        .create()?;
    consumer.subscribe(&[subscription])?;
    Ok(consumer)
}

/// Writes the same number of records to each partition: its number and theirs.
fn write(address: &str) -> Result<()> {
    let mut writer = Writer::open(address, &[])?;
    for number in 0..EACH {
        for partition in 0..PARTITIONS {
            let value = format!("{partition}:{number}");
            writer.send(BaseRecord::<(), String>::to(TOPIC).partition(partition).payload(&value))?;
        }
    }
    writer.flush().map(drop)
}

/// Polls until the member has this many partitions.
fn wait_for_assignment(consumer: &BaseConsumer, count: usize) -> Result<()> {
    wait::until(&format!("{count} partitions"), PATIENCE, || {
        consumer.poll(Duration::from_millis(100)).transpose()?;
        let assigned = consumer.assignment()?.count();
        Ok(if assigned == count { Attempt::Done(()) } else { Attempt::NotYet(format!("{assigned}")) })
    })
}

fn read(consumer: &BaseConsumer, count: usize) -> Result<BTreeSet<String>> {
    let mut read = BTreeSet::new();
    wait::until(&format!("{count} records"), PATIENCE, || {
        while let Some(message) = consumer.poll(Duration::from_millis(100)) {
            let message = message?;
            let value = message.payload_view::<str>().context("a value")??;
            assert!(read.insert(value.to_owned()), "{value} came twice");
        }
        Ok(if read.len() == count { Attempt::Done(()) } else { Attempt::NotYet(format!("{}", read.len())) })
    })?;
    consumer.commit_consumer_state(CommitMode::Sync)?;
    Ok(read)
}

#[test]
fn consumers_of_the_new_protocol_share_a_group() {
    let Some(world) = World::enter("consumers_of_the_new_protocol_share_a_group") else { return };
    let mut broker = Broker::start(&world.folder().join("a"), &QUICK).expect("a broker");
    let address = broker.address();
    client::create(&address, TOPIC, PARTITIONS, &[]).expect("a topic");
    let ours = member(&address, "shared", "^ord.*").expect("a member");
    wait_for_assignment(&ours, 4).expect("alone it has all");

    let half = 2 * EACH;
    let javas = std::thread::scope(|scope| {
        let java = scope.spawn(|| {
            let count = half.to_string();
            let arguments =
                ["--topic", TOPIC, "--group", "shared", "--from-beginning", "--max-messages", &count];
            broker.tool(
                CONSUMER,
                &[&arguments[..], &["--command-property", "group.protocol=consumer"]].concat(),
            )
        });
        wait_for_assignment(&ours, 2).expect("Java's consumer takes half");
        write(&address).expect("written");
        let ours_read = read(&ours, half).expect("our half");
        let javas = java.join().expect("a thread").expect("Java's half");
        let javas: BTreeSet<String> = javas.lines().map(str::to_owned).collect();
        assert_eq!((ours_read.len(), javas.len()), (half, half));
        assert!(ours_read.is_disjoint(&javas), "a record went to both");
        javas
    });
    wait_for_assignment(&ours, 4).expect("Java's consumer left");
    let members = broker.tool(GROUPS, &["--describe", "--group", "shared", "--members", "--verbose"]);
    let members = members.expect("described");
    assert!(members.contains(&format!("{TOPIC}:0,1,2,3")), "{members}");

    // What Java's consumer committed stays, through a sudden end too.
    drop(ours);
    broker.kill().expect("killed");
    broker.restart().expect("started again");
    let late = member(&address, "shared", TOPIC).expect("a member");
    wait_for_assignment(&late, 4).expect("a late member has all");
    write(&address).expect("written again");
    let again = read(&late, 4 * EACH).expect("only what is new");
    assert!(javas.is_subset(&again));
}
