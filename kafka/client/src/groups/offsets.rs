//! What groups committed.

use std::collections::BTreeMap;

use futures_util::future::try_join_all;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic, OffsetCommitResponse,
};
use strait_wire::message::offset_fetch::{OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchResponse};

use super::GroupResults;
use crate::admin::result;
use crate::cluster::Cluster;
use crate::connection::Connection;
use crate::error::{BrokerError, ClientError, ConnectionError};
use crate::leaders::{PartitionResults, TopicPartition};

/// From this version on one request names many groups.
const MANY_GROUPS_VERSION: i16 = 8;
/// From version 10 on topics go by id; names are what is known here.
const LAST_VERSION_BY_NAME: i16 = 9;
/// Commits on their way on one connection.
const COMMITS_IN_FLIGHT: usize = 64;
/// Connections for many commits: a broker looks at the next request of a connection when it has answered the last, and
/// answers a commit when it is written.
const COMMIT_CONNECTIONS: usize = 8;

/// What a group committed for a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommittedOffset {
    /// Next to read; -1 where a client committed that it has none.
    pub offset: i64,
    /// Leader epoch of the last record read, -1 when it is not known.
    pub leader_epoch: i32,
    pub metadata: String,
}

/// What a group committed, by partition.
pub type CommittedOffsets = BTreeMap<TopicPartition, CommittedOffset>;

impl Cluster {
    /// All that each group committed. A group that does not exist has committed nothing.
    pub async fn committed_offsets(
        &self,
        groups: &[String],
    ) -> Result<GroupResults<CommittedOffsets>, ClientError> {
        self.ask_coordinators(groups, async |connection, _, groups| {
            let version = connection.version_of::<OffsetFetchRequest>().map_err(ConnectionError::from)?;
            let version = version.min(LAST_VERSION_BY_NAME);
            if version >= MANY_GROUPS_VERSION {
                return Ok(many_groups(connection, groups, version).await?);
            }
            let mut answers = GroupResults::new();
            for group in groups {
                let request = OffsetFetchRequest {
                    group_id: group.clone(),
                    topics: None,
                    ..OffsetFetchRequest::default()
                };
                let response = connection.call_at(&request, version).await?;
                answers.push((group.clone(), one_group(response)));
            }
            Ok(answers)
        })
        .await
    }

    /// Commits for groups that have no members: a coordinator refuses it with UNKNOWN_MEMBER_ID where one has some.
    pub async fn commit_offsets(
        &self,
        offsets: &BTreeMap<String, CommittedOffsets>,
    ) -> Result<GroupResults<PartitionResults<()>>, ClientError> {
        let groups: Vec<String> = offsets.keys().cloned().collect();
        self.ask_coordinators(&groups, async |connection, coordinator, groups| {
            let lanes = groups.len().div_ceil(COMMITS_IN_FLIGHT).clamp(1, COMMIT_CONNECTIONS);
            let mut connections = vec![connection.clone()];
            for _ in 1..lanes {
                // A broker that allows no more of them still has the first.
                let Ok(another) = self.dedicated(coordinator).await else { break };
                connections.push(another);
            }
            let shares = groups.chunks(groups.len().div_ceil(connections.len()).max(1));
            let commits = connections.iter().zip(shares);
            let commits = commits.map(|(connection, groups)| commit_in_order(connection, groups, offsets));
            Ok(try_join_all(commits).await?.concat())
        })
        .await
    }
}

async fn commit_in_order(
    connection: &Connection,
    groups: &[String],
    offsets: &BTreeMap<String, CommittedOffsets>,
) -> Result<GroupResults<PartitionResults<()>>, ConnectionError> {
    let version = connection.version_of::<OffsetCommitRequest>()?.min(LAST_VERSION_BY_NAME);
    let mut answers = GroupResults::with_capacity(groups.len());
    for groups in groups.chunks(COMMITS_IN_FLIGHT) {
        let mut pending = Vec::with_capacity(groups.len());
        for group in groups {
            let Some(offsets) = offsets.get(group) else { continue };
            pending.push((group, connection.submit(&commit_request(group, offsets), version)?));
        }
        for (group, pending) in pending {
            answers.push((group.clone(), committed(pending.await?)));
        }
    }
    Ok(answers)
}

/// The answer for each partition, or the coordinator's own error, which stands at every partition.
fn committed(response: OffsetCommitResponse) -> Result<PartitionResults<()>, BrokerError> {
    let mut results = PartitionResults::new();
    for topic in response.topics {
        for partition in topic.partitions {
            let result = result(partition.error_code, None);
            if let Err(error) = &result
                && is_about_coordinator(error)
            {
                return Err(error.clone());
            }
            results.push(((topic.name.clone(), partition.partition_index), result));
        }
    }
    Ok(results)
}

async fn many_groups(
    connection: &Connection,
    groups: &[String],
    version: i16,
) -> Result<GroupResults<CommittedOffsets>, ConnectionError> {
    let asked = groups.iter().map(|group| OffsetFetchRequestGroup {
        group_id: group.clone(),
        topics: None,
        ..OffsetFetchRequestGroup::default()
    });
    let request = OffsetFetchRequest { groups: asked.collect(), ..OffsetFetchRequest::default() };
    let response = connection.call_at(&request, version).await?;
    let answers = response.groups.into_iter().map(|group| {
        let mut offsets = CommittedOffsets::new();
        for topic in group.topics {
            for partition in topic.partitions {
                let committed = CommittedOffset {
                    offset: partition.committed_offset,
                    leader_epoch: partition.committed_leader_epoch,
                    metadata: partition.metadata.unwrap_or_default(),
                };
                if partition.error_code == ErrorCode::NONE.0 {
                    offsets.insert((topic.name.clone(), partition.partition_index), committed);
                }
            }
        }
        (group.group_id, result(group.error_code, None).map(|()| offsets))
    });
    Ok(answers.collect())
}

fn one_group(response: OffsetFetchResponse) -> Result<CommittedOffsets, BrokerError> {
    result(response.error_code, None)?;
    let mut offsets = CommittedOffsets::new();
    for topic in response.topics {
        for partition in topic.partitions {
            result(partition.error_code, None)?;
            let committed = CommittedOffset {
                offset: partition.committed_offset,
                leader_epoch: partition.committed_leader_epoch,
                metadata: partition.metadata.unwrap_or_default(),
            };
            offsets.insert((topic.name.clone(), partition.partition_index), committed);
        }
    }
    Ok(offsets)
}

fn commit_request(group: &str, offsets: &CommittedOffsets) -> OffsetCommitRequest {
    let mut topics: Vec<OffsetCommitRequestTopic> = Vec::new();
    for ((topic, partition), committed) in offsets {
        let committed = OffsetCommitRequestPartition {
            partition_index: *partition,
            committed_offset: committed.offset,
            committed_leader_epoch: committed.leader_epoch,
            committed_metadata: Some(committed.metadata.clone()),
        };
        match topics.last_mut() {
            Some(last) if last.name == *topic => last.partitions.push(committed),
            _ => topics.push(OffsetCommitRequestTopic {
                name: topic.clone(),
                partitions: vec![committed],
                ..OffsetCommitRequestTopic::default()
            }),
        }
    }
    OffsetCommitRequest { group_id: group.to_owned(), topics, ..OffsetCommitRequest::default() }
}

fn is_about_coordinator(error: &BrokerError) -> bool {
    [
        ErrorCode::NOT_COORDINATOR,
        ErrorCode::COORDINATOR_NOT_AVAILABLE,
        ErrorCode::COORDINATOR_LOAD_IN_PROGRESS,
    ]
    .contains(&error.code)
}
