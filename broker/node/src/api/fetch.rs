//! Fetch: whole batches, waited for when there are few. Each request stands alone: no session is offered (KIP-227).

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::select_all;
use strait_broker_log::LogError;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::fetch::{
    AbortedTransaction, EpochEndOffset, FetchPartition, FetchRequest, FetchResponse, FetchableTopicResponse,
    PartitionData,
};
use strait_wire::record_data::RecordData;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use tracing::error;

use crate::broker::Broker;
use crate::dispatch::Caller;
use crate::partition::{Found, LEADER_EPOCH, Partition};

/// From this version on topics travel by id.
const TOPIC_ID_SINCE: i16 = 13;
/// The longest wait that is granted.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// One partition that is asked for, where it is known.
struct Asked {
    topic: usize,
    partition: Option<Arc<Partition>>,
    unknown: ErrorCode,
    wanted: FetchPartition,
}

pub(crate) async fn handle(broker: &Broker, caller: Caller<'_>, request: FetchRequest) -> FetchResponse {
    if request.session_epoch > 0 {
        let error_code = ErrorCode::FETCH_SESSION_ID_NOT_FOUND.0;
        return FetchResponse { error_code, ..FetchResponse::default() };
    }
    let wait = Duration::from_millis(u64::try_from(request.max_wait_ms).unwrap_or(0)).min(LONGEST_WAIT);
    let deadline = Instant::now() + wait;
    let asked = asked(broker, caller, &request);
    let mut ends: Vec<watch::Receiver<i64>> =
        asked.iter().filter_map(|asked| Some(asked.partition.as_ref()?.subscribe())).collect();
    let least = usize::try_from(request.min_bytes).unwrap_or(0);
    loop {
        let (response, bytes, is_urgent) = read_all(broker, &request, &asked);
        if bytes >= least || is_urgent || Instant::now() >= deadline {
            return response;
        }
        if ends.is_empty() {
            tokio::time::sleep_until(deadline).await;
            continue;
        }
        let changes = ends.iter_mut().map(|end| Box::pin(end.changed()));
        // Time is over: what there is then is the answer.
        let _ = timeout_at(deadline, select_all(changes)).await;
    }
}

fn asked(broker: &Broker, caller: Caller<'_>, request: &FetchRequest) -> Vec<Asked> {
    let catalog = broker.catalog();
    let mut asked = Vec::new();
    for (index, topic) in request.topics.iter().enumerate() {
        let (known, unknown) = match caller.version >= TOPIC_ID_SINCE {
            true => (catalog.topic_by_id(topic.topic_id), ErrorCode::UNKNOWN_TOPIC_ID),
            false => (catalog.topic(&topic.topic), ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
        };
        for wanted in &topic.partitions {
            let number = usize::try_from(wanted.partition).ok();
            let partition = known.and_then(|known| known.partitions.get(number?).cloned());
            let unknown = if known.is_some() { ErrorCode::UNKNOWN_TOPIC_OR_PARTITION } else { unknown };
            asked.push(Asked { topic: index, partition, unknown, wanted: wanted.clone() });
        }
    }
    asked
}

/// The answer as of now, its bytes of records, and whether it must not wait.
fn read_all(broker: &Broker, request: &FetchRequest, asked: &[Asked]) -> (FetchResponse, usize, bool) {
    let mut responses: Vec<FetchableTopicResponse> = request
        .topics
        .iter()
        .map(|topic| FetchableTopicResponse {
            topic: topic.topic.clone(),
            topic_id: topic.topic_id,
            partitions: Vec::with_capacity(topic.partitions.len().min(1_024)),
        })
        .collect();
    let most = usize::try_from(request.max_bytes).unwrap_or(0).min(broker.configuration.fetch_max_bytes);
    let (mut bytes, mut is_urgent) = (0, false);
    for asked in asked {
        let room = most.saturating_sub(bytes);
        let data = read(asked, request.isolation_level == 1, room, bytes == 0);
        is_urgent |= data.error_code != 0 || data.diverging_epoch.epoch >= 0;
        bytes += data.records.as_ref().map_or(0, RecordData::len);
        responses[asked.topic].partitions.push(data);
    }
    (FetchResponse { responses, ..FetchResponse::default() }, bytes, is_urgent)
}

fn read(asked: &Asked, is_committed_only: bool, room: usize, is_first: bool) -> PartitionData {
    let partition_index = asked.wanted.partition;
    let refused = |code: ErrorCode| PartitionData {
        partition_index,
        error_code: code.0,
        high_watermark: -1,
        records: Some(RecordData::default()),
        ..PartitionData::default()
    };
    let Some(partition) = &asked.partition else { return refused(asked.unknown) };
    match asked.wanted.current_leader_epoch {
        -1 | LEADER_EPOCH => {}
        epoch if epoch < LEADER_EPOCH => return refused(ErrorCode::FENCED_LEADER_EPOCH),
        _ => return refused(ErrorCode::UNKNOWN_LEADER_EPOCH),
    }
    if let Some(diverging_epoch) = diverging(partition, &asked.wanted) {
        return PartitionData { diverging_epoch, ..refused(ErrorCode::NONE) };
    }
    let most = usize::try_from(asked.wanted.partition_max_bytes).unwrap_or(0).min(room);
    match partition.read(asked.wanted.fetch_offset, most, is_committed_only, is_first) {
        Ok(found) => answered(partition_index, found, is_committed_only),
        Err(LogError::OffsetOutOfRange { .. }) => refused(ErrorCode::OFFSET_OUT_OF_RANGE),
        Err(error) => {
            error!(partition = partition_index, %error, "a log can't be read");
            refused(ErrorCode::KAFKA_STORAGE_ERROR)
        }
    }
}

/// Where the epoch that the reader saw last ended, when that is before its offset (KIP-595).
fn diverging(partition: &Partition, wanted: &FetchPartition) -> Option<EpochEndOffset> {
    if wanted.last_fetched_epoch < 0 {
        return None;
    }
    let (epoch, end_offset) = partition.lock().log.epoch_end_offset(wanted.last_fetched_epoch);
    let differs = epoch < wanted.last_fetched_epoch || end_offset < wanted.fetch_offset;
    (epoch >= 0 && differs).then_some(EpochEndOffset { epoch, end_offset })
}

fn answered(partition_index: i32, found: Found, is_committed_only: bool) -> PartitionData {
    let aborted = found.aborted.iter().map(|aborted| AbortedTransaction {
        producer_id: aborted.producer_id,
        first_offset: aborted.first_offset,
    });
    PartitionData {
        partition_index,
        high_watermark: found.high_watermark,
        last_stable_offset: found.last_stable_offset,
        log_start_offset: found.log_start_offset,
        aborted_transactions: is_committed_only.then(|| aborted.collect()),
        records: Some(RecordData(found.read.batches)),
        ..PartitionData::default()
    }
}
