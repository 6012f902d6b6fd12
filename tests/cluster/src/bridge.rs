//! Two clusters, `east` and `west`, that the cases of a file share, and Straits that copy between them. `STRAIT_SOURCE` and
//! `STRAIT_TARGET` choose what they run, a release or `ours`.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use crate::copied::Pair;
use crate::digest::Timestamps;
use crate::kafka::{self, Kafka};
use crate::strait::{Plan, Strait};
use crate::world::World;

/// The id of the flow from east to west.
pub const FLOW: &str = "east--west";
const LIMIT: Duration = Duration::from_secs(60);

/// The clusters. Cases run one after the other, each with topics and a Strait of its own.
pub struct Bridge {
    /// The source.
    pub east: Kafka,
    /// The target.
    pub west: Kafka,
    world: World,
}

impl Bridge {
    /// Starts both, the source with more broker properties.
    pub fn enter(test: &str, east_properties: &[&str]) -> Option<Self> {
        Self::enter_with(test, east_properties, &[])
    }

    /// Starts both, each with more broker properties.
    pub fn enter_with(test: &str, east_properties: &[&str], west_properties: &[&str]) -> Option<Self> {
        let world = World::enter(test)?;
        let east = Kafka::start_with(kafka::source(), east_properties).expect("the source");
        let west = Kafka::start_with(kafka::target(), west_properties).expect("the target");
        Some(Self { east, west, world })
    }

    /// A plan with one flow of topics that match.
    pub fn plan(&self, topics: &str) -> Plan {
        Plan::one_flow(&self.east.address(), &self.west.address(), topics)
    }

    /// Strait with a plan of a test's own.
    pub fn start(&self, case: &str, plan: &Plan) -> Strait {
        Strait::start(&self.folder(case), plan).expect("strait")
    }

    /// A new folder for a case.
    pub fn folder(&self, case: &str) -> PathBuf {
        let folder = self.world.folder().join(case);
        fs::create_dir_all(&folder).expect("a folder");
        folder
    }

    /// Strait with one flow of topics that match, and more lines of TOML in the flow.
    pub fn strait(&self, case: &str, topics: &str, extra: &str) -> Strait {
        self.start(case, &self.plan(topics).with(extra))
    }

    /// Waits until the copy has as many committed records as the topic, then compares all of them.
    pub fn assert_copied(&self, strait: &mut Strait, topic: &str) {
        self.assert_copied_as(strait, topic, Timestamps::Compared);
    }

    /// The same, with or without the records' times.
    pub fn assert_copied_as(&self, strait: &mut Strait, topic: &str, timestamps: Timestamps) {
        let remote = format!("east.{topic}");
        let pair = Pair { source: (&self.east, topic), target: (&self.west, &remote), flow: FLOW };
        pair.assert_copied(strait, timestamps, LIMIT).expect("copied");
    }
}
