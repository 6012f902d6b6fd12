//! ListOffsets: ends of logs, and offsets by time.

use strait_broker_log::LogError;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::list_offsets::{
    ListOffsetsPartition, ListOffsetsPartitionResponse, ListOffsetsRequest, ListOffsetsResponse,
    ListOffsetsTopicResponse,
};
use tracing::error;

use crate::broker::Broker;
use crate::dispatch::Caller;
use crate::partition::{LEADER_EPOCH, Partition};

const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const MAX_TIMESTAMP: i64 = -3;
/// Without remote storage the same as the earliest (KIP-405).
const EARLIEST_LOCAL: i64 = -4;
const LATEST_TIERED: i64 = -5;

pub(crate) async fn handle(
    broker: &Broker,
    _: Caller<'_>,
    request: ListOffsetsRequest,
) -> ListOffsetsResponse {
    let is_committed_only = request.isolation_level == 1;
    let topics = request.topics.into_iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|asked| {
            let found = match broker.partition(&topic.name, asked.partition_index) {
                Some(partition) => find(&partition, asked, is_committed_only),
                None => Err(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
            };
            let partition_index = asked.partition_index;
            match found {
                Ok(found) => ListOffsetsPartitionResponse { partition_index, ..found },
                Err(code) => ListOffsetsPartitionResponse {
                    partition_index,
                    error_code: code.0,
                    ..ListOffsetsPartitionResponse::default()
                },
            }
        });
        ListOffsetsTopicResponse { partitions: partitions.collect(), name: topic.name }
    });
    ListOffsetsResponse { topics: topics.collect(), ..ListOffsetsResponse::default() }
}

fn find(
    partition: &Partition,
    asked: &ListOffsetsPartition,
    is_committed_only: bool,
) -> Result<ListOffsetsPartitionResponse, ErrorCode> {
    match asked.current_leader_epoch {
        -1 | LEADER_EPOCH => {}
        epoch if epoch < LEADER_EPOCH => return Err(ErrorCode::FENCED_LEADER_EPOCH),
        _ => return Err(ErrorCode::UNKNOWN_LEADER_EPOCH),
    }
    let state = partition.lock();
    let high_watermark = state.log.end_offset();
    let bound =
        if is_committed_only { state.producers.last_stable_offset(high_watermark) } else { high_watermark };
    let at = |offset: i64| ListOffsetsPartitionResponse {
        offset,
        leader_epoch: state.log.epoch_at(offset).or_else(|| state.log.latest_epoch()).unwrap_or(-1),
        ..ListOffsetsPartitionResponse::default()
    };
    let by_time = match asked.timestamp {
        LATEST => return Ok(at(bound)),
        EARLIEST | EARLIEST_LOCAL => return Ok(at(state.log.start_offset())),
        LATEST_TIERED => return Ok(ListOffsetsPartitionResponse::default()),
        MAX_TIMESTAMP => state.log.offset_of_max_timestamp(bound),
        timestamp if timestamp < 0 => return Err(ErrorCode::UNSUPPORTED_VERSION),
        timestamp => state.log.offset_for_timestamp(timestamp, bound),
    };
    let found = by_time.map_err(|error: LogError| {
        error!(%error, "a log can't be searched");
        ErrorCode::KAFKA_STORAGE_ERROR
    })?;
    Ok(found.map_or_else(ListOffsetsPartitionResponse::default, |found| ListOffsetsPartitionResponse {
        offset: found.offset,
        timestamp: found.timestamp,
        leader_epoch: found.leader_epoch,
        ..ListOffsetsPartitionResponse::default()
    }))
}
