//! DeleteRecords: moves the start of logs.

use strait_wire::error_code::ErrorCode;
use strait_wire::message::delete_records::{
    DeleteRecordsPartitionResult, DeleteRecordsRequest, DeleteRecordsResponse, DeleteRecordsTopicResult,
};
use tracing::error;

use crate::broker::Broker;
use crate::dispatch::Caller;

/// Everything up to the high watermark.
const ALL: i64 = -1;

pub(crate) async fn handle(
    broker: &Broker,
    _: Caller<'_>,
    request: DeleteRecordsRequest,
) -> DeleteRecordsResponse {
    let topics = request.topics.into_iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|asked| {
            let partition_index = asked.partition_index;
            match delete(broker, &topic.name, partition_index, asked.offset) {
                Ok(low_watermark) => {
                    DeleteRecordsPartitionResult { partition_index, low_watermark, error_code: 0 }
                }
                Err(code) => {
                    DeleteRecordsPartitionResult { partition_index, low_watermark: -1, error_code: code.0 }
                }
            }
        });
        DeleteRecordsTopicResult { partitions: partitions.collect(), name: topic.name }
    });
    DeleteRecordsResponse { topics: topics.collect(), ..DeleteRecordsResponse::default() }
}

fn delete(broker: &Broker, topic: &str, index: i32, offset: i64) -> Result<i64, ErrorCode> {
    let partition = broker.partition(topic, index).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
    let mut state = partition.lock();
    if !state.log.config().cleanup_policy.delete {
        return Err(ErrorCode::POLICY_VIOLATION);
    }
    let end = state.log.end_offset();
    let offset = if offset == ALL { end } else { offset };
    if !(0..=end).contains(&offset) {
        return Err(ErrorCode::OFFSET_OUT_OF_RANGE);
    }
    let deleted = state.log.delete_until(offset);
    deleted.map_err(|error| {
        error!(topic, partition = index, %error, "records can't be deleted");
        ErrorCode::KAFKA_STORAGE_ERROR
    })?;
    let start = state.log.start_offset();
    state.producers.log_start_moved(start);
    Ok(start)
}
