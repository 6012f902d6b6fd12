//! What topics there are.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use strait_client::{Cluster, IsolationLevel, ListOffsetsAt, Metadata, TopicPartition};

use super::failed;
use crate::Failure;
use crate::command::kafka::{Output, print, refused};

pub(super) async fn list(cluster: &Cluster, output: Output, exclude_internal: bool) -> Result<(), Failure> {
    let metadata = cluster.refresh(None).await.map_err(failed)?;
    let topics = metadata.topics.values().filter(|topic| !(exclude_internal && topic.is_internal));
    let rows = topics.map(|topic| {
        let replicas = topic.partitions.values().map(|partition| partition.replicas.len()).max();
        vec![
            topic.name.as_str().into(),
            topic.partitions.len().into(),
            replicas.into(),
            topic.is_internal.into(),
        ]
    });
    print(output, &["topic", "partitions", "replication_factor", "internal"], rows.collect())
}

/// Metadata of topics that must be there.
async fn known(cluster: &Cluster, topics: &[String]) -> Result<std::sync::Arc<Metadata>, Failure> {
    let metadata = cluster.refresh(Some(topics)).await.map_err(failed)?;
    match topics.iter().find(|name| !metadata.topics.contains_key(*name)) {
        Some(missing) => Err(failed(anyhow::anyhow!("there is no topic {missing}"))),
        None => Ok(metadata),
    }
}

pub(super) async fn partitions(cluster: &Cluster, output: Output, topics: &[String]) -> Result<(), Failure> {
    let metadata = known(cluster, topics).await?;
    let named = topics.iter().filter_map(|name| metadata.topics.get(name));
    let all: Vec<TopicPartition> =
        named.flat_map(|topic| topic.partitions.keys().map(|index| (topic.name.clone(), *index))).collect();
    let mut ends = Vec::new();
    for at in [ListOffsetsAt::Earliest, ListOffsetsAt::Latest] {
        let offsets =
            cluster.list_offsets(&all, at, IsolationLevel::ReadUncommitted).await.map_err(failed)?;
        let found =
            offsets.into_iter().map(|(partition, offset)| (partition, offset.ok().map(|at| at.offset)));
        ends.push(found.collect::<BTreeMap<TopicPartition, Option<i64>>>());
    }
    let rows = all.iter().filter_map(|place| {
        let partition = metadata.topics.get(&place.0)?.partitions.get(&place.1)?;
        let end = |which: usize| json!(ends[which].get(place).copied().flatten());
        let leader = if partition.leader < 0 { Value::Null } else { partition.leader.into() };
        let (replicas, in_sync) = (json!(partition.replicas), json!(partition.in_sync_replicas));
        Some(vec![place.0.as_str().into(), place.1.into(), leader, replicas, in_sync, end(0), end(1)])
    });
    let columns = ["topic", "partition", "leader", "replicas", "in_sync", "first_offset", "end_offset"];
    print(output, &columns, rows.collect())
}

pub(super) async fn configs(cluster: &Cluster, output: Output, topics: &[String]) -> Result<(), Failure> {
    let described = refused(cluster.describe_topic_configs(topics).await.map_err(failed)?)?;
    let rows = described.into_iter().flat_map(|(topic, configs)| {
        configs.into_iter().map(move |config| {
            let set = config.is_set_by_topic();
            vec![topic.as_str().into(), config.name.into(), json!(config.value), set.into()]
        })
    });
    print(output, &["topic", "config", "value", "set_by_topic"], rows.collect())
}
