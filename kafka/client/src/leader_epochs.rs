//! Where a leader's epoch ended in the log: what tells a history that was replaced from one that goes on.

use strait_wire::message::offset_for_leader_epoch::{
    OffsetForLeaderEpochRequest, OffsetForLeaderPartition, OffsetForLeaderTopic,
};

use crate::admin::result;
use crate::cluster::Cluster;
use crate::error::ClientError;
use crate::leaders::{Asked, PartitionResults, TopicPartition};

/// A consumer asks.
const CONSUMER: i32 = -1;

/// The end of the largest epoch that is not above the one asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochEnd {
    /// -1: the leader does not know the epoch.
    pub leader_epoch: i32,
    /// First offset behind it; -1 when the epoch is not known.
    pub end_offset: i64,
}

impl Cluster {
    /// Asks each partition's leader where the given epoch ended.
    pub async fn offset_for_leader_epoch(
        &self,
        partitions: &[(TopicPartition, i32)],
    ) -> Result<PartitionResults<EpochEnd>, ClientError> {
        let partitions = partitions.iter().cloned().collect();
        self.ask_leaders(partitions, build_request, |response| {
            let topics = response.topics.into_iter();
            let ends = topics.flat_map(|topic| {
                topic.partitions.into_iter().map(move |partition| {
                    let end =
                        EpochEnd { leader_epoch: partition.leader_epoch, end_offset: partition.end_offset };
                    let answer = result(partition.error_code, None).map(|()| end);
                    ((topic.topic.clone(), partition.partition), answer)
                })
            });
            ends.collect()
        })
        .await
    }
}

fn build_request(asked: &Asked<i32>) -> OffsetForLeaderEpochRequest {
    let topics = asked.iter().map(|(topic, partitions)| OffsetForLeaderTopic {
        topic: topic.clone(),
        partitions: partitions
            .iter()
            .map(|(partition, leader_epoch)| OffsetForLeaderPartition {
                partition: *partition,
                current_leader_epoch: -1,
                leader_epoch: *leader_epoch,
            })
            .collect(),
    });
    OffsetForLeaderEpochRequest { replica_id: CONSUMER, topics: topics.collect() }
}
