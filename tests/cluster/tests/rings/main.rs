//! Flows in both directions and around a ring: no record comes back to where it was, and nothing grows by itself.
//! `STRAIT_RING_RECORDS` (200; by hand 10,000) at each cluster; nothing grows for `STRAIT_QUIET_SECONDS` (3; by hand 300).

// MirrorMaker 2.
mod beside;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use strait_cluster_tests::cases::Cases;
use strait_cluster_tests::kafka::{self, Kafka};
use strait_cluster_tests::numbered::{expected, fill, values};
use strait_cluster_tests::strait::{Flow, Plan, Strait};
use strait_cluster_tests::wait::Attempt;
use strait_cluster_tests::world::World;
use strait_cluster_tests::{settings, topic};

const NAMES: [&str; 3] = ["a", "b", "c"];
const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn no_record_comes_back() {
    let Some(world) = World::enter("no_record_comes_back") else { return };
    // Each writes to the next, so what is chosen as source and as target take turns.
    let releases = [kafka::source(), kafka::target(), kafka::source()];
    let clusters = releases.map(|release| Kafka::start(release).expect("a cluster"));
    let records = i64::try_from(settings::number("STRAIT_RING_RECORDS", 200)).expect("a number");
    // Records that go round come by more often than this.
    let quiet = Duration::from_secs(settings::number("STRAIT_QUIET_SECONDS", 3));
    let mut cases = Cases::begin();
    let ways = [("two-way", &clusters[..2]), ("ring", &clusters[..])];
    for (shape, clusters) in ways {
        for rename in ["default", "identity"] {
            let name = format!("{shape}-{rename}");
            let folder = world.folder().join(&name);
            std::fs::create_dir(&folder).expect("a folder");
            cases.run(&name, || {
                let ring = Ring { clusters, topic: name.clone(), records, quiet };
                let mut strait = ring.start(&folder, rename);
                match rename {
                    "identity" => ring.assert_shared(&mut strait),
                    _ => ring.assert_named(&mut strait),
                }
            });
        }
    }
    cases.finish();
    if strait_cluster_tests::beside::is_wanted() {
        let [a, b, _] = &clusters;
        beside::show(world.folder(), [a, b], records);
    }
}

/// Clusters with a flow from each to the next, and a topic of the same name at each.
struct Ring<'a> {
    clusters: &'a [Kafka],
    topic: String,
    records: i64,
    quiet: Duration,
}

impl Ring<'_> {
    fn start(&self, folder: &std::path::Path, rename: &str) -> Strait {
        for (name, cluster) in self.named() {
            topic::create(cluster, &self.topic, 1, &[]).expect("a topic");
            fill(cluster, &self.topic, name, 0..self.records / 2);
        }
        let flow = |index: usize| Flow {
            source: NAMES[index].to_owned(),
            target: NAMES[self.after(index)].to_owned(),
            // Whatever a flow makes matches again.
            topics: vec![format!(".*{}", self.topic)],
            extra: format!("rename = \"{rename}\""),
        };
        let plan = Plan {
            clusters: self.named().map(|(name, cluster)| (name.to_owned(), cluster.address())).collect(),
            flows: (0..self.clusters.len()).map(flow).collect(),
            ..Plan::default()
        };
        let strait = Strait::start(folder, &plan).expect("strait");
        for (name, cluster) in self.named() {
            fill(cluster, &self.topic, name, self.records / 2..self.records);
        }
        strait
    }

    fn named(&self) -> impl Iterator<Item = (&'static str, &Kafka)> {
        NAMES.into_iter().zip(self.clusters)
    }

    fn after(&self, index: usize) -> usize {
        (index + 1) % self.clusters.len()
    }

    fn before(&self, index: usize) -> usize {
        (index + self.clusters.len() - 1) % self.clusters.len()
    }

    /// With default names each cluster has a copy for each way around that doesn't pass it, and no other topic.
    fn assert_named(&self, strait: &mut Strait) {
        let mut topics = Vec::new();
        for (index, cluster) in self.clusters.iter().enumerate() {
            let mut wanted = BTreeSet::from([self.topic.clone()]);
            let (mut at, mut prefix) = (self.before(index), String::new());
            while at != index {
                prefix = format!("{prefix}{}.", NAMES[at]);
                let copy = format!("{prefix}{}", self.topic);
                self.wait_values(strait, cluster, &copy, &expected(NAMES[at], 0..self.records));
                wanted.insert(copy);
                at = self.before(at);
            }
            self.wait_values(strait, cluster, &self.topic, &expected(NAMES[index], 0..self.records));
            topics.push(wanted);
        }
        self.wait_quiet(strait);
        for ((name, cluster), wanted) in self.named().zip(topics) {
            assert_eq!(self.topics(cluster), wanted, "topics at {name}");
        }
    }

    /// With one name for all each cluster has its own records and the neighbour's, and none twice.
    fn assert_shared(&self, strait: &mut Strait) {
        for (index, cluster) in self.clusters.iter().enumerate() {
            for origin in [index, self.before(index)] {
                self.wait_values(strait, cluster, &self.topic, &expected(NAMES[origin], 0..self.records));
            }
        }
        self.wait_quiet(strait);
        for (name, cluster) in self.named() {
            let found = values(cluster, &self.topic).expect("read");
            let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
            for value in &found {
                *counts.entry(value).or_default() += 1;
            }
            let doubled: Vec<_> = counts.iter().filter(|(_, count)| **count > 1).take(3).collect();
            assert!(
                doubled.is_empty(),
                "{} records at {name}, of {}: {doubled:?}",
                found.len(),
                counts.len()
            );
            assert_eq!(self.topics(cluster), BTreeSet::from([self.topic.clone()]), "topics at {name}");
        }
    }

    /// Waits until a topic holds these values of one origin, in this order; others may lie between.
    fn wait_values(&self, strait: &mut Strait, cluster: &Kafka, topic: &str, wanted: &[String]) {
        let origin = wanted[0].split(' ').next().expect("a word");
        let look = |_: &Strait| {
            let mut found = values(cluster, topic)?;
            found.retain(|value| value.split(' ').next() == Some(origin));
            Ok(if found == wanted { Attempt::Done(()) } else { Attempt::NotYet(format!("{}", found.len())) })
        };
        strait
            .wait(&format!("{} records of {origin} in {topic}", wanted.len()), LIMIT, look)
            .expect("copied");
    }

    /// Waits until nothing has grown for a while.
    fn wait_quiet(&self, strait: &mut Strait) {
        let (mut seen, mut since) = (BTreeMap::new(), Instant::now());
        strait
            .wait("nothing grows", LIMIT + 2 * self.quiet, |_| {
                let now = self.spans();
                if now != seen {
                    (seen, since) = (now, Instant::now());
                }
                Ok(match since.elapsed() >= self.quiet {
                    true => Attempt::Done(()),
                    false => Attempt::NotYet(format!("{seen:?}")),
                })
            })
            .expect("quiet");
    }

    fn spans(&self) -> BTreeMap<String, i64> {
        let of = |(name, cluster): (&'static str, &Kafka)| {
            let spans = self.topics(cluster).into_iter().map(|topic| {
                let span = topic::span(cluster, &topic);
                (format!("{name}/{topic}"), span)
            });
            spans.collect::<Vec<_>>()
        };
        self.named().flat_map(of).collect()
    }

    /// The topics of this test at a cluster.
    fn topics(&self, cluster: &Kafka) -> BTreeSet<String> {
        let mut names = topic::names(cluster).expect("topics");
        names.retain(|name| name.ends_with(&self.topic));
        names
    }
}
