//! What groups have committed.

use std::collections::BTreeMap;

use litemap::LiteMap;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::offset_fetch::{OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchResponse};

use super::GroupResults;
use super::coordinators::ask_in_chunks;
use crate::admin::result;
use crate::cluster::Cluster;
use crate::error::{BrokerError, ClientError, ConnectionError};

/// From this version on one request names many groups.
const MANY_GROUPS_VERSION: i16 = 8;
/// From version 10 on topics go by id; names are what is known here.
pub(super) const LAST_VERSION_BY_NAME: i16 = 9;

/// What a group committed for a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommittedOffset {
    /// Next to read; -1 where a client committed that it has none.
    pub offset: i64,
    /// Leader epoch of the last record read, -1 when it is not known.
    pub leader_epoch: i32,
    pub metadata: String,
}

/// What a group committed, by topic and partition.
pub type CommittedOffsets = BTreeMap<String, LiteMap<i32, CommittedOffset>>;

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
                return Ok(ask_in_chunks(connection, version, groups, all_offsets, many_groups).await?);
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
}

/// A question for all that groups committed.
fn all_offsets(groups: Vec<String>) -> OffsetFetchRequest {
    let asked = groups.into_iter().map(|group_id| OffsetFetchRequestGroup {
        group_id,
        topics: None,
        ..OffsetFetchRequestGroup::default()
    });
    OffsetFetchRequest { groups: asked.collect(), ..OffsetFetchRequest::default() }
}

fn many_groups(response: OffsetFetchResponse) -> GroupResults<CommittedOffsets> {
    let answers = response.groups.into_iter().map(|group| {
        let topics = group.topics.into_iter().map(|mut topic| {
            topic.partitions.retain(|partition| partition.error_code == ErrorCode::NONE.0);
            let partitions = topic.partitions.into_iter().map(|partition| {
                let committed = CommittedOffset {
                    offset: partition.committed_offset,
                    leader_epoch: partition.committed_leader_epoch,
                    metadata: partition.metadata.unwrap_or_default(),
                };
                (partition.partition_index, committed)
            });
            (topic.name, partitions.collect())
        });
        let offsets = result(group.error_code, None).map(|()| topics.collect());
        (group.group_id, offsets)
    });
    answers.collect()
}

fn one_group(response: OffsetFetchResponse) -> Result<CommittedOffsets, BrokerError> {
    result(response.error_code, None)?;
    let mut offsets = CommittedOffsets::new();
    for topic in response.topics {
        let mut partitions = LiteMap::with_capacity(topic.partitions.len());
        for partition in topic.partitions {
            result(partition.error_code, None)?;
            let committed = CommittedOffset {
                offset: partition.committed_offset,
                leader_epoch: partition.committed_leader_epoch,
                metadata: partition.metadata.unwrap_or_default(),
            };
            partitions.insert(partition.partition_index, committed);
        }
        offsets.insert(topic.name, partitions);
    }
    Ok(offsets)
}
