//! Kafka 4.3.1's own tools.

use strait_cluster_tests::world::World;

use crate::process::Broker;

const TOPICS: &str = "org.apache.kafka.tools.TopicCommand";
const CONFIGS: &str = "kafka.admin.ConfigCommand";
const GROUPS: &str = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand";
const OFFSETS: &str = "org.apache.kafka.tools.GetOffsetShell";
const PRODUCER: &str = "org.apache.kafka.tools.ConsoleProducer";
const CONSUMER: &str = "org.apache.kafka.tools.consumer.ConsoleConsumer";

#[test]
fn kafkas_tools_do_their_work() {
    let Some(world) = World::enter("kafkas_tools_do_their_work") else { return };
    let broker = Broker::start(&world.folder().join("a"), &["group.initial.rebalance.delay.ms=0"]);
    let broker = broker.expect("a broker");
    let tool = |class: &str, arguments: &[&str]| broker.tool(class, arguments).expect(class);

    tool(
        TOPICS,
        &["--create", "--topic", "orders", "--partitions", "2", "--config", "retention.ms=86400000"],
    );
    let described = tool(TOPICS, &["--describe", "--topic", "orders"]);
    assert!(described.contains("PartitionCount: 2"), "{described}");
    assert!(described.contains("retention.ms=86400000"), "{described}");
    tool(TOPICS, &["--alter", "--topic", "orders", "--partitions", "3"]);
    tool(CONFIGS, &["--alter", "--topic", "orders", "--add-config", "segment.bytes=1048576"]);
    let configs = tool(CONFIGS, &["--describe", "--topic", "orders"]);
    assert!(configs.contains("segment.bytes=1048576"), "{configs}");

    let input: String = (0..500).map(|number| format!("{number}\n")).collect();
    let produce = ["--topic", "orders", "--compression-codec", "lz4"];
    broker.tool_with_input(PRODUCER, &produce, &input).expect("produced");
    let consume = ["--topic", "orders", "--group", "tools", "--from-beginning", "--max-messages", "500"];
    let mut read: Vec<u32> =
        tool(CONSUMER, &consume).lines().map(|line| line.parse().expect("a number")).collect();
    read.sort_unstable();
    assert!(read.into_iter().eq(0..500));

    let groups = tool(GROUPS, &["--describe", "--group", "tools"]);
    let lags: u64 = groups.lines().filter(|line| line.contains("orders")).filter_map(lag).sum();
    assert_eq!(lags, 0, "{groups}");
    tool(GROUPS, &["--reset-offsets", "--group", "tools", "--topic", "orders", "--to-earliest", "--execute"]);
    let groups = tool(GROUPS, &["--describe", "--group", "tools"]);
    let lags: u64 = groups.lines().filter(|line| line.contains("orders")).filter_map(lag).sum();
    assert_eq!(lags, 500, "{groups}");
    tool(GROUPS, &["--delete", "--group", "tools"]);
    assert!(!tool(GROUPS, &["--list"]).contains("tools"));

    let ends: u64 = tool(OFFSETS, &["--topic", "orders"]).lines().filter_map(end).sum();
    assert_eq!(ends, 500);
    tool(TOPICS, &["--delete", "--topic", "orders"]);
    assert!(!tool(TOPICS, &["--list"]).contains("orders"));
}

/// The lag in a line of `--describe`: group, topic, partition, position, end, lag.
fn lag(line: &str) -> Option<u64> {
    line.split_whitespace().nth(5)?.parse().ok()
}

/// The offset in `topic:partition:offset`.
fn end(line: &str) -> Option<u64> {
    line.rsplit_once(':')?.1.parse().ok()
}
