//! What the group has committed.

use std::collections::BTreeMap;

use strait_wire::error_code::ErrorCode;
use strait_wire::message::offset_fetch::{
    OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
    OffsetFetchResponse, OffsetFetchResponsePartitions,
};

use super::membership::Group;
use crate::consumer::error::ConsumerError;
use crate::consumer::record::{OffsetAndMetadata, Offsets};
use crate::error::{BrokerError, ClientError, ConnectionError};
use crate::leaders::TopicPartition;

/// Above it topics are named by id.
const NAMES_VERSION: i16 = 9;
/// From this version on a request names many groups.
const GROUPS_VERSION: i16 = 8;
/// From this version on offsets of open transactions can be waited for.
const STABLE_VERSION: i16 = 7;

impl Group {
    /// Offsets of these partitions, or with `None` of all; partitions without one are left out. Waits for
    /// transactions that commit offsets.
    pub(crate) async fn committed(
        &self,
        partitions: Option<&[TopicPartition]>,
    ) -> Result<Offsets, ConsumerError> {
        let node = self.coordinator.node().await?;
        let version = self.cluster.connection_to(node).await?.version_of::<OffsetFetchRequest>();
        let version = version.map_err(ConnectionError::from).map_err(ClientError::from)?.min(NAMES_VERSION);
        let request = self.fetch_request(partitions, version);
        let answer = self.coordinator.ask(&request, version, first_error).await;
        let response = answer.map_err(|error| match error {
            ClientError::Broker { error, .. } => self.refused(error),
            error => error.into(),
        })?;
        Ok(flat(response).into_iter().collect())
    }

    fn fetch_request(&self, partitions: Option<&[TopicPartition]>, version: i16) -> OffsetFetchRequest {
        let by_topic = partitions.map(|partitions| {
            let mut topics: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
            partitions.iter().for_each(|(topic, index)| topics.entry(topic).or_default().push(*index));
            topics
        });
        let require_stable = version >= STABLE_VERSION;
        if version < GROUPS_VERSION {
            let topics = by_topic.map(|topics| {
                let topics = topics.into_iter();
                topics
                    .map(|(name, partition_indexes)| OffsetFetchRequestTopic {
                        name: name.to_owned(),
                        partition_indexes,
                    })
                    .collect()
            });
            return OffsetFetchRequest {
                group_id: self.id.clone(),
                topics,
                require_stable,
                groups: Vec::new(),
            };
        }
        let topics = by_topic.map(|topics| {
            let named = topics.into_iter().map(|(name, partition_indexes)| OffsetFetchRequestTopics {
                name: name.to_owned(),
                partition_indexes,
                ..OffsetFetchRequestTopics::default()
            });
            named.collect()
        });
        let group = OffsetFetchRequestGroup {
            group_id: self.id.clone(),
            topics,
            ..OffsetFetchRequestGroup::default()
        };
        OffsetFetchRequest { groups: vec![group], require_stable, ..OffsetFetchRequest::default() }
    }
}

/// All partitions of an answer of any version, in the newer form.
fn partitions(
    response: &OffsetFetchResponse,
) -> impl Iterator<Item = (String, OffsetFetchResponsePartitions)> {
    let old = response.topics.iter().flat_map(|topic| {
        topic.partitions.iter().map(|partition| {
            let modern = OffsetFetchResponsePartitions {
                partition_index: partition.partition_index,
                committed_offset: partition.committed_offset,
                committed_leader_epoch: partition.committed_leader_epoch,
                metadata: partition.metadata.clone(),
                error_code: partition.error_code,
            };
            (topic.name.clone(), modern)
        })
    });
    let new = response.groups.iter().flat_map(|group| &group.topics);
    let new = new
        .flat_map(|topic| topic.partitions.iter().map(|partition| (topic.name.clone(), partition.clone())));
    old.chain(new)
}

fn first_error(response: &OffsetFetchResponse) -> Result<(), BrokerError> {
    let groups = response.groups.iter().map(|group| (group.error_code, None));
    let partitions = partitions(response).map(|(topic, partition)| {
        (partition.error_code, Some(format!("{topic}-{}", partition.partition_index)))
    });
    let mut all = std::iter::once((response.error_code, None)).chain(groups).chain(partitions);
    match all.find(|(code, _)| *code != 0) {
        Some((code, message)) => Err(BrokerError { code: ErrorCode(code), message }),
        None => Ok(()),
    }
}

fn flat(response: OffsetFetchResponse) -> Vec<(TopicPartition, OffsetAndMetadata)> {
    let found = partitions(&response).filter(|(_, partition)| partition.committed_offset >= 0);
    let found = found.map(|(topic, partition)| {
        let leader_epoch = Some(partition.committed_leader_epoch).filter(|epoch| *epoch >= 0);
        let metadata = partition.metadata.unwrap_or_default();
        let committed = OffsetAndMetadata { offset: partition.committed_offset, leader_epoch, metadata };
        ((topic, partition.partition_index), committed)
    });
    found.collect()
}
