//! Committed offsets to another place: for groups without members, after a question.

use std::collections::BTreeMap;

use serde_json::json;
use strait_client::{
    Cluster, CommittedOffset, CommittedOffsets, IsolationLevel, ListOffsetsAt, TopicPartition,
};

use super::failed;
use crate::Failure;
use crate::command::kafka::{Output, confirm, print, refused, time};

#[derive(clap::Args)]
pub(super) struct ResetArguments {
    group: String,
    /// TOPIC, or TOPIC:PARTITION; may be given often. Without it all that the group committed.
    #[arg(long, value_name = "TOPIC[:PARTITION]")]
    topic: Vec<String>,
    #[command(flatten)]
    to: To,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    /// Only say what would be committed.
    #[arg(long)]
    dry_run: bool,
}

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct To {
    #[arg(long)]
    to_earliest: bool,
    #[arg(long)]
    to_latest: bool,
    #[arg(long, value_name = "OFFSET")]
    to_offset: Option<i64>,
    /// First records that are not older, such as 2026-01-31T08:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = time)]
    to_datetime: Option<i64>,
    /// So many offsets on, or back where it is negative.
    #[arg(long, value_name = "COUNT", allow_hyphen_values = true)]
    shift_by: Option<i64>,
}

pub(super) async fn reset(
    cluster: &Cluster,
    output: Output,
    arguments: &ResetArguments,
) -> Result<(), Failure> {
    let group = &arguments.group;
    let committed = refused(cluster.committed_offsets(std::slice::from_ref(group)).await.map_err(failed)?)?;
    let committed: CommittedOffsets = committed.into_iter().flat_map(|(_, offsets)| offsets).collect();
    let committed: BTreeMap<TopicPartition, i64> = committed
        .into_iter()
        .flat_map(|(topic, partitions)| {
            partitions.into_iter().map(move |(partition, at)| ((topic.clone(), partition), at.offset))
        })
        .collect();
    let partitions = partitions(cluster, arguments, &committed).await?;
    let offsets = arguments.to.offsets(cluster, &partitions, &committed).await?;
    let rows = offsets.iter().map(|(partition, offset)| {
        let before = committed.get(partition);
        vec![partition.0.as_str().into(), partition.1.into(), json!(before), (*offset).into()]
    });
    print(output, &["topic", "partition", "before", "after"], rows.collect())?;
    if arguments.dry_run {
        return Ok(());
    }
    confirm(&format!("commit these offsets for {group}"), arguments.yes)?;
    let mut commits = CommittedOffsets::new();
    for ((topic, partition), offset) in offsets {
        let committed = CommittedOffset { offset, leader_epoch: -1, metadata: String::new() };
        commits.entry(topic).or_default().insert(partition, committed);
    }
    let commits = BTreeMap::from([(group.clone(), commits)]);
    for (_, results) in refused(cluster.commit_offsets(&commits).await.map_err(failed)?)? {
        let named = results.into_iter().map(|((topic, index), result)| (format!("{topic}-{index}"), result));
        refused(named.collect())?;
    }
    Ok(())
}

async fn partitions(
    cluster: &Cluster,
    arguments: &ResetArguments,
    committed: &BTreeMap<TopicPartition, i64>,
) -> Result<Vec<TopicPartition>, Failure> {
    if arguments.topic.is_empty() {
        return match committed.is_empty() {
            true => Err(failed(anyhow::anyhow!("{} has committed nothing: give --topic", arguments.group))),
            false => Ok(committed.keys().cloned().collect()),
        };
    }
    let mut found = Vec::new();
    for text in &arguments.topic {
        let (topic, partition) = match text.rsplit_once(':') {
            Some((topic, index)) => {
                let index: i32 = index.parse().map_err(|_| {
                    Failure::WrongInput(format!("error: --topic {text}: `{index}` is no partition"))
                })?;
                (topic.to_owned(), Some(index))
            }
            None => (text.clone(), None),
        };
        let metadata = cluster.refresh(Some(std::slice::from_ref(&topic))).await.map_err(failed)?;
        let missing = || failed(anyhow::anyhow!("there is no topic {topic}"));
        let known = metadata.topics.get(&topic).ok_or_else(missing)?;
        let wanted = known.partitions.keys().filter(|index| partition.is_none_or(|wanted| wanted == **index));
        let before = found.len();
        found.extend(wanted.map(|index| (topic.clone(), *index)));
        if found.len() == before {
            return Err(failed(anyhow::anyhow!("{text}: there is no such partition")));
        }
    }
    Ok(found)
}

impl To {
    /// The new offsets, each within what its partition has.
    async fn offsets(
        &self,
        cluster: &Cluster,
        partitions: &[TopicPartition],
        committed: &BTreeMap<TopicPartition, i64>,
    ) -> Result<BTreeMap<TopicPartition, i64>, Failure> {
        let firsts = at(cluster, partitions, ListOffsetsAt::Earliest).await?;
        let ends = at(cluster, partitions, ListOffsetsAt::Latest).await?;
        let by_time = match self.to_datetime {
            Some(time) => at(cluster, partitions, ListOffsetsAt::Timestamp(time)).await?,
            None => BTreeMap::new(),
        };
        let mut offsets = BTreeMap::new();
        for partition in partitions {
            let (Some(first), Some(end)) = (firsts.get(partition), ends.get(partition)) else { continue };
            let wanted = match (self.to_offset, self.shift_by) {
                (Some(offset), _) => offset,
                (None, Some(count)) => match committed.get(partition) {
                    Some(offset) => offset.saturating_add(count),
                    None => continue,
                },
                (None, None) if self.to_earliest => *first,
                (None, None) => by_time.get(partition).copied().filter(|offset| *offset >= 0).unwrap_or(*end),
            };
            offsets.insert(partition.clone(), wanted.clamp(*first, *end));
        }
        Ok(offsets)
    }
}

async fn at(
    cluster: &Cluster,
    partitions: &[TopicPartition],
    at: ListOffsetsAt,
) -> Result<BTreeMap<TopicPartition, i64>, Failure> {
    let found =
        cluster.list_offsets(partitions, at, IsolationLevel::ReadUncommitted).await.map_err(failed)?;
    let found = found.into_iter().map(|((topic, index), found)| {
        let offset = found.map_err(|error| failed(anyhow::anyhow!("{topic}-{index}: {error}")))?.offset;
        Ok(((topic, index), offset))
    });
    found.collect()
}
