//! OffsetForLeaderEpoch (23), versions 2 to 4.

use strait_broker_core::acl::{Operation, ResourceType};
use strait_wire::error_code::ErrorCode;
use strait_wire::message::offset_for_leader_epoch::{
    EpochEndOffset, OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse, OffsetForLeaderPartition,
    OffsetForLeaderTopicResult,
};

use super::check_epoch;
use crate::call::Call;
use crate::partition::Partition;

pub(crate) async fn handle(
    call: &Call,
    request: OffsetForLeaderEpochRequest,
) -> OffsetForLeaderEpochResponse {
    let is_broker = call.may_on_cluster(Operation::ClusterAction);
    let topics = request.topics.into_iter().map(|wanted| {
        let is_allowed = is_broker || call.may(Operation::Describe, ResourceType::Topic, &wanted.topic);
        let topic = call.node.topics.by_name(&wanted.topic);
        let partitions = wanted.partitions.iter().map(|wanted| {
            let partition = topic.as_ref().and_then(|topic| topic.partition(wanted.partition));
            let found = match partition {
                _ if !is_allowed => Err(ErrorCode::TOPIC_AUTHORIZATION_FAILED),
                Some(found) => end(found, wanted),
                None => Err(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
            };
            let (error, (leader_epoch, end_offset)) = match found {
                Ok(found) => (ErrorCode::NONE, found),
                Err(error) => (error, (-1, -1)),
            };
            let (error_code, partition) = (error.0, wanted.partition);
            EpochEndOffset { error_code, partition, leader_epoch, end_offset }
        });
        let partitions = partitions.collect();
        OffsetForLeaderTopicResult { topic: wanted.topic, partitions }
    });
    OffsetForLeaderEpochResponse { throttle_time_ms: 0, topics: topics.collect() }
}

fn end(partition: &Partition, wanted: &OffsetForLeaderPartition) -> Result<(i32, i64), ErrorCode> {
    check_epoch(partition, wanted.current_leader_epoch)?;
    partition.epoch_end(wanted.leader_epoch).map_err(|absent| absent.code())
}
