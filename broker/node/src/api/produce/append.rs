//! What requests have for one partition is checked before its lock is taken, then appended.

use std::sync::Arc;

use bytes::Bytes;
use strait_broker_core::produce_validation::{
    Depth, ProduceError, ValidBatch, Validation, only_batch, validate,
};
use strait_broker_core::producer_state::{Append, Origin};
use strait_wire::batch::DecompressionLimit;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::produce::{BatchIndexAndErrorMessage, PartitionProduceResponse};

use super::parts::Part;
use super::{Pending, failed, transaction};
use crate::clock::now_ms;
use crate::partition::{AppendError, Partition};

/// How much larger than the longest batch of its topic a batch may become when it is opened: so much, but at least and at
/// most these bytes, where the most is never less than a few of the longest batches.
const EXPANSION: usize = 100;
const ALWAYS_OPENED: usize = 16 << 20;
const MOST_OPENED: usize = 64 << 20;
const LONGEST_BATCHES: usize = 4;

/// Why a batch is not taken.
enum Refusal {
    Content(ProduceError),
    /// The transaction's coordinator does not let the batch in.
    Transaction(ErrorCode),
}

/// Appends all `parts`, and puts the answers in their places. Gives whether anything was appended.
pub(super) fn append(partition: &Arc<Partition>, parts: Vec<Part>, pending: &mut [Pending<'_>]) -> bool {
    let now_ms = now_ms();
    let (mut batches, mut places) = (Vec::new(), Vec::new());
    for Part { place, records } in parts {
        let request = &mut pending[place.request];
        match valid(request, partition, &records, now_ms) {
            Ok((valid, append)) => {
                places.push((place, valid.log_append_time_ms));
                batches.push((valid.batch, append));
            }
            Err(Refusal::Content(error)) => *request.answer(place) = refused(partition.index, &error),
            Err(Refusal::Transaction(error)) => *request.answer(place) = failed(partition.index, error),
        }
    }
    let mut is_appended = false;
    for ((place, log_append_time_ms), appended) in
        places.into_iter().zip(partition.append_all(&batches, now_ms))
    {
        let request = &mut pending[place.request];
        match appended {
            Ok(appended) => {
                is_appended = true;
                *request.answer(place) = PartitionProduceResponse {
                    index: partition.index,
                    base_offset: appended.base_offset,
                    // As in Kafka a duplicate has the time of its first, also where that is its producer's.
                    log_append_time_ms: appended.duplicate_timestamp.unwrap_or(log_append_time_ms),
                    log_start_offset: appended.log_start_offset,
                    ..Default::default()
                };
                if let Some(offset) = appended.flush_to {
                    request.unflushed.add((place.topic, place.partition), partition, offset);
                }
            }
            Err(error) => *request.answer(place) = not_appended(request, partition, &error),
        }
    }
    is_appended
}

/// The batch as it is to be appended.
fn valid(
    request: &Pending<'_>,
    partition: &Partition,
    records: &Bytes,
    now_ms: i64,
) -> Result<(ValidBatch, Append), Refusal> {
    let Pending { call, transactional_id, .. } = request;
    let topic = partition.produce_rules();
    let limit = opened(topic.max_message_bytes);
    let (depth, version) = (Depth::Full, call.version);
    let validation = Validation { topic: &topic, depth, version, now_ms, decompression_limit: limit };
    // As in Kafka the coordinator is asked before the content is looked at.
    let batch = only_batch(records, &validation).map_err(Refusal::Content)?;
    let guard = transaction::verified(call, transactional_id.as_deref(), partition, &batch);
    let append = Append { origin: Origin::Client, guard: guard.map_err(Refusal::Transaction)? };
    let valid = call.node.decompressors.open(limit, |decompressor, decompression_limit| {
        validate(&batch, &Validation { decompression_limit, ..validation }, decompressor)
    });
    Ok((valid.map_err(Refusal::Content)?, append))
}

/// Most that one batch may give when it is opened; a bomb is stopped there.
fn opened(max_message_bytes: usize) -> DecompressionLimit {
    let most = max_message_bytes.saturating_mul(LONGEST_BATCHES).max(MOST_OPENED);
    DecompressionLimit(max_message_bytes.saturating_mul(EXPANSION).clamp(ALWAYS_OPENED, most))
}

fn not_appended(
    request: &Pending<'_>,
    partition: &Partition,
    error: &AppendError,
) -> PartitionProduceResponse {
    let Partition { topic, index, .. } = partition;
    let client = &request.call.client_id;
    tracing::warn!(topic, partition = index, client, %error, "batch not appended");
    failed(*index, error.code())
}

fn refused(index: i32, error: &ProduceError) -> PartitionProduceResponse {
    let records = error.record_errors().iter().map(|record| BatchIndexAndErrorMessage {
        batch_index: record.index,
        batch_index_error_message: Some(record.message.clone()),
    });
    PartitionProduceResponse {
        record_errors: records.collect(),
        error_message: error.message(),
        ..failed(index, error.code())
    }
}
