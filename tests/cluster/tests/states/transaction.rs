//! A transaction at the source that nobody ends holds back everything behind it.

use std::time::Duration;

use rdkafka::producer::BaseRecord;
use strait_cluster_tests::bridge::Bridge;
use strait_cluster_tests::numbered::fill;
use strait_cluster_tests::writer::Writer;

use crate::flow::{SOON, assert_names, copied_hundred, wait_state};

const NAMED: Duration = Duration::from_secs(10);

pub(crate) fn that_hangs_is_named(bridge: &Bridge) {
    let name = "held-back";
    let mut strait = copied_hundred(bridge, name, "");
    let mut writer =
        Writer::transactional(&bridge.east.address(), "forgotten-transaction", &[]).expect("a producer");
    writer.begin().expect("begun");
    let record = BaseRecord::<str, str>::to(name).partition(0).key("key").payload("pending");
    writer.send(record).expect("sent");
    writer.flush().expect("acknowledged");
    fill(&bridge.east, name, "old", 100..110);
    let detail = wait_state(&mut strait, name, "blocked_by_transaction", NAMED);
    assert_names(&detail, &[producer_id(bridge)]);
    writer.commit().expect("committed");
    wait_state(&mut strait, name, "running", SOON);
    bridge.assert_copied(&mut strait, name);
}

/// The id behind the transaction, as Kafka's tool shows it.
fn producer_id(bridge: &Bridge) -> i64 {
    let address = bridge.east.address();
    let arguments = ["--bootstrap-server", &address, "list"];
    let table = bridge.east.tool("org.apache.kafka.tools.TransactionsCommand", &arguments).expect("the tool");
    let row = table.lines().find(|row| row.contains("forgotten-transaction")).expect("the transaction");
    row.split_whitespace().nth(2).and_then(|id| id.parse().ok()).unwrap_or_else(|| panic!("{table}"))
}
