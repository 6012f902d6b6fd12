//! Strait goes on where MirrorMaker 2 stopped, in good order or suddenly, while a producer keeps producing: each record is at
//! the target once, and no group goes back. `STRAIT_GROUPS` (4; by hand 30) groups; with more than 4 also from a Connect
//! cluster.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::json;
use strait_cluster_tests::bridge::Bridge;
use strait_cluster_tests::digest::Contents;
use strait_cluster_tests::groups;
use strait_cluster_tests::mirror_maker::{MirrorMaker, ONE_BROKER};
use strait_cluster_tests::produce::{Load, Stream};
use strait_cluster_tests::strait::Strait;
use strait_cluster_tests::wait::{self, Attempt};
use strait_cluster_tests::{ports, settings, topic};

use crate::LIMIT;

const PARTITIONS: i32 = 4;
const RATE: u64 = 2_000;
/// Records that MirrorMaker 2 copies at least, of all partitions.
const COPIED: i64 = 8_000;
const SHORT_INTERVALS: &str = "sync.group.offsets.enabled = true
emit.checkpoints.interval.seconds = 1
sync.group.offsets.interval.seconds = 1
refresh.groups.interval.seconds = 1
refresh.topics.interval.seconds = 1
emit.heartbeats.enabled = false
";

/// Whose positions MirrorMaker 2 keeps where.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    Dedicated,
    ConnectCluster,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Stopped,
    Killed,
}

/// What each group has committed of each partition.
type Places = BTreeMap<String, Vec<Option<i64>>>;

pub(crate) fn group_count() -> u64 {
    settings::number("STRAIT_GROUPS", 4)
}

pub(crate) fn check(bridge: &Bridge, topic: &'static str, layout: Layout, end: End) {
    let case = Case { bridge, topic, remote: format!("east.{topic}"), layout };
    topic::create(&bridge.east, topic, PARTITIONS, &[]).expect("a topic");
    let load = Load {
        address: bridge.east.address(),
        topic: topic.to_owned(),
        partitions: PARTITIONS,
        codec: "lz4",
        batch_bytes: 16_384,
    };
    let stream = Stream::start(load, RATE).expect("a producer");
    let folder = bridge.folder(topic);
    let file = case.properties(&folder);
    let mirror_maker = case.start_mirror_maker(&folder, &file);
    let copied = wait::until("MirrorMaker 2 copies", LIMIT, || {
        let span = topic::span(&bridge.west, &case.remote);
        Ok(if span > COPIED { Attempt::Done(()) } else { Attempt::NotYet(format!("{span} offsets")) })
    });
    copied.unwrap_or_else(|error| panic!("{error:#}\n{}", mirror_maker.log_tail()));
    case.commit(|number| {
        COPIED / i64::from(PARTITIONS) * number / i64::try_from(group_count()).expect("few")
    });
    let synced = wait::until("MirrorMaker 2 syncs groups", LIMIT, || {
        let places = case.committed()?;
        let is_there = places.values().flatten().all(Option::is_some);
        Ok(if is_there { Attempt::Done(()) } else { Attempt::NotYet(format!("{places:?}")) })
    });
    synced.unwrap_or_else(|error| panic!("{error:#}\n{}", mirror_maker.log_tail()));
    match end {
        End::Stopped => mirror_maker.stop(),
        End::Killed => mirror_maker.kill(),
    }
    .expect("ended");
    let before = case.committed().expect("read");
    let mut strait = case.start_strait(&folder, &file);
    let span = topic::span(&bridge.west, &case.remote);
    let goes_on = strait.wait("Strait goes on", LIMIT, |_| {
        let now = topic::span(&bridge.west, &case.remote);
        Ok(if now > span + COPIED { Attempt::Done(()) } else { Attempt::NotYet(format!("{now} offsets")) })
    });
    goes_on.expect("goes on");
    case.assert_not_back(&before);
    stream.finish().expect("produced");
    bridge.assert_copied(&mut strait, topic);
    case.assert_not_back(&before);
    case.assert_exact(&mut strait);
}

struct Case<'a> {
    bridge: &'a Bridge,
    topic: &'static str,
    remote: String,
    layout: Layout,
}

impl Case<'_> {
    fn groups(&self) -> impl Iterator<Item = String> {
        let topic = self.topic;
        (0..group_count()).map(move |number| format!("{topic}-{number}"))
    }

    fn properties(&self, folder: &Path) -> std::path::PathBuf {
        let file = folder.join("mm2.properties");
        let (east, west) = (self.bridge.east.address(), self.bridge.west.address());
        let properties = format!(
            "clusters = east, west
east.bootstrap.servers = {east}
west.bootstrap.servers = {west}
east->west.enabled = true
topics = {}
groups = {}-.*
{SHORT_INTERVALS}{ONE_BROKER}",
            self.topic, self.topic
        );
        fs::write(&file, properties).expect("written");
        file
    }

    fn start_mirror_maker(&self, folder: &Path, file: &Path) -> MirrorMaker {
        if self.layout == Layout::Dedicated {
            return MirrorMaker::start(self.topic, file).expect("MirrorMaker 2");
        }
        let port = ports::free();
        let workers = folder.join("connect.properties");
        let (west, name) = (self.bridge.west.address(), self.topic);
        let properties = format!(
            "bootstrap.servers = {west}
group.id = {name}
listeners = http://127.0.0.1:{port}
key.converter = org.apache.kafka.connect.converters.ByteArrayConverter
value.converter = org.apache.kafka.connect.converters.ByteArrayConverter
header.converter = org.apache.kafka.connect.converters.ByteArrayConverter
offset.storage.topic = {name}-offsets
config.storage.topic = {name}-configs
status.storage.topic = {name}-status
{ONE_BROKER}"
        );
        fs::write(&workers, properties).expect("written");
        let worker = MirrorMaker::start_connect(self.topic, &workers).expect("Connect");
        for class in ["MirrorSourceConnector", "MirrorCheckpointConnector"] {
            let connector = self.connector(class);
            worker.create_connector(port, &connector, LIMIT).unwrap_or_else(|error| panic!("{error:#}"));
        }
        worker
    }

    fn connector(&self, class: &str) -> serde_json::Value {
        let (east, west) = (self.bridge.east.address(), self.bridge.west.address());
        let mut config: BTreeMap<String, String> = SHORT_INTERVALS
            .lines()
            .chain(ONE_BROKER.lines())
            .filter_map(|line| line.split_once(" = "))
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect();
        let own = [
            ("connector.class", format!("org.apache.kafka.connect.mirror.{class}")),
            ("source.cluster.alias", "east".to_owned()),
            ("target.cluster.alias", "west".to_owned()),
            ("source.cluster.bootstrap.servers", east),
            ("target.cluster.bootstrap.servers", west),
            ("topics", self.topic.to_owned()),
            ("groups", format!("{}-.*", self.topic)),
            ("tasks.max", "2".to_owned()),
        ];
        config.extend(own.map(|(key, value)| (key.to_owned(), value)));
        json!({ "name": format!("east->west.{class}"), "config": config })
    }

    fn start_strait(&self, folder: &Path, file: &Path) -> Strait {
        match self.layout {
            Layout::Dedicated => Strait::start_on_properties(folder, file).expect("Strait"),
            Layout::ConnectCluster => {
                let extra = format!(
                    "take_over = \"{}-offsets\"
mirror_maker_connector = \"east->west.MirrorSourceConnector\"
sync_groups = true
group_interval_ms = 500
groups = [\"{}-.*\"]",
                    self.topic, self.topic
                );
                self.bridge.strait(self.topic, self.topic, &extra)
            }
        }
    }

    /// Commits a place for each group, by its number, the same in each partition.
    fn commit(&self, place: impl Fn(i64) -> i64) {
        for (number, group) in (1..).zip(self.groups()) {
            let places: Vec<(&str, i32, i64)> =
                (0..PARTITIONS).map(|partition| (self.topic, partition, place(number))).collect();
            groups::commit(&self.bridge.east, &group, &places).expect("committed");
        }
    }

    fn committed(&self) -> anyhow::Result<Places> {
        let places: Vec<(&str, i32)> =
            (0..PARTITIONS).map(|partition| (self.remote.as_str(), partition)).collect();
        self.groups()
            .map(|group| {
                let found = groups::committed(&self.bridge.west, &group, &places)?;
                let of = |partition| found.get(&(self.remote.clone(), partition)).copied();
                Ok((group, (0..PARTITIONS).map(of).collect()))
            })
            .collect()
    }

    fn assert_not_back(&self, before: &Places) {
        let now = self.committed().expect("read");
        for (group, places) in before {
            let is_back = places.iter().zip(&now[group]).any(|(before, now)| now < before);
            assert!(!is_back, "{group} was at {places:?} and is at {:?}", now[group]);
        }
    }

    /// Where a group goes on behind the place of the take-over it is exact.
    fn assert_exact(&self, strait: &mut Strait) {
        let source = Contents::read(&self.bridge.east, self.topic).expect("the source");
        let target = Contents::read(&self.bridge.west, &self.remote).expect("the target");
        let last = |contents: &Contents, partition: i32| contents.partitions[&partition].len() - 1;
        for (number, group) in (0..).zip(self.groups()) {
            let places: Vec<(&str, i32, i64)> = (0..PARTITIONS)
                .map(|partition| {
                    let entries = &source.partitions[&partition];
                    (self.topic, partition, entries[last(&source, partition) - number].offset)
                })
                .collect();
            groups::commit(&self.bridge.east, &group, &places).expect("committed");
        }
        let expected: Places = (0..)
            .zip(self.groups())
            .map(|(number, group)| {
                let place = |partition| {
                    let entries = &target.partitions[&partition];
                    Some(entries[last(&target, partition) - number].offset)
                };
                (group, (0..PARTITIONS).map(place).collect())
            })
            .collect();
        let synced = strait.wait("groups are exact", LIMIT, |_| {
            let now = self.committed()?;
            Ok(if now == expected { Attempt::Done(()) } else { Attempt::NotYet(format!("{now:?}")) })
        });
        synced.unwrap_or_else(|error| panic!("{error:#}; expected {expected:?}"));
    }
}
