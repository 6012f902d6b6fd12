//! What groups there are.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use strait_client::{Cluster, IsolationLevel, ListOffsetsAt, TopicPartition, assigned_partitions};

use super::failed;
use crate::Failure;
use crate::command::kafka::{Output, print, refused};

pub(super) async fn list(cluster: &Cluster, output: Output) -> Result<(), Failure> {
    let listed = cluster.list_groups().await.map_err(failed)?;
    let rows = listed.into_iter().map(|group| {
        vec![group.group_id.into(), group.state.into(), group.group_type.into(), group.protocol_type.into()]
    });
    print(output, &["group", "state", "type", "protocol_type"], rows.collect())
}

/// Fails where a group is not there.
pub(super) async fn check_there(cluster: &Cluster, groups: &[String]) -> Result<(), Failure> {
    let listed: BTreeSet<String> =
        cluster.list_groups().await.map_err(failed)?.into_iter().map(|group| group.group_id).collect();
    match groups.iter().find(|group| !listed.contains(*group)) {
        Some(missing) => Err(failed(anyhow::anyhow!("there is no group {missing}"))),
        None => Ok(()),
    }
}

pub(super) async fn offsets(cluster: &Cluster, output: Output, groups: &[String]) -> Result<(), Failure> {
    check_there(cluster, groups).await?;
    let described = cluster.describe_groups(groups).await.map_err(failed)?;
    let owners: BTreeMap<(String, TopicPartition), String> = described
        .into_iter()
        .filter_map(|(group, description)| Some((group, description.ok()?)))
        .flat_map(|(group, description)| {
            description.members.into_iter().flat_map(move |member| {
                let group = group.clone();
                let partitions = assigned_partitions(&member.assignment).into_iter();
                partitions.map(move |partition| ((group.clone(), partition), member.client_id.clone()))
            })
        })
        .collect();
    let committed = refused(cluster.committed_offsets(groups).await.map_err(failed)?)?;
    let mut places: Vec<(String, TopicPartition, Option<i64>)> = Vec::new();
    for (group, offsets) in committed {
        let owned = owners.keys().filter(|(owner, _)| *owner == group).map(|(_, partition)| partition);
        let committed = offsets
            .iter()
            .flat_map(|(topic, partitions)| partitions.keys().map(|index| (topic.clone(), *index)));
        let all: BTreeSet<TopicPartition> = committed.chain(owned.cloned()).collect();
        places.extend(all.into_iter().map(|(topic, index)| {
            let found = offsets.get(&topic).and_then(|partitions| partitions.get(&index));
            let offset = found.map(|found| found.offset).filter(|offset| *offset >= 0);
            (group.clone(), (topic, index), offset)
        }));
    }
    let ends = ends(cluster, places.iter().map(|(_, partition, _)| partition)).await?;
    let rows = places.into_iter().map(|(group, partition, offset)| {
        let end = ends.get(&partition).copied();
        let lag = offset.zip(end).map(|(offset, end)| (end - offset).max(0));
        let owner = owners.get(&(group.clone(), partition.clone()));
        let (topic, index) = partition;
        vec![group.into(), topic.into(), index.into(), json!(offset), json!(end), json!(lag), json!(owner)]
    });
    let columns = ["group", "topic", "partition", "committed", "end_offset", "lag", "client_id"];
    print(output, &columns, rows.collect())
}

/// End offsets of partitions that are still there.
pub(super) async fn ends<'a>(
    cluster: &Cluster,
    partitions: impl Iterator<Item = &'a TopicPartition>,
) -> Result<BTreeMap<TopicPartition, i64>, Failure> {
    let partitions: BTreeSet<&TopicPartition> = partitions.collect();
    let topics: BTreeSet<String> = partitions.iter().map(|(topic, _)| topic.clone()).collect();
    let topics: Vec<String> = topics.into_iter().collect();
    let metadata = cluster.refresh(Some(&topics)).await.map_err(failed)?;
    let is_there = |partition: &&TopicPartition| {
        metadata.topics.get(&partition.0).is_some_and(|topic| topic.partitions.contains_key(&partition.1))
    };
    let known: Vec<TopicPartition> = partitions.into_iter().filter(is_there).cloned().collect();
    let ends = cluster.list_offsets(&known, ListOffsetsAt::Latest, IsolationLevel::ReadUncommitted).await;
    let ends = ends.map_err(failed)?.into_iter();
    Ok(ends.filter_map(|(partition, end)| Some((partition, end.ok()?.offset))).collect())
}

pub(super) async fn members(cluster: &Cluster, output: Output, groups: &[String]) -> Result<(), Failure> {
    check_there(cluster, groups).await?;
    let described = refused(cluster.describe_groups(groups).await.map_err(failed)?)?;
    let rows = described.into_iter().flat_map(|(group, description)| {
        description.members.into_iter().map(move |member| {
            let assigned = assigned_partitions(&member.assignment);
            let names = assigned.iter().map(|(topic, index)| Value::from(format!("{topic}-{index}")));
            vec![
                group.as_str().into(),
                member.member_id.into(),
                json!(member.group_instance_id),
                member.client_id.into(),
                member.client_host.into(),
                description.protocol.as_str().into(),
                names.collect::<Vec<_>>().into(),
            ]
        })
    });
    let columns = ["group", "member", "instance", "client_id", "host", "strategy", "partitions"];
    print(output, &columns, rows.collect())
}
