//! Settings of brokers and groups that change while the broker runs, by Kafka's own tool.

use strait_cluster_tests::world::World;

use crate::client::{create, write};
use crate::process::Broker;

const CONFIGS: &str = "kafka.admin.ConfigCommand";

#[test]
fn settings_of_the_broker_change_while_it_runs() {
    let Some(world) = World::enter("settings_of_the_broker_change_while_it_runs") else { return };
    let mut broker = Broker::start(&world.folder().join("a"), &[]).expect("a broker");
    create(&broker.address(), "orders", 1, &[]).expect("a topic");
    write(&broker.address(), "orders", 0..10).expect("taken");

    let all = ["--entity-type", "brokers", "--entity-default"];
    let one = ["--entity-type", "brokers", "--entity-name", "1"];
    let tool = |broker: &Broker, whose: &[&str], what: &[&str]| {
        broker.tool(CONFIGS, &[whose, what].concat()).expect("exit 0")
    };
    tool(&broker, &all, &["--alter", "--add-config", "message.max.bytes=10"]);
    let refused = |broker: &Broker| write(&broker.address(), "orders", 0..10).is_err();
    assert!(refused(&broker), "the topic follows the setting of all brokers");
    broker.stop().expect("stopped");
    broker.restart().expect("started");
    assert!(refused(&broker), "and so it does after a restart");

    tool(&broker, &one, &["--alter", "--add-config", "message.max.bytes=1048588,background.threads=9"]);
    write(&broker.address(), "orders", 10..20).expect("the broker's own setting wins");
    let told = tool(&broker, &one, &["--describe"]);
    let synonyms =
        "DYNAMIC_BROKER_CONFIG:message.max.bytes=1048588, DYNAMIC_DEFAULT_BROKER_CONFIG:message.max.bytes=10";
    assert!(told.contains(synonyms), "{told}");
    assert!(told.contains("background.threads=9"), "{told}");

    tool(&broker, &one, &["--alter", "--delete-config", "message.max.bytes"]);
    assert!(refused(&broker), "the setting of all brokers is in force again");
    tool(&broker, &all, &["--alter", "--delete-config", "message.max.bytes"]);
    write(&broker.address(), "orders", 20..30).expect("the default");

    let fixed = broker.tool(CONFIGS, &[&one[..], &["--alter", "--add-config", "num.partitions=2"]].concat());
    let told = format!("{:#}", fixed.expect_err("read at the start only"));
    assert!(told.contains("Cannot update these configs dynamically: [num.partitions]"), "{told}");
}

#[test]
fn groups_have_settings_of_their_own() {
    let Some(world) = World::enter("groups_have_settings_of_their_own") else { return };
    let mut broker = Broker::start(&world.folder().join("a"), &[]).expect("a broker");
    let group = ["--entity-type", "groups", "--entity-name", "readers"];
    let set = [&group[..], &["--alter", "--add-config", "consumer.session.timeout.ms=50000"]].concat();
    broker.tool(CONFIGS, &set).expect("exit 0");
    broker.stop().expect("stopped");
    broker.restart().expect("started");
    let told = broker.tool(CONFIGS, &[&group[..], &["--describe"]].concat()).expect("exit 0");
    assert!(told.contains("DYNAMIC_GROUP_CONFIG:consumer.session.timeout.ms=50000"), "{told}");
    let wrong = [&group[..], &["--alter", "--add-config", "consumer.session.timeout.ms=1"]].concat();
    broker.tool(CONFIGS, &wrong).expect_err("below the least");
}
