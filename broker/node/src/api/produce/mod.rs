//! Produce (0), versions 3 to 13. Batches are checked before the partition's lock is taken. With one replica every
//! acknowledgement comes after the append.

// Batches of transactions.
mod transaction;
// Batches that wait for the disk.
mod unflushed;

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use strait_broker_core::acl::{Operation, ResourceType};
use strait_broker_core::produce_validation::{Depth, ProduceError, Validation, only_batch, validate};
use strait_broker_core::producer_state::{Append, Origin};
use strait_broker_core::quota::QuotaKind;
use strait_wire::batch::DecompressionLimit;
use strait_wire::error_code::ErrorCode;
use strait_wire::ids::Uuid;
use strait_wire::message::produce::{
    BatchIndexAndErrorMessage, PartitionProduceData, PartitionProduceResponse, ProduceRequest,
    ProduceResponse, TopicProduceData, TopicProduceResponse,
};

use crate::call::Call;
use crate::clock::now_ms;
use crate::dispatch::Answer;
use crate::partition::{AppendError, Partition};
use crate::topics::{Topic, is_internal};

use unflushed::Unflushed;

/// How much larger than the longest batch of its topic a batch may become when it is opened: so much, but at least and at
/// most these bytes, where the most is never less than a few of the longest batches.
const EXPANSION: usize = 100;
const ALWAYS_OPENED: usize = 16 << 20;
const MOST_OPENED: usize = 64 << 20;
const LONGEST_BATCHES: usize = 4;
/// What is a smaller part than this of its request is copied: the newest batches stay in memory, and would hold all of
/// the request there.
const SMALL_PART: usize = 8;
/// First version with topics by id.
const BY_ID: i16 = 13;

pub(crate) async fn handle(call: &Call, request: ProduceRequest) -> Answer<ProduceResponse> {
    let acks = request.acks;
    let id = request.transactional_id.as_deref();
    let mut unflushed = Unflushed::default();
    let mut responses: Vec<TopicProduceResponse> = match acks {
        // Who may not use the transactional id writes nothing, whatever the topic.
        -1..=1 if !transaction::is_allowed(call, id, &request.topic_data) => {
            let error = ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
            request.topic_data.into_iter().map(|data| all_failed(data, error)).collect()
        }
        -1..=1 => append_all(call, id, without_repeats(request.topic_data), &mut unflushed),
        _ => {
            let error = ErrorCode::INVALID_REQUIRED_ACKS;
            request.topic_data.into_iter().map(|data| all_failed(data, error)).collect()
        }
    };
    unflushed.settle(&mut responses).await;
    let throttle_time_ms = call.used(QuotaKind::ProducerByteRate, call.request_bytes);
    if acks != 0 {
        return ProduceResponse { responses, throttle_time_ms, ..Default::default() }.into();
    }
    // Nobody is told of an error, so the connection ends: the client reads its metadata again.
    let mut partitions = responses.iter().flat_map(|topic| topic.partition_responses.iter());
    match partitions.find(|partition| partition.error_code != 0) {
        None => Answer::Nothing { throttle_ms: throttle_time_ms },
        Some(failed) => {
            let (client, error) = (&call.client_id, ErrorCode(failed.error_code));
            Answer::Close(format!("client id `{client}`: produce without acknowledgement failed: {error}"))
        }
    }
}

fn all_failed(data: TopicProduceData, error: ErrorCode) -> TopicProduceResponse {
    let refused = |partition: &PartitionProduceData| failed(partition.index, error);
    let partition_responses = data.partition_data.iter().map(refused).collect();
    TopicProduceResponse { name: data.name, topic_id: data.topic_id, partition_responses }
}

/// A partition that is named again counts once, with what is said of it last, as in Kafka.
fn without_repeats(topics: Vec<TopicProduceData>) -> Vec<TopicProduceData> {
    let mut places = HashMap::new();
    let mut kept: Vec<TopicProduceData> = Vec::with_capacity(topics.len());
    for mut data in topics {
        let partitions = std::mem::take(&mut data.partition_data);
        let place = *places.entry((data.name.clone(), data.topic_id)).or_insert(kept.len());
        if place == kept.len() {
            kept.push(data);
        }
        merge(&mut kept[place].partition_data, partitions);
    }
    kept
}

fn merge(kept: &mut Vec<PartitionProduceData>, partitions: Vec<PartitionProduceData>) {
    let mut places: HashMap<i32, usize> =
        (0..).zip(&*kept).map(|(place, data)| (data.index, place)).collect();
    for data in partitions {
        match places.get(&data.index) {
            Some(place) => kept[*place] = data,
            None => {
                places.insert(data.index, kept.len());
                kept.push(data);
            }
        }
    }
}

/// What follows appends: who waits for records is woken once for each request, and some batches wait for the disk.
#[derive(Default)]
struct Following {
    appended: Vec<Arc<Partition>>,
    unflushed: Unflushed,
}

/// Appends everything, then wakes who waits for it.
fn append_all(
    call: &Call,
    id: Option<&str>,
    topics: Vec<TopicProduceData>,
    unflushed: &mut Unflushed,
) -> Vec<TopicProduceResponse> {
    let mut following = Following::default();
    let topics = topics.into_iter().enumerate();
    let responses = topics.map(|(place, data)| topic(call, id, (place, data), &mut following)).collect();
    following.appended.iter().for_each(|partition| partition.wake());
    *unflushed = following.unflushed;
    responses
}

fn topic(
    call: &Call,
    id: Option<&str>,
    (place, data): (usize, TopicProduceData),
    following: &mut Following,
) -> TopicProduceResponse {
    let TopicProduceData { name, topic_id, partition_data } = data;
    let (found, unknown) = match call.version >= BY_ID {
        true => (call.node.topics.by_id(topic_id), ErrorCode::UNKNOWN_TOPIC_ID),
        false => (call.node.topics.by_name(&name), ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
    };
    let known = found.as_ref().map_or(name.as_str(), |topic| &topic.name);
    // An id that is not known names nothing that could be refused.
    let is_unknown_id = found.is_none() && call.version >= BY_ID;
    let is_allowed = is_unknown_id || call.may(Operation::Write, ResourceType::Topic, known);
    let answered = partition_data.into_iter().enumerate().map(|(inner, data)| match &found {
        _ if !is_allowed => failed(data.index, ErrorCode::TOPIC_AUTHORIZATION_FAILED),
        Some(topic) => partition(call, id, topic, ((place, inner), data), following),
        None => failed(data.index, unknown),
    });
    let partition_responses = answered.collect();
    let topic_id = if call.version >= BY_ID { topic_id } else { Uuid::ZERO };
    TopicProduceResponse { name, topic_id, partition_responses }
}

fn failed(index: i32, error: ErrorCode) -> PartitionProduceResponse {
    PartitionProduceResponse { index, error_code: error.0, base_offset: -1, ..Default::default() }
}

fn partition(
    call: &Call,
    id: Option<&str>,
    topic: &Topic,
    (place, data): ((usize, usize), PartitionProduceData),
    following: &mut Following,
) -> PartitionProduceResponse {
    let index = data.index;
    let Some(partition) = topic.partition(index) else {
        return failed(index, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    };
    if is_internal(&topic.name) {
        return failed(index, ErrorCode::INVALID_TOPIC_EXCEPTION);
    }
    let mut records = data.records.unwrap_or_default().into_bytes();
    if records.len().saturating_mul(SMALL_PART) < call.request_bytes {
        records = Bytes::copy_from_slice(&records);
    }
    match append(call, id, partition, &records) {
        Ok((response, flush_to)) => {
            following.appended.push(Arc::clone(partition));
            if let Some(offset) = flush_to {
                following.unflushed.add(place, partition, offset);
            }
            response
        }
        Err(Failure::Content(error)) => refused(index, &error),
        Err(Failure::Transaction(error)) => failed(index, error),
        Err(Failure::Append(error)) => {
            let (topic, client) = (&topic.name, &call.client_id);
            tracing::warn!(topic, partition = index, client, %error, "batch not appended");
            failed(index, error.code())
        }
    }
}

enum Failure {
    Content(ProduceError),
    /// The transaction's coordinator does not let the batch in.
    Transaction(ErrorCode),
    Append(AppendError),
}

/// The answer, and up to where the partition is to be flushed before it is given.
fn append(
    call: &Call,
    transactional_id: Option<&str>,
    partition: &Partition,
    records: &Bytes,
) -> Result<(PartitionProduceResponse, Option<i64>), Failure> {
    let (topic, now_ms) = (partition.produce_rules(), now_ms());
    let limit = opened(topic.max_message_bytes);
    let (depth, version) = (Depth::Full, call.version);
    let validation = Validation { topic: &topic, depth, version, now_ms, decompression_limit: limit };
    // As in Kafka the coordinator is asked before the content is looked at.
    let batch = only_batch(records, &validation).map_err(Failure::Content)?;
    let guard = transaction::verified(call, transactional_id, partition, &batch);
    let append = Append { origin: Origin::Client, guard: guard.map_err(Failure::Transaction)? };
    let valid = call.node.decompressors.open(limit, |decompressor, decompression_limit| {
        validate(&batch, &Validation { decompression_limit, ..validation }, decompressor)
    });
    let valid = valid.map_err(Failure::Content)?;
    let appended = partition.append(&valid.batch, append, now_ms).map_err(Failure::Append)?;
    let response = PartitionProduceResponse {
        index: partition.index,
        base_offset: appended.base_offset,
        // As in Kafka a duplicate has the time of its first, also where that is its producer's.
        log_append_time_ms: appended.duplicate_timestamp.unwrap_or(valid.log_append_time_ms),
        log_start_offset: appended.log_start_offset,
        ..Default::default()
    };
    Ok((response, appended.flush_to))
}

/// Most that one batch may give when it is opened; a bomb is stopped there.
fn opened(max_message_bytes: usize) -> DecompressionLimit {
    let most = max_message_bytes.saturating_mul(LONGEST_BATCHES).max(MOST_OPENED);
    DecompressionLimit(max_message_bytes.saturating_mul(EXPANSION).clamp(ALWAYS_OPENED, most))
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
