//! MirrorMaker 2 beside Strait, by hand (`STRAIT_MM2=1`): what becomes of the same records at a target of its own.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::digest::Contents;
use crate::kafka::{CURRENT, Kafka};
use crate::mirror_maker::{MirrorMaker, ONE_BROKER};
use crate::wait::{self, Attempt};
use crate::{settings, topic};

/// Longer than MirrorMaker 2 needs to start, or to find a broker that came back.
const STILL: Duration = Duration::from_secs(45);
const LIMIT: Duration = Duration::from_secs(3_600);

/// Whether a test is to show MirrorMaker 2 too.
pub fn is_wanted() -> bool {
    settings::number("STRAIT_MM2", 0) == 1
}

/// A file of MirrorMaker 2 with its defaults, but for `lines`: topics of the broker at `source` are copied to that at
/// `target`, which it knows as `east` and `west`.
pub fn properties(source: &str, target: &str, topics: &str, lines: &str) -> String {
    format!(
        "clusters = east, west
east.bootstrap.servers = {source}
west.bootstrap.servers = {target}
east->west.enabled = true
west->east.emit.heartbeats.enabled = false
topics = {topics}
{lines}
{ONE_BROKER}"
    )
}

/// MirrorMaker 2 with its defaults, but for what a test sets, from `east` to a target of its own.
pub struct Beside {
    // Fields end in this order: first what uses the broker.
    mirror_maker: MirrorMaker,
    /// The target.
    pub west: Kafka,
}

impl Beside {
    /// Starts both; `lines` are more of its properties.
    pub fn start(folder: &Path, east: &Kafka, topics: &str, lines: &str) -> Self {
        let west = Kafka::start(CURRENT).expect("another target");
        let file = folder.join("beside.properties");
        fs::write(&file, properties(&east.address(), &west.address(), topics, lines)).expect("written");
        let mirror_maker = MirrorMaker::start("beside", &file).expect("MirrorMaker 2");
        Self { mirror_maker, west }
    }

    /// SIGKILL to MirrorMaker 2, and a new start of it.
    pub fn restart(&self) {
        self.mirror_maker.kill().expect("killed");
        self.mirror_maker.restart().expect("started again");
    }

    /// The end of what MirrorMaker 2 has logged.
    pub fn log_tail(&self) -> String {
        self.mirror_maker.log_tail()
    }

    /// Waits until the copy of a topic no longer grows, and tells how it differs from the source.
    pub fn show(&self, east: &Kafka, topic: &str, ordeal: &str) {
        let remote = format!("east.{topic}");
        let (mut seen, mut since) = (-1, Instant::now());
        let copied = wait::until("MirrorMaker 2 has copied what it copies", LIMIT, || {
            let span = topic::span(&self.west, &remote);
            if span != seen {
                (seen, since) = (span, Instant::now());
            }
            Ok(match span > 0 && since.elapsed() >= STILL {
                true => Attempt::Done(()),
                false => Attempt::NotYet(format!("{span} offsets")),
            })
        });
        copied.unwrap_or_else(|error| panic!("{error:#}\n{}", self.mirror_maker.log_tail()));
        let source = Contents::read(east, topic).expect("the source");
        let target = Contents::read(&self.west, &remote).expect("the target");
        let told = source.difference(&target).map_or("the same".to_owned(), |it| format!("{:?}", it.tally));
        println!("MirrorMaker 2, {ordeal}: {} records, {told}", source.count());
    }
}
