//! Produce: one validated batch for each partition, appended in order.

use strait_broker_core::produce_validation::{Depth, ProduceError, Validation, validate};
use strait_broker_core::producer_state::Append;
use strait_broker_log::LogError;
use strait_wire::batch::DecompressionLimit;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::produce::{
    BatchIndexAndErrorMessage, PartitionProduceData, PartitionProduceResponse, ProduceRequest,
    ProduceResponse, TopicProduceResponse,
};
use tracing::{error, warn};

use crate::broker::Broker;
use crate::catalog::Topic;
use crate::dispatch::Caller;
use crate::environment::now_ms;
use crate::group_coordinator::OFFSETS_TOPIC;
use crate::partition::{AppendError, Partition};

/// Most that the records of one batch may have when opened.
const OPENED: DecompressionLimit = DecompressionLimit(1 << 30);

pub(crate) fn handle(broker: &Broker, caller: Caller<'_>, request: ProduceRequest) -> ProduceResponse {
    let is_known = matches!(request.acks, -1..=1);
    let responses = request.topic_data.into_iter().map(|data| {
        let topic = broker.catalog().topic(&data.name).cloned();
        let partition_responses = data.partition_data.into_iter().map(|partition| {
            let index = partition.index;
            let answer = match (&topic, is_known) {
                (_, false) => Err(failed(ErrorCode::INVALID_REQUIRED_ACKS, None)),
                (None, true) => Err(failed(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, None)),
                (Some(topic), true) => append(topic, partition, caller),
            };
            PartitionProduceResponse { index, ..answer.unwrap_or_else(|failed| failed) }
        });
        TopicProduceResponse {
            partition_responses: partition_responses.collect(),
            name: data.name,
            topic_id: data.topic_id,
        }
    });
    ProduceResponse { responses: responses.collect(), ..ProduceResponse::default() }
}

fn append(
    topic: &Topic,
    data: PartitionProduceData,
    caller: Caller<'_>,
) -> Result<PartitionProduceResponse, PartitionProduceResponse> {
    if topic.name == OFFSETS_TOPIC {
        return Err(failed(ErrorCode::INVALID_TOPIC_EXCEPTION, None));
    }
    let partition = usize::try_from(data.index).ok().and_then(|index| topic.partitions.get(index));
    let unknown = || failed(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, None);
    let partition: &Partition = partition.ok_or_else(unknown)?;
    let validation = Validation {
        topic: &topic.config.batches,
        depth: Depth::Full,
        version: caller.version,
        now_ms: now_ms(),
        decompression_limit: OPENED,
    };
    let bytes = data.records.map(strait_wire::record_data::RecordData::into_bytes).unwrap_or_default();
    let valid = validate(&bytes, &validation).map_err(|error| refused(&error))?;
    let appended = partition.append(&valid.batch, Append::CLIENT);
    let appended = appended.map_err(|error| not_appended(&topic.name, data.index, &error))?;
    Ok(PartitionProduceResponse {
        base_offset: appended.base_offset,
        log_append_time_ms: valid.log_append_time_ms,
        log_start_offset: appended.log_start_offset,
        ..PartitionProduceResponse::default()
    })
}

fn failed(code: ErrorCode, message: Option<String>) -> PartitionProduceResponse {
    PartitionProduceResponse {
        error_code: code.0,
        base_offset: -1,
        error_message: message,
        ..PartitionProduceResponse::default()
    }
}

fn refused(error: &ProduceError) -> PartitionProduceResponse {
    let errors = match error {
        ProduceError::Records { errors, .. } => errors.as_slice(),
        _ => &[],
    };
    let record_errors = errors.iter().map(|error| BatchIndexAndErrorMessage {
        batch_index: error.index,
        batch_index_error_message: Some(error.message.clone()),
    });
    PartitionProduceResponse {
        record_errors: record_errors.collect(),
        ..failed(error.code(), Some(error.to_string()))
    }
}

fn not_appended(topic: &str, partition: i32, error: &AppendError) -> PartitionProduceResponse {
    let code = match error {
        AppendError::Producer(refused) => {
            warn!(topic, partition, %error, "a producer is refused");
            refused.code()
        }
        AppendError::Log(LogError::BatchTooLarge { .. }) => ErrorCode::RECORD_LIST_TOO_LARGE,
        AppendError::Log(_) | AppendError::Batch(_) => {
            error!(topic, partition, %error, "a batch can't be written");
            ErrorCode::KAFKA_STORAGE_ERROR
        }
    };
    failed(code, Some(error.to_string()))
}
