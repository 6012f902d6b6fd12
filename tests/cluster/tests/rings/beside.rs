//! MirrorMaker 2 with one name for all topics, in both directions.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use strait_cluster_tests::kafka::Kafka;
use strait_cluster_tests::mirror_maker::{MirrorMaker, ONE_BROKER};
use strait_cluster_tests::numbered::fill;
use strait_cluster_tests::topic;

const LOOKS: u32 = 6;
const BETWEEN_LOOKS: Duration = Duration::from_secs(15);

/// Shows how many records there are, look by look, where each cluster got so many.
pub(crate) fn show(folder: &Path, [a, b]: [&Kafka; 2], records: i64) {
    let name = "ring-of-mirror-maker";
    for (word, cluster) in [("a", a), ("b", b)] {
        topic::create(cluster, name, 1, &[]).expect("a topic");
        fill(cluster, name, word, 0..records);
    }
    let file = folder.join("beside.properties");
    let properties = format!(
        "clusters = a, b
a.bootstrap.servers = {}
b.bootstrap.servers = {}
a->b.enabled = true
b->a.enabled = true
topics = {name}
replication.policy.class = org.apache.kafka.connect.mirror.IdentityReplicationPolicy
{ONE_BROKER}",
        a.address(),
        b.address()
    );
    fs::write(&file, properties).expect("written");
    let _mirror_maker = MirrorMaker::start("beside", &file).expect("MirrorMaker 2");
    for look in 1..=LOOKS {
        thread::sleep(BETWEEN_LOOKS);
        let [at_a, at_b] = [a, b].map(|cluster| topic::span(cluster, name));
        println!(
            "MirrorMaker 2, {records} records of each cluster, after {:?}: {at_a} at a, {at_b} at b",
            BETWEEN_LOOKS * look
        );
    }
}
