//! MirrorMaker 2's own client, in Java, on a chain of clusters that Strait copied along: it tells the same as where
//! MirrorMaker 2 did, and its classes read and write our records byte for byte.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use rdkafka::producer::BaseRecord;
use strait_cluster_tests::kafka::{CURRENT, Kafka};
use strait_cluster_tests::mirror_maker::MirrorMaker;
use strait_cluster_tests::strait::Strait;
use strait_cluster_tests::wait::{self, Attempt};
use strait_cluster_tests::world::{self, World};
use strait_cluster_tests::writer::Writer;
use strait_cluster_tests::{admin, groups, topic};

const LIMIT: Duration = Duration::from_secs(300);
const NAMES: [&str; 3] = ["a", "b", "c"];
const RECORDS: i64 = 100;
const POLICY: &str = "org.apache.kafka.connect.mirror.DefaultReplicationPolicy";
/// Groups that stand at the end of each partition, and in the middle.
const AT_END: &str = "at-end";
const IN_THE_MIDDLE: &str = "in-the-middle";

/// A chain. Heartbeats of the way back are on, as by default; those of pairs without a flow are not needed.
const PROPERTIES: &str = "clusters = a, b, c
a.bootstrap.servers = ADDRESS-a
b.bootstrap.servers = ADDRESS-b
c.bootstrap.servers = ADDRESS-c
a->b.enabled = true
b->c.enabled = true
topics = .*orders
sync.group.offsets.enabled = true
emit.checkpoints.interval.seconds = 1
sync.group.offsets.interval.seconds = 1
refresh.groups.interval.seconds = 1
refresh.topics.interval.seconds = 1
a->c.emit.heartbeats.enabled = false
c->a.emit.heartbeats.enabled = false
b.offset.flush.interval.ms = 1000
c.offset.flush.interval.ms = 1000
replication.factor = 1
checkpoints.topic.replication.factor = 1
heartbeats.topic.replication.factor = 1
offset-syncs.topic.replication.factor = 1
offset.storage.replication.factor = 1
status.storage.replication.factor = 1
config.storage.replication.factor = 1
";

/// Lines of `MirrorAnswers.java` by cluster.
type Answers = BTreeMap<&'static str, Vec<String>>;

#[test]
fn mirror_client_is_told_the_same() {
    let Some(world) = World::enter("mirror_client_is_told_the_same") else { return };
    let clusters = NAMES.map(|name| (name, Kafka::start(CURRENT).expect("a cluster")));
    let file = world.folder().join("mm2.properties");
    let properties = clusters.iter().fold(PROPERTIES.to_owned(), |text, (name, kafka)| {
        text.replace(&format!("ADDRESS-{name}"), &kafka.address())
    });
    fs::write(&file, properties).expect("written");
    make(&clusters);
    let theirs = {
        let mirror_maker = MirrorMaker::start("chain", &file).expect("MirrorMaker 2");
        let waited = wait_copied(&clusters, |check| wait::until("MirrorMaker 2 is through", LIMIT, check));
        waited.unwrap_or_else(|error| panic!("{error:#}\n{}", mirror_maker.log_tail()));
        answers(&clusters)
    };
    clear(&clusters);
    make(&clusters);
    let ours = by_strait(&clusters, world.folder(), &file);
    compare(&theirs, &ours);
}

fn by_strait(clusters: &[(&'static str, Kafka)], folder: &Path, file: &Path) -> Answers {
    let mut strait = Strait::start_on_properties(folder, file).expect("strait");
    let mut wait = |what: &str, check: &mut dyn FnMut() -> Result<Attempt<()>>| {
        strait.wait(what, LIMIT, |_| check()).expect("in time");
    };
    wait_copied(clusters, |mut check| {
        wait("Strait is through", &mut check);
        Ok(())
    })
    .expect("copied");
    // What is said of a group that is no more must not disturb MirrorMaker 2's client.
    let (a, b) = (&clusters[0].1, &clusters[1].1);
    groups::commit(a, "deleted", &[("orders", 0, 1)]).expect("committed");
    let place = [("a.orders", 0)];
    wait("a group comes", &mut || {
        Ok(match groups::committed(b, "deleted", &place)?.len() {
            1 => Attempt::Done(()),
            _ => Attempt::NotYet("not yet".to_owned()),
        })
    });
    let before = topic::span(b, "a.checkpoints.internal");
    a.tool(
        "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
        &["--bootstrap-server", &a.address(), "--delete", "--group", "deleted"],
    )
    .expect("deleted");
    wait("its checkpoint goes", &mut || {
        let span = topic::span(b, "a.checkpoints.internal");
        Ok(if span > before { Attempt::Done(()) } else { Attempt::NotYet(span.to_string()) })
    });
    answers(clusters)
}

/// Topics at the first cluster, and groups that read them.
fn make(clusters: &[(&'static str, Kafka)]) {
    let first = &clusters[0].1;
    topic::create(first, "orders", 2, &[]).expect("a topic");
    let mut writer = Writer::open(&first.address(), &[]).expect("a producer");
    for number in 0..2 * RECORDS {
        let (partition, value) = (i32::from(number % 2 == 1), number.to_string());
        let record = BaseRecord::<str, str>::to("orders").partition(partition).payload(&value);
        writer.send(record).expect("sent");
    }
    writer.flush().expect("acknowledged");
    for (group, offset) in [(AT_END, RECORDS), (IN_THE_MIDDLE, RECORDS / 2)] {
        groups::commit(first, group, &[("orders", 0, offset), ("orders", 1, offset)]).expect("committed");
    }
}

/// Waits until the group at the end came along the whole chain, and the heartbeats of its first flow too.
fn wait_copied(
    clusters: &[(&'static str, Kafka)],
    wait: impl FnOnce(Box<dyn FnMut() -> Result<Attempt<()>> + '_>) -> Result<()>,
) -> Result<()> {
    let last = &clusters[2].1;
    let places = [("b.a.orders", 0), ("b.a.orders", 1)];
    wait(Box::new(move || {
        let end = groups::committed(last, AT_END, &places)?;
        let is_there = topic::span(last, "b.a.heartbeats") > 0;
        let at_end = end.len() == 2 && end.values().all(|offset| *offset == RECORDS);
        Ok(match (at_end, is_there, groups::committed(last, IN_THE_MIDDLE, &places)?.len()) {
            (true, true, 2) => Attempt::Done(()),
            _ => Attempt::NotYet(format!("{end:?}, heartbeats: {is_there}")),
        })
    }))
}

fn answers(clusters: &[(&'static str, Kafka)]) -> Answers {
    let program = world::repository().join("tests/peers/tools/MirrorAnswers.java");
    let groups = [AT_END, IN_THE_MIDDLE].join(",");
    let asked = clusters.iter().map(|(name, kafka)| {
        let address = kafka.address();
        let arguments = [address.as_str(), "a,b,c,nowhere", &groups, POLICY];
        let printed = kafka.tool(&program.to_string_lossy(), &arguments).expect("MirrorAnswers");
        // Kafka's client takes what has a separator and is not MirrorMaker 2's for a copy: our own topics too.
        let foreign = |line: &str| {
            line.split(' ').filter(|word| !word.starts_with("strait-")).collect::<Vec<_>>().join(" ")
        };
        (*name, printed.lines().map(foreign).collect())
    });
    asked.collect()
}

/// Takes away all topics and what groups committed for them.
fn clear(clusters: &[(&'static str, Kafka)]) {
    for (_, kafka) in clusters {
        for name in topic::names(kafka).expect("topics") {
            admin::delete(kafka, &name).expect("deleted");
        }
    }
}

/// All answers are equal, but for offsets that MirrorMaker 2 does not translate exactly.
fn compare(theirs: &Answers, ours: &Answers) {
    for (cluster, theirs) in theirs {
        let ours = &ours[cluster];
        println!("{cluster}:\n  {}", ours.join("\n  "));
        let plain = |lines: &[String]| -> Vec<String> {
            let is_plain = |line: &&String| !line.starts_with(&format!("offset of {IN_THE_MIDDLE}"));
            lines.iter().filter(is_plain).cloned().collect()
        };
        assert_eq!(plain(theirs), plain(ours), "MirrorMaker 2 and Strait at {cluster}");
        for line in ours.iter().filter(|line| line.starts_with(&format!("offset of {IN_THE_MIDDLE}"))) {
            let place = line.trim_end().rsplit_once(' ').expect("a place and an offset");
            assert_eq!(place.1, (RECORDS / 2).to_string(), "{line}");
            let their = theirs.iter().find(|their| their.starts_with(place.0)).expect("they have it too");
            println!("MirrorMaker 2: {their}");
            let their = their.trim_end().rsplit_once(' ').expect("an offset").1;
            assert!(their.parse::<i64>().expect("a number") <= RECORDS / 2, "{their}");
        }
    }
    assert!(ours["b"].iter().any(|line| line == "hops to a: 1"), "{ours:?}");
    assert!(ours["c"].iter().any(|line| line == "hops to a: 2"), "{ours:?}");
    assert!(ours["c"].iter().any(|line| line.starts_with("offset of at-end from b: b.a.orders-1 100")));
}
