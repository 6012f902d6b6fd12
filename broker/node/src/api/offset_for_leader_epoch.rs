//! OffsetForLeaderEpoch: where an epoch ended (KIP-320).

use strait_wire::error_code::ErrorCode;
use strait_wire::message::offset_for_leader_epoch::{
    EpochEndOffset, OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse, OffsetForLeaderPartition,
    OffsetForLeaderTopicResult,
};

use crate::broker::Broker;
use crate::dispatch::Caller;
use crate::partition::LEADER_EPOCH;

pub(crate) async fn handle(
    broker: &Broker,
    _: Caller<'_>,
    request: OffsetForLeaderEpochRequest,
) -> OffsetForLeaderEpochResponse {
    let topics = request.topics.into_iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|asked| {
            let partition = asked.partition;
            match find(broker, &topic.topic, asked) {
                Ok((leader_epoch, end_offset)) => {
                    EpochEndOffset { error_code: 0, partition, leader_epoch, end_offset }
                }
                Err(code) => EpochEndOffset { error_code: code.0, partition, ..EpochEndOffset::default() },
            }
        });
        OffsetForLeaderTopicResult { partitions: partitions.collect(), topic: topic.topic }
    });
    OffsetForLeaderEpochResponse { topics: topics.collect(), ..OffsetForLeaderEpochResponse::default() }
}

fn find(broker: &Broker, topic: &str, asked: &OffsetForLeaderPartition) -> Result<(i32, i64), ErrorCode> {
    let partition = broker.partition(topic, asked.partition).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
    match asked.current_leader_epoch {
        -1 | LEADER_EPOCH => {}
        epoch if epoch < LEADER_EPOCH => return Err(ErrorCode::FENCED_LEADER_EPOCH),
        _ => return Err(ErrorCode::UNKNOWN_LEADER_EPOCH),
    }
    let state = partition.lock();
    if asked.leader_epoch == LEADER_EPOCH {
        return Ok((LEADER_EPOCH, state.log.end_offset()));
    }
    Ok(state.log.epoch_end_offset(asked.leader_epoch))
}
