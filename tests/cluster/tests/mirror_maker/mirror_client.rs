//! MirrorMaker 2's own client, in Java, on clusters between which Strait copies: it tells the same as where MirrorMaker 2
//! does, and its classes read and write our records byte for byte. What it tells of MirrorMaker 2's topics is in
//! `tests/golden/`; with `STRAIT_RECORD=1` MirrorMaker 2 makes them again first.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use rdkafka::producer::BaseRecord;
use strait_client::{ClientConfig, Cluster};
use strait_cluster_tests::kafka::{CURRENT, Kafka, OURS, Release};
use strait_cluster_tests::mirror_maker::{MirrorMaker, ONE_BROKER};
use strait_cluster_tests::strait::Strait;
use strait_cluster_tests::wait::{self, Attempt};
use strait_cluster_tests::world;
use strait_cluster_tests::writer::Writer;
use strait_cluster_tests::{golden, groups, topic};

use crate::LIMIT;

const NAMES: [&str; 3] = ["a", "b", "c"];
/// Of each partition.
const RECORDS: i64 = 100;
const PARTITIONS: [i32; 2] = [0, 1];
const TOPIC: &str = "orders";
/// Groups at both ends of each partition, and in the middle, which MirrorMaker 2 does not translate exactly.
const AT_BEGIN: &str = "at-begin";
const AT_END: &str = "at-end";
const IN_THE_MIDDLE: &str = "in-the-middle";
const GROUPS: [(&str, i64); 3] = [(AT_BEGIN, 0), (AT_END, RECORDS), (IN_THE_MIDDLE, RECORDS / 2)];
/// A group that is deleted after it was copied.
const DELETED: &str = "deleted";
const SHORT_INTERVALS: &str = "topics = .*orders
sync.group.offsets.enabled = true
emit.checkpoints.interval.seconds = 1
sync.group.offsets.interval.seconds = 1
refresh.groups.interval.seconds = 1
refresh.topics.interval.seconds = 1
b.offset.flush.interval.ms = 1000
c.offset.flush.interval.ms = 1000
";

/// Clusters, flows between them, and how names are made.
struct Scenario {
    name: &'static str,
    clusters: usize,
    flows: &'static str,
    /// Of MirrorClient.
    settings: &'static str,
    /// Copies of the topic and of heartbeats, each at a cluster by its number.
    remote: &'static [(usize, &'static str)],
    heartbeats: &'static [(usize, &'static str)],
}

/// Heartbeats of the way back are on, as by default.
const SCENARIOS: [Scenario; 3] = [
    Scenario {
        name: "chain",
        clusters: 3,
        flows: "a->b.enabled = true
b->c.enabled = true
a->c.emit.heartbeats.enabled = false
c->a.emit.heartbeats.enabled = false
",
        settings: "replication.policy.class=org.apache.kafka.connect.mirror.DefaultReplicationPolicy",
        remote: &[(1, "a.orders"), (2, "b.a.orders")],
        heartbeats: &[(0, "heartbeats"), (1, "a.heartbeats"), (2, "b.a.heartbeats"), (2, "b.heartbeats")],
    },
    Scenario {
        name: "both ways with a separator",
        clusters: 2,
        flows: "a->b.enabled = true
b->a.enabled = true
replication.policy.separator = _
",
        settings: "replication.policy.separator=_",
        remote: &[(1, "a_orders")],
        heartbeats: &[(0, "b_heartbeats"), (1, "a_heartbeats")],
    },
    Scenario {
        name: "names are kept",
        clusters: 2,
        flows: "a->b.enabled = true
replication.policy.class = org.apache.kafka.connect.mirror.IdentityReplicationPolicy
",
        settings: "replication.policy.class=org.apache.kafka.connect.mirror.IdentityReplicationPolicy;\
                   source.cluster.alias=a",
        remote: &[(1, "orders")],
        heartbeats: &[(0, "heartbeats"), (1, "a.heartbeats")],
    },
];

/// Lines of `MirrorAnswers.java` by scenario and cluster.
type Answers = BTreeMap<String, Vec<String>>;

fn file() -> std::path::PathBuf {
    golden::file(&format!("mirror-client-{}.txt", CURRENT.version))
}

pub(crate) fn check(folder: &Path) {
    if golden::is_recording() {
        let printed =
            SCENARIOS.iter().map(|scenario| of_mirror_maker(scenario, folder)).collect::<Result<String>>();
        fs::write(file(), printed.expect("MirrorMaker 2's topics")).expect("written");
    }
    let theirs = parsed(&fs::read_to_string(file()).expect("what was recorded"));
    let printed = SCENARIOS.iter().map(|scenario| of_strait(scenario, folder)).collect::<Result<String>>();
    let ours = parsed(&printed.expect("our topics"));
    assert_eq!(theirs.keys().collect::<Vec<_>>(), ours.keys().collect::<Vec<_>>());
    for (cluster, theirs) in &theirs {
        compare(cluster, theirs, &ours[cluster]);
    }
}

fn of_mirror_maker(scenario: &Scenario, folder: &Path) -> Result<String> {
    let (clusters, file) = scenario.start(CURRENT, folder)?;
    let mirror_maker = MirrorMaker::start("mirror-client", &file)?;
    let waited = wait::until("MirrorMaker 2 is through", LIMIT, || scenario.is_copied(&clusters));
    waited.with_context(|| mirror_maker.log_tail())?;
    scenario.ask(&clusters)
}

fn of_strait(scenario: &Scenario, folder: &Path) -> Result<String> {
    let (clusters, file) = scenario.start(OURS, folder)?;
    let mut strait = Strait::start_on_properties(file.parent().context("a folder")?, &file)?;
    strait.wait("Strait is through", LIMIT, |_| scenario.is_copied(&clusters))?;
    scenario.delete_group(&clusters, &mut strait)?;
    scenario.ask(&clusters)
}

impl Scenario {
    /// Clusters with records and groups at the first, and the file for both programs.
    fn start(&self, release: Release, folder: &Path) -> Result<(Vec<Kafka>, std::path::PathBuf)> {
        let clusters = (0..self.clusters).map(|_| Kafka::start(release)).collect::<Result<Vec<_>>>()?;
        make(&clusters[0])?;
        let names = &NAMES[..self.clusters];
        let mut properties = format!("clusters = {}\n", names.join(","));
        for (name, kafka) in names.iter().zip(&clusters) {
            properties += &format!("{name}.bootstrap.servers = {}\n", kafka.address());
        }
        let folder = folder.join(self.name).join(release.version);
        fs::create_dir_all(&folder)?;
        let file = folder.join("mm2.properties");
        fs::write(&file, properties + self.flows + SHORT_INTERVALS + ONE_BROKER)?;
        Ok((clusters, file))
    }

    /// The groups came along all flows, and the heartbeats too.
    fn is_copied(&self, clusters: &[Kafka]) -> Result<Attempt<()>> {
        for (cluster, remote) in self.remote {
            let places = PARTITIONS.map(|partition| (*remote, partition));
            for (group, _) in GROUPS {
                let committed = groups::committed(&clusters[*cluster], group, &places)?;
                let is_there = committed.len() == PARTITIONS.len()
                    && (group != AT_END || committed.values().all(|offset| *offset == RECORDS));
                if !is_there {
                    return Ok(Attempt::NotYet(format!("{group} at {remote}: {committed:?}")));
                }
            }
        }
        let is_missing = |(cluster, name): &&(usize, &str)| topic::span(&clusters[*cluster], name) == 0;
        Ok(match self.heartbeats.iter().find(is_missing) {
            Some(missing) => Attempt::NotYet(format!("no records in {missing:?}")),
            None => Attempt::Done(()),
        })
    }

    /// What is said of a group that is no more must not disturb MirrorMaker 2's client.
    fn delete_group(&self, clusters: &[Kafka], strait: &mut Strait) -> Result<()> {
        let (cluster, remote) = self.remote[0];
        let (first, target) = (&clusters[0], &clusters[cluster]);
        groups::commit(first, DELETED, &[(TOPIC, 0, 1)])?;
        strait.wait("a group comes", LIMIT, |_| {
            let committed = groups::committed(target, DELETED, &[(remote, 0)])?;
            Ok(if committed.is_empty() { Attempt::NotYet("not yet".to_owned()) } else { Attempt::Done(()) })
        })?;
        let checkpoints = match self.settings.ends_with("separator=_") {
            true => "a_checkpoints_internal",
            false => "a.checkpoints.internal",
        };
        let before = topic::span(target, checkpoints);
        delete(first, DELETED)?;
        strait.wait("its checkpoint goes", LIMIT, |_| {
            let span = topic::span(target, checkpoints);
            Ok(if span > before { Attempt::Done(()) } else { Attempt::NotYet(span.to_string()) })
        })
    }

    fn ask(&self, clusters: &[Kafka]) -> Result<String> {
        let program = world::repository().join("tests/cluster/tests/mirror_maker/MirrorAnswers.java");
        let aliases = ["a", "b", "c", "nowhere"].join(",");
        let names = GROUPS.map(|(group, _)| group).join(",");
        let mut arguments = vec![aliases, names, self.settings.to_owned()];
        let sides = NAMES.iter().zip(clusters);
        arguments.extend(sides.map(|(name, kafka)| format!("{}, {name}={}", self.name, kafka.address())));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        clusters[0].tool(&program.to_string_lossy(), &arguments)
    }
}

/// A topic, and groups that read it.
fn make(first: &Kafka) -> Result<()> {
    topic::create(first, TOPIC, 2, &[])?;
    let mut writer = Writer::open(&first.address(), &[])?;
    for number in 0..RECORDS {
        for partition in PARTITIONS {
            let value = number.to_string();
            writer.send(BaseRecord::<str, str>::to(TOPIC).partition(partition).payload(&value))?;
        }
    }
    writer.flush()?;
    for (group, offset) in GROUPS {
        groups::commit(first, group, &PARTITIONS.map(|partition| (TOPIC, partition, offset)))?;
    }
    Ok(())
}

fn delete(kafka: &Kafka, group: &str) -> Result<()> {
    let config = ClientConfig { bootstrap: vec![kafka.address()], ..ClientConfig::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let names = [group.to_owned()];
    let deleted = runtime.block_on(async { Cluster::connect(config).await?.delete_groups(&names).await })?;
    deleted.into_iter().try_for_each(|(group, result)| result.context(group))
}

fn parsed(text: &str) -> Answers {
    let mut answers = Answers::new();
    for part in text.split("## ").skip(1) {
        let mut lines = part.lines().map(str::to_owned);
        answers.insert(lines.next().expect("a name"), lines.collect());
    }
    answers
}

/// All answers are equal, but for offsets that MirrorMaker 2 does not translate exactly.
fn compare(cluster: &str, theirs: &[String], ours: &[String]) {
    let rough = format!("offset of {IN_THE_MIDDLE} ");
    let plain = |lines: &[String]| -> Vec<String> {
        lines.iter().filter(|line| !line.starts_with(&rough)).cloned().collect()
    };
    assert_eq!(plain(theirs), plain(ours), "MirrorMaker 2's and ours: {cluster}");
    let offsets = |lines: &[String]| -> BTreeMap<String, i64> {
        let lines = lines.iter().filter(|line| line.starts_with(&rough));
        lines.map(|line| offset_of(line).unwrap_or_else(|| panic!("{line} has no offset"))).collect()
    };
    let (theirs, ours) = (offsets(theirs), offsets(ours));
    assert_eq!(theirs.keys().collect::<Vec<_>>(), ours.keys().collect::<Vec<_>>(), "{cluster}");
    for (place, offset) in ours {
        assert_eq!(offset, RECORDS / 2, "{cluster}: {place}");
        assert!(theirs[&place] <= offset, "{cluster}: {place} is at {} by MirrorMaker 2", theirs[&place]);
    }
}

/// Of `PLACE OFFSET 'METADATA'`.
fn offset_of(line: &str) -> Option<(String, i64)> {
    let (place, _) = line.rsplit_once(' ')?;
    let (place, offset) = place.rsplit_once(' ')?;
    Some((place.to_owned(), offset.parse().ok()?))
}
