//! Offsets of partitions at their ends or at a time, asked from each leader.

use strait_wire::message::list_offsets::{
    ListOffsetsPartition, ListOffsetsRequest, ListOffsetsResponse, ListOffsetsTopic,
};

use crate::admin::result;
use crate::cluster::Cluster;
use crate::error::ClientError;
use crate::leaders::{Asked, PartitionResults, TopicPartition};

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
pub type PartitionOffsets = PartitionResults<OffsetAt>;

impl Cluster {
    /// Asks every leader once for its partitions; partitions without an answer are asked again.
    pub async fn list_offsets(
        &self,
        partitions: &[TopicPartition],
        at: ListOffsetsAt,
        isolation: IsolationLevel,
    ) -> Result<PartitionOffsets, ClientError> {
        let partitions = partitions.iter().map(|partition| (partition.clone(), ())).collect();
        self.ask_leaders(partitions, |asked| build_request(asked, at, isolation), read_response).await
    }
}

fn build_request(asked: &Asked<()>, at: ListOffsetsAt, isolation: IsolationLevel) -> ListOffsetsRequest {
    let timestamp = match at {
        ListOffsetsAt::Latest => -1,
        ListOffsetsAt::Earliest => -2,
        ListOffsetsAt::Timestamp(timestamp) => timestamp,
    };
    let topics = asked.iter().map(|(name, partitions)| ListOffsetsTopic {
        name: name.clone(),
        partitions: partitions
            .iter()
            .map(|(partition, ())| ListOffsetsPartition {
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

fn read_response(response: ListOffsetsResponse) -> PartitionOffsets {
    let topics = response.topics.into_iter();
    let offsets = topics.flat_map(|topic| {
        topic.partitions.into_iter().map(move |partition| {
            let found = OffsetAt {
                offset: partition.offset,
                leader_epoch: partition.leader_epoch,
                timestamp: partition.timestamp,
            };
            let answer = result(partition.error_code, None).map(|()| found);
            ((topic.name.clone(), partition.partition_index), answer)
        })
    });
    offsets.collect()
}
