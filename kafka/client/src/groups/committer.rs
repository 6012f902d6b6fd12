//! Commits for groups that nobody is in.

use std::collections::BTreeMap;

use futures_util::future::try_join_all;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic, OffsetCommitResponse,
};
use tokio::sync::Mutex;

use super::offsets::LAST_VERSION_BY_NAME;
use super::{CommittedOffsets, GroupResults};
use crate::admin::result;
use crate::cluster::Cluster;
use crate::connection::Connection;
use crate::error::{BrokerError, ClientError, ConnectionError};
use crate::leaders::PartitionResults;

/// Commits on their way on one connection.
const COMMITS_IN_FLIGHT: usize = 64;
/// Commits that are worth another connection.
const COMMITS_PER_CONNECTION: usize = 16;
/// Connections to one coordinator.
const CONNECTIONS: usize = 16;

/// Commits for many groups. Many go on several connections, which stay open as long as this is there: a broker looks at the
/// next request of a connection when it has answered the last, and answers a commit when it is written.
#[derive(Debug)]
pub struct GroupCommitter {
    cluster: Cluster,
    /// By coordinator.
    connections: Mutex<BTreeMap<i32, Vec<Connection>>>,
}

impl Cluster {
    pub fn group_committer(&self) -> GroupCommitter {
        GroupCommitter { cluster: self.clone(), connections: Mutex::default() }
    }

    /// Commits as [`GroupCommitter::commit`] does.
    pub async fn commit_offsets(
        &self,
        offsets: &BTreeMap<String, CommittedOffsets>,
    ) -> Result<GroupResults<PartitionResults<()>>, ClientError> {
        self.group_committer().commit(offsets).await
    }
}

impl GroupCommitter {
    /// Commits for groups that have no members: a coordinator refuses it with UNKNOWN_MEMBER_ID where one has some.
    pub async fn commit(
        &self,
        offsets: &BTreeMap<String, CommittedOffsets>,
    ) -> Result<GroupResults<PartitionResults<()>>, ClientError> {
        let groups: Vec<String> = offsets.keys().cloned().collect();
        let commit = async |first: &Connection, coordinator, groups: &[String]| {
            let wanted = groups.len().div_ceil(COMMITS_PER_CONNECTION).clamp(1, CONNECTIONS);
            let connections = self.connections_to(coordinator, first, wanted).await;
            let shares = groups.chunks(groups.len().div_ceil(connections.len()).max(1));
            let commits = connections.iter().zip(shares);
            let commits = commits.map(|(connection, groups)| commit_in_order(connection, groups, offsets));
            Ok(try_join_all(commits).await?.concat())
        };
        self.cluster.ask_coordinators(&groups, commit).await
    }

    /// So many connections, the first among them, or fewer where the broker allows no more of them.
    async fn connections_to(&self, coordinator: i32, first: &Connection, wanted: usize) -> Vec<Connection> {
        let mut connections = self.connections.lock().await;
        let others = connections.entry(coordinator).or_default();
        others.retain(|connection| !connection.is_closed());
        while others.len() + 1 < wanted {
            let Ok(another) = self.cluster.dedicated(coordinator).await else { break };
            others.push(another);
        }
        let others = others.iter().take(wanted - 1).cloned();
        std::iter::once(first.clone()).chain(others).collect()
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

fn commit_request(group: &str, offsets: &CommittedOffsets) -> OffsetCommitRequest {
    let topics = offsets.iter().map(|(topic, partitions)| {
        let partitions = partitions.iter().map(|(partition, committed)| OffsetCommitRequestPartition {
            partition_index: *partition,
            committed_offset: committed.offset,
            committed_leader_epoch: committed.leader_epoch,
            committed_metadata: Some(committed.metadata.clone()),
        });
        OffsetCommitRequestTopic {
            name: topic.clone(),
            partitions: partitions.collect(),
            ..OffsetCommitRequestTopic::default()
        }
    });
    let topics = topics.collect();
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
