//! `strait offsets`: offsets of one side of a flow as offsets of the other, by a running replicator.

use clap::Subcommand;
use serde_json::{Map, Value, json};

use super::daemon::{DaemonArguments, show};
use super::kafka::{Output, time};
use crate::Failure;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    daemon: DaemonArguments,
    #[arg(long, global = true, value_enum, default_value_t = Output::Table)]
    output: Output,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Where groups, positions or a time of the source lie at the target, or the other way round.
    Translate(TranslateArguments),
}

#[derive(clap::Args)]
struct TranslateArguments {
    /// Such as east--west.
    flow: String,
    #[command(flatten)]
    what: What,
    /// Only these topics; with --time. By default all that are copied.
    #[arg(long, value_name = "TOPIC", requires = "time")]
    topic: Vec<String>,
    /// From the target to the source: groups, topics and offsets are those of the target.
    #[arg(long)]
    back: bool,
}

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct What {
    /// What a group committed; may be given often.
    #[arg(long, value_name = "GROUP")]
    group: Vec<String>,
    /// What all groups of the flow committed.
    #[arg(long)]
    all_groups: bool,
    /// An offset that somebody reads next; may be given often.
    #[arg(long, value_name = "TOPIC:PARTITION:OFFSET", value_parser = position)]
    position: Vec<Position>,
    /// First records that are not older, such as 2026-01-31T08:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = time)]
    time: Option<i64>,
}

#[derive(Clone, Debug)]
struct Position {
    topic: String,
    partition: i32,
    offset: i64,
}

fn position(text: &str) -> Result<Position, String> {
    let mut parts = text.rsplitn(3, ':');
    let (offset, partition, topic) = (parts.next(), parts.next(), parts.next());
    match (topic, partition.map(str::parse), offset.map(str::parse)) {
        (Some(topic), Some(Ok(partition)), Some(Ok(offset))) => {
            Ok(Position { topic: topic.to_owned(), partition, offset })
        }
        _ => Err("allowed is TOPIC:PARTITION:OFFSET".to_owned()),
    }
}

const COLUMNS: [&str; 7] =
    ["group", "topic", "partition", "remote_topic", "source_offset", "target_offset", "translation"];

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Action::Translate(translate) = &arguments.action;
    let path = format!("/v1/flows/{}/offsets:translate", translate.flow);
    let answer = arguments.daemon.ask(&path, Some(translate.question()))?;
    show(arguments.output, &answer, "offsets", &COLUMNS)
}

impl TranslateArguments {
    fn question(&self) -> Value {
        let mut question = Map::new();
        let mut put = |key: &str, value: Value| question.insert(key.to_owned(), value);
        put("direction", if self.back { "to_source" } else { "to_target" }.into());
        let What { group, all_groups, position, time } = &self.what;
        if !group.is_empty() {
            put("groups", json!(group));
        }
        if *all_groups {
            put("all_groups", true.into());
        }
        if !position.is_empty() {
            let places = position
                .iter()
                .map(|at| json!({ "topic": at.topic, "partition": at.partition, "offset": at.offset }));
            put("offsets", places.collect());
        }
        if let Some(timestamp_ms) = time {
            put("time", json!({ "timestamp_ms": timestamp_ms, "topics": self.topic }));
        }
        Value::Object(question)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_topic_partition_and_offset() {
        let parsed = position("orders.v1:3:17").expect("a position");
        assert_eq!((parsed.topic.as_str(), parsed.partition, parsed.offset), ("orders.v1", 3, 17));
        for wrong in ["", "orders", "orders:3", "orders:x:17", "orders:3:x"] {
            position(wrong).expect_err(wrong);
        }
    }
}
