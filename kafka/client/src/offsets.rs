//! Offsets of partitions at their ends or at a time, asked from each leader.

use std::collections::BTreeMap;

use strait_wire::codec::Request;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::list_offsets::{
    ListOffsetsPartition, ListOffsetsRequest, ListOffsetsResponse, ListOffsetsTopic,
};

use crate::admin::result;
use crate::cluster::Cluster;
use crate::error::{BrokerError, ClientError};
use crate::retry::{is_retriable_code, retry};

/// Which offset is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListOffsetsAt {
    Earliest,
    Latest,
    /// First record at or after this time, milliseconds since 1970.
    Timestamp(i64),
}

/// Whether records of open and aborted transactions count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IsolationLevel {
    ReadUncommitted,
    ReadCommitted,
}

/// An offset that a leader answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OffsetAt {
    pub offset: i64,
    pub leader_epoch: i32,
    pub timestamp: i64,
}

/// The answer for each partition.
pub type PartitionOffsets = Vec<((String, i32), Result<OffsetAt, BrokerError>)>;

impl Cluster {
    /// Asks every leader once for its partitions; partitions without an answer are asked again.
    pub async fn list_offsets(
        &self,
        partitions: &[(String, i32)],
        at: ListOffsetsAt,
        isolation: IsolationLevel,
    ) -> Result<PartitionOffsets, ClientError> {
        retry(self.config().operation_timeout, move || async move {
            let listed = self.list_offsets_once(partitions, at, isolation).await;
            if listed.is_err() {
                let topics: Vec<String> = partitions.iter().map(|(topic, _)| topic.clone()).collect();
                self.refresh(Some(&topics)).await?;
            }
            listed
        })
        .await
    }

    async fn list_offsets_once(
        &self,
        partitions: &[(String, i32)],
        at: ListOffsetsAt,
        isolation: IsolationLevel,
    ) -> Result<PartitionOffsets, ClientError> {
        let mut by_leader: BTreeMap<i32, BTreeMap<&str, Vec<i32>>> = BTreeMap::new();
        let metadata = self.metadata().await;
        for (topic, partition) in partitions {
            let found = metadata.topics.get(topic).and_then(|topic| topic.partitions.get(partition));
            let leader = found.map_or(-1, |partition| partition.leader);
            by_leader.entry(leader).or_default().entry(topic).or_default().push(*partition);
        }
        let mut listed = Vec::with_capacity(partitions.len());
        for (leader, topics) in by_leader {
            let connection = self.connection_to(leader).await?;
            let response = connection.call(&build_request(&topics, at, isolation)).await?;
            process_response(response, &mut listed)?;
        }
        Ok(listed)
    }
}

fn build_request(
    topics: &BTreeMap<&str, Vec<i32>>,
    at: ListOffsetsAt,
    isolation: IsolationLevel,
) -> ListOffsetsRequest {
    let timestamp = match at {
        ListOffsetsAt::Latest => -1,
        ListOffsetsAt::Earliest => -2,
        ListOffsetsAt::Timestamp(timestamp) => timestamp,
    };
    let topics = topics.iter().map(|(name, partitions)| ListOffsetsTopic {
        name: (*name).to_owned(),
        partitions: partitions
            .iter()
            .map(|partition| ListOffsetsPartition {
                partition_index: *partition,
                current_leader_epoch: -1,
                timestamp,
            })
            .collect(),
    });
    ListOffsetsRequest {
        replica_id: -1,
        isolation_level: i8::from(isolation == IsolationLevel::ReadCommitted),
        topics: topics.collect(),
        ..ListOffsetsRequest::default()
    }
}

fn process_response(response: ListOffsetsResponse, listed: &mut PartitionOffsets) -> Result<(), ClientError> {
    for topic in response.topics {
        for partition in topic.partitions {
            let code = ErrorCode(partition.error_code);
            if is_retriable_code(code) {
                let error = BrokerError { code, message: None };
                return Err(ClientError::Broker { api: ListOffsetsRequest::KEY, error });
            }
            let found = OffsetAt {
                offset: partition.offset,
                leader_epoch: partition.leader_epoch,
                timestamp: partition.timestamp,
            };
            let answer = result(partition.error_code, None).map(|()| found);
            listed.push(((topic.name.clone(), partition.partition_index), answer));
        }
    }
    Ok(())
}
