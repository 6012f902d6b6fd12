//! `strait consume`: records on standard output.

// How a record is printed.
mod format;
// Where reading begins.
mod from;

use std::io::{self, Write};
use std::time::Duration;

use clap::ValueEnum;
use strait_client::{
    Cluster, Consumer, ConsumerConfig, ConsumerRecord, IsolationLevel, ListOffsetsAt, SettingError,
    TopicPartition,
};
use tokio::time::Instant;

use super::kafka::{ConnectionArguments, run_async, setting_refused};
use crate::{Failure, stop};
use format::Format;
use from::From;

const CLOSE_WITHIN: Duration = Duration::from_secs(30);
const TURN: Duration = Duration::from_millis(500);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    connection: ConnectionArguments,
    topic: String,
    /// beginning, end, an offset, -N for the last N offsets, or a time such as 2026-01-31T08:00:00Z; in a group only
    /// what it has not committed.
    #[arg(long, default_value = "end", value_parser = from::parse, allow_hyphen_values = true)]
    from: From,
    /// This partition only.
    #[arg(long, conflicts_with = "group")]
    partition: Option<i32>,
    /// Read as a member of a group, which commits what was printed.
    #[arg(long)]
    group: Option<String>,
    #[arg(long, value_name = "COUNT")]
    max_messages: Option<u64>,
    /// End at the offsets that the partitions had at the start.
    #[arg(long, conflicts_with = "group")]
    to_end: bool,
    /// End when nothing came for so long.
    #[arg(long, value_name = "MILLISECONDS")]
    timeout_ms: Option<u64>,
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
    /// %t topic, %p partition, %o offset, %T time in milliseconds, %k key, %v value, %h headers, %% and \n \t.
    #[arg(long, default_value = "%v\\n", value_parser = format::parse)]
    format: Format,
    /// A setting of Kafka's consumer, such as isolation.level=read_committed; may be given often.
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Text,
    Json,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("must be KEY=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn failed(error: impl Into<anyhow::Error>) -> Failure {
    Failure::Failed(error.into())
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    run_async(async {
        let client = arguments.connection.client()?;
        let config = settings(arguments, &client.settings)?;
        let isolation = config.isolation_level;
        // A wrong address is said at once; a consumer by itself goes on asking.
        Cluster::connect(client.cluster.clone()).await.map_err(failed)?;
        let mut consumer = Consumer::new(client.cluster, config).map_err(failed)?;
        let mut ends = Vec::new();
        match &arguments.group {
            Some(_) => consumer.subscribe(&[&arguments.topic]).map_err(failed)?,
            None => ends = assign(arguments, &mut consumer, isolation).await?,
        }
        let printed = tokio::select! {
            printed = print_all(arguments, &mut consumer, &ends) => printed,
            () = stop::stop_requested(None) => Ok(()),
        };
        let closed = consumer.close(CLOSE_WITHIN).await.map_err(failed);
        printed.and(closed)
    })
}

fn settings(
    arguments: &Arguments,
    file: &std::collections::BTreeMap<String, String>,
) -> Result<ConsumerConfig, Failure> {
    let wrong = |error: SettingError| setting_refused(&error, ConsumerConfig::KEYS);
    let mut config = ConsumerConfig::default();
    for (key, value) in file {
        match config.set(key, value) {
            // A file of a client may be shared with producers and tools.
            Ok(()) | Err(SettingError::Unknown { .. }) => {}
            Err(error) => return Err(wrong(error)),
        }
    }
    // Looking at records changes nothing for anybody.
    config.group_id = strait_client::GroupId(arguments.group.clone());
    config.allow_auto_create_topics = false;
    config.auto_offset_reset = arguments.from.policy();
    for (key, value) in &arguments.set {
        config.set(key, value).map_err(wrong)?;
    }
    if arguments.group.is_some() && !arguments.from.is_policy() {
        let message =
            "error: --from must be beginning or end with --group; `strait group reset` moves a group";
        return Err(Failure::WrongInput(message.to_owned()));
    }
    config.check().map_err(wrong)?;
    Ok(config)
}

/// Assigns the partitions, each at its place; gives the ends, where reading stops there.
async fn assign(
    arguments: &Arguments,
    consumer: &mut Consumer,
    isolation: IsolationLevel,
) -> Result<Vec<(TopicPartition, i64)>, Failure> {
    let cluster = consumer.cluster().clone();
    let partitions = partitions(&cluster, arguments).await?;
    consumer.assign(&partitions).map_err(failed)?;
    for (partition, offset) in
        arguments.from.offsets(&cluster, &partitions, isolation).await.map_err(failed)?
    {
        consumer.seek(&partition, offset).map_err(failed)?;
    }
    if !arguments.to_end {
        return Ok(Vec::new());
    }
    let ends = cluster.list_offsets(&partitions, ListOffsetsAt::Latest, isolation).await.map_err(failed)?;
    let ends =
        ends.into_iter().map(|(partition, end)| end.map(|end| (partition, end.offset)).map_err(failed));
    ends.collect()
}

async fn partitions(cluster: &Cluster, arguments: &Arguments) -> Result<Vec<TopicPartition>, Failure> {
    let topic = &arguments.topic;
    let metadata = cluster.refresh(Some(std::slice::from_ref(topic))).await.map_err(failed)?;
    let missing = || failed(anyhow::anyhow!("there is no topic {topic}"));
    let known =
        metadata.topics.get(topic).filter(|topic| !topic.partitions.is_empty()).ok_or_else(missing)?;
    let wanted = |index: &&i32| arguments.partition.is_none_or(|partition| partition == **index);
    let found: Vec<TopicPartition> =
        known.partitions.keys().filter(wanted).map(|index| (topic.clone(), *index)).collect();
    match (found.is_empty(), arguments.partition) {
        (true, Some(partition)) => Err(failed(anyhow::anyhow!("{topic} has no partition {partition}"))),
        _ => Ok(found),
    }
}

async fn print_all(
    arguments: &Arguments,
    consumer: &mut Consumer,
    ends: &[(TopicPartition, i64)],
) -> Result<(), Failure> {
    let patience = arguments.timeout_ms.map(Duration::from_millis);
    let (mut left, mut last) = (arguments.max_messages.unwrap_or(u64::MAX), Instant::now());
    while left > 0 {
        let is_over = |(partition, end): &(TopicPartition, i64)| consumer.position(partition) >= Some(*end);
        if arguments.to_end && ends.iter().all(is_over) {
            return Ok(());
        }
        let turn = patience.map_or(TURN, |patience| patience.min(TURN));
        let records = consumer.poll(turn).await.map_err(failed)?;
        if records.is_empty() && patience.is_some_and(|patience| last.elapsed() >= patience) {
            return Ok(());
        }
        if !records.is_empty() {
            last = Instant::now();
        }
        let before_end = |record: &&ConsumerRecord| {
            let end = ends.iter().find(|((_, index), _)| *index == record.partition);
            end.is_none_or(|(_, end)| record.offset < *end)
        };
        let wanted = records.iter().filter(before_end).take(usize::try_from(left).unwrap_or(usize::MAX));
        let mut out = io::stdout().lock();
        for record in wanted {
            match arguments.output {
                Output::Text => arguments.format.write(record, &mut out),
                Output::Json => writeln!(out, "{}", format::json(record)),
            }
            .map_err(failed)?;
            left -= 1;
            if left == 0 && arguments.group.is_some() {
                // What was read behind it is not committed.
                consumer
                    .seek(&(record.topic.to_string(), record.partition), record.offset + 1)
                    .map_err(failed)?;
            }
        }
        out.flush().map_err(failed)?;
    }
    Ok(())
}
