//! ListOffsets (2), versions 1 to 10. Nothing is tiered: -4 is the start of the log, -5 is unknown.

use std::collections::BTreeSet;

use strait_broker_core::acl::{Operation, ResourceType};
use strait_broker_log::{LogError, PartitionLog};
use strait_wire::error_code::ErrorCode;
use strait_wire::message::list_offsets::{
    ListOffsetsPartition, ListOffsetsPartitionResponse, ListOffsetsRequest, ListOffsetsResponse,
    ListOffsetsTopic, ListOffsetsTopicResponse,
};

use super::check_epoch;
use crate::call::Call;
use crate::partition::{Isolation, Partition};

const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const MAX_TIMESTAMP: i64 = -3;
const EARLIEST_LOCAL: i64 = -4;
const LATEST_TIERED: i64 = -5;
/// First version that tells leader epochs.
const WITH_EPOCH: i16 = 4;

/// Timestamp, offset and leader epoch; -1 where there is none.
type Found = (i64, i64, i32);
const NOTHING: Found = (-1, -1, -1);

pub(crate) async fn handle(call: &Call, request: ListOffsetsRequest) -> ListOffsetsResponse {
    let isolation = if request.isolation_level == 1 { Isolation::Committed } else { Isolation::Uncommitted };
    let topics = request.topics.into_iter().map(|ListOffsetsTopic { name, partitions }| {
        let topic = call.node.topics.by_name(&name);
        let is_allowed = call.may(Operation::Describe, ResourceType::Topic, &name);
        let repeated = repeated(&partitions);
        let refused = repeated.iter().map(|index| failed(*index, ErrorCode::INVALID_REQUEST));
        let once = partitions.iter().filter(|wanted| !repeated.contains(&wanted.partition_index));
        let answered = once.map(|wanted| {
            let partition = topic.as_ref().and_then(|topic| topic.partition(wanted.partition_index));
            match partition {
                _ if !is_allowed => failed(wanted.partition_index, ErrorCode::TOPIC_AUTHORIZATION_FAILED),
                Some(partition) => one(call, partition, wanted, isolation),
                None => failed(wanted.partition_index, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
            }
        });
        let partitions = answered.chain(refused).collect();
        ListOffsetsTopicResponse { name, partitions }
    });
    ListOffsetsResponse { throttle_time_ms: 0, topics: topics.collect() }
}

/// Partitions that are named more than once.
fn repeated(partitions: &[ListOffsetsPartition]) -> BTreeSet<i32> {
    let mut seen = BTreeSet::new();
    let indexes = partitions.iter().map(|wanted| wanted.partition_index);
    indexes.filter(|index| !seen.insert(*index)).collect()
}

fn failed(partition_index: i32, error: ErrorCode) -> ListOffsetsPartitionResponse {
    ListOffsetsPartitionResponse { partition_index, error_code: error.0, ..Default::default() }
}

fn one(
    call: &Call,
    partition: &Partition,
    wanted: &ListOffsetsPartition,
    isolation: Isolation,
) -> ListOffsetsPartitionResponse {
    let index = partition.index;
    if let Err(error) = check_epoch(partition, wanted.current_leader_epoch) {
        return failed(index, error);
    }
    let least_version = match wanted.timestamp {
        MAX_TIMESTAMP => 7,
        EARLIEST_LOCAL => 8,
        LATEST_TIERED => 9,
        other if other < LATEST_TIERED => i16::MAX,
        _ => 0,
    };
    if call.version < least_version {
        return failed(index, ErrorCode::UNSUPPORTED_VERSION);
    }
    let offsets = match partition.offsets() {
        Ok(offsets) => offsets,
        Err(absent) => return failed(index, absent.code()),
    };
    let end = offsets.readable_end(isolation);
    let found = partition.look(|log, _| find(log, wanted.timestamp, end, partition.leader_epoch));
    match found {
        Ok(Ok((timestamp, offset, leader_epoch))) => ListOffsetsPartitionResponse {
            partition_index: index,
            error_code: 0,
            timestamp,
            offset,
            leader_epoch: if call.version >= WITH_EPOCH { leader_epoch } else { -1 },
        },
        Ok(Err(error)) => {
            tracing::warn!(topic = partition.topic, partition = index, %error, "offset not found");
            failed(index, ErrorCode::KAFKA_STORAGE_ERROR)
        }
        Err(absent) => failed(index, absent.code()),
    }
}

fn find(log: &PartitionLog, timestamp: i64, end: i64, leader_epoch: i32) -> Result<Found, LogError> {
    let record = match timestamp {
        LATEST => return Ok((-1, end, leader_epoch)),
        EARLIEST | EARLIEST_LOCAL => {
            let start = log.start_offset();
            let empty = if start == log.end_offset() { leader_epoch } else { -1 };
            return Ok((-1, start, log.epoch_at(start).unwrap_or(empty)));
        }
        LATEST_TIERED => return Ok(NOTHING),
        MAX_TIMESTAMP => log.offset_of_max_timestamp(end)?,
        timestamp => log.offset_for_timestamp(timestamp, end)?,
    };
    Ok(record.map_or(NOTHING, |record| (record.timestamp, record.offset, record.leader_epoch)))
}
