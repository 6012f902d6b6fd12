//! DeleteRecords (21), versions 0 to 2.

use strait_broker_core::acl::{Operation, ResourceType};
use strait_broker_log::LogError;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::delete_records::{
    DeleteRecordsPartitionResult, DeleteRecordsRequest, DeleteRecordsResponse, DeleteRecordsTopic,
    DeleteRecordsTopicResult,
};

use crate::call::Call;
use crate::node::blocking;
use crate::partition::Partition;

/// Stands for the high watermark.
const ALL: i64 = -1;

pub(crate) async fn handle(call: &Call, request: DeleteRecordsRequest) -> DeleteRecordsResponse {
    let topics = request.topics.into_iter().map(|DeleteRecordsTopic { name, partitions }| {
        let is_allowed = call.may(Operation::Delete, ResourceType::Topic, &name);
        let topic = call.node.topics.by_name(&name);
        let partitions = partitions.iter().map(|wanted| {
            let partition = topic.as_ref().and_then(|topic| topic.partition(wanted.partition_index));
            let deleted = match partition {
                _ if !is_allowed => Err(ErrorCode::TOPIC_AUTHORIZATION_FAILED),
                Some(found) => delete(found, wanted.offset),
                None => Err(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
            };
            let (low_watermark, error) = match deleted {
                Ok(start) => (start, ErrorCode::NONE),
                Err(error) => (-1, error),
            };
            let (partition_index, error_code) = (wanted.partition_index, error.0);
            DeleteRecordsPartitionResult { partition_index, low_watermark, error_code }
        });
        let partitions = partitions.collect();
        DeleteRecordsTopicResult { name, partitions }
    });
    let topics = topics.collect();
    // The files of what was deleted go later; the new starts are on disk before anybody hears of them.
    if let Err(error) = blocking(|| call.node.controller.checkpoint_log_starts()) {
        tracing::error!(%error, "starts of logs not stored: deleted records may come back");
    }
    DeleteRecordsResponse { throttle_time_ms: 0, topics }
}

/// Gives the new start of the log.
fn delete(partition: &Partition, offset: i64) -> Result<i64, ErrorCode> {
    let deleted = partition.change(|log, producers| {
        if !log.config().cleanup_policy.delete {
            return Err(ErrorCode::POLICY_VIOLATION);
        }
        let offset = if offset == ALL { log.high_watermark() } else { offset };
        if offset < 0 {
            return Err(ErrorCode::OFFSET_OUT_OF_RANGE);
        }
        if offset > log.high_watermark() {
            return Err(ErrorCode::OFFSET_OUT_OF_RANGE);
        }
        log.delete_until(offset).map_err(|error| match error {
            LogError::OffsetOutOfRange { .. } => ErrorCode::OFFSET_OUT_OF_RANGE,
            _ => ErrorCode::KAFKA_STORAGE_ERROR,
        })?;
        producers.log_start_moved(log.start_offset());
        Ok(log.start_offset())
    });
    deleted.unwrap_or_else(|absent| Err(absent.code()))
}
