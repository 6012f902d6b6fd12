//! Produce (0), versions 3 to 13. With one replica every acknowledgement comes after the append. Requests that came one
//! behind the other are answered together, so that what they have for a partition is one write.

// Appending what there is for one partition.
mod append;
// What requests have for which partition.
mod parts;
// Partitions that are named twice.
mod repeats;
// Batches of transactions.
mod transaction;
// Batches that wait for the disk.
mod unflushed;

use strait_broker_core::quota::QuotaKind;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::produce::{
    PartitionProduceData, PartitionProduceResponse, ProduceRequest, ProduceResponse, TopicProduceData,
    TopicProduceResponse,
};

use crate::call::Call;
use crate::dispatch::Answer;

use parts::{Parts, Place};
use unflushed::Unflushed;

/// A request while it is answered.
struct Pending<'a> {
    call: &'a Call,
    acks: i16,
    transactional_id: Option<String>,
    responses: Vec<TopicProduceResponse>,
    unflushed: Unflushed,
}

pub(crate) async fn handle(call: &Call, request: ProduceRequest) -> Answer<ProduceResponse> {
    handle_all(vec![(call, request)]).await.pop().expect("one for one request")
}

/// Answers each as if it came alone, up to one that ends the connection.
pub(crate) async fn handle_all(mut requests: Vec<(&Call, ProduceRequest)>) -> Vec<Answer<ProduceResponse>> {
    let mut answers = Vec::with_capacity(requests.len());
    while !requests.is_empty() && !matches!(answers.last(), Some(Answer::Close(_))) {
        // Only without acknowledgement an error ends the connection.
        let unacknowledged = requests.iter().position(|(_, request)| request.acks == 0);
        let behind = requests.split_off(unacknowledged.map_or(requests.len(), |place| place + 1));
        answers.extend(handle_together(requests).await);
        requests = behind;
    }
    answers
}

async fn handle_together(requests: Vec<(&Call, ProduceRequest)>) -> Vec<Answer<ProduceResponse>> {
    let mut parts = Parts::default();
    let requests = requests.into_iter().enumerate();
    let pending = requests.map(|(place, (call, request))| Pending::new(call, request, place, &mut parts));
    let mut pending: Vec<_> = pending.collect();
    let mut appended = Vec::new();
    for (partition, parts) in parts.into_partitions() {
        if append::append(&partition, parts, &mut pending) {
            appended.push(partition);
        }
    }
    appended.iter().for_each(|partition| partition.wake());
    let mut answers = Vec::with_capacity(pending.len());
    for request in pending {
        answers.push(request.answered().await);
    }
    answers
}

impl<'a> Pending<'a> {
    /// Takes the parts of a request that may be appended.
    fn new(call: &'a Call, request: ProduceRequest, place: usize, parts: &mut Parts) -> Self {
        let ProduceRequest { acks, transactional_id, topic_data, .. } = request;
        let all_failed = |error| move |data| all_failed(data, error);
        let responses = match acks {
            // Who may not use the transactional id writes nothing, whatever the topic.
            -1..=1 if !transaction::is_allowed(call, transactional_id.as_deref(), &topic_data) => {
                let error = ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
                topic_data.into_iter().map(all_failed(error)).collect()
            }
            -1..=1 => {
                let topics = repeats::without_repeats(topic_data).into_iter().enumerate();
                topics.map(|(topic, data)| parts.take(call, (place, topic), data)).collect()
            }
            _ => topic_data.into_iter().map(all_failed(ErrorCode::INVALID_REQUIRED_ACKS)).collect(),
        };
        Self { call, acks, transactional_id, responses, unflushed: Unflushed::default() }
    }

    fn answer(&mut self, place: Place) -> &mut PartitionProduceResponse {
        &mut self.responses[place.topic].partition_responses[place.partition]
    }

    /// Waits for the disk where that is due.
    async fn answered(self) -> Answer<ProduceResponse> {
        let Self { call, acks, mut responses, unflushed, .. } = self;
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
                Answer::Close(format!(
                    "client id `{client}`: produce without acknowledgement failed: {error}"
                ))
            }
        }
    }
}

fn all_failed(data: TopicProduceData, error: ErrorCode) -> TopicProduceResponse {
    let refused = |partition: &PartitionProduceData| failed(partition.index, error);
    let partition_responses = data.partition_data.iter().map(refused).collect();
    TopicProduceResponse { name: data.name, topic_id: data.topic_id, partition_responses }
}

fn failed(index: i32, error: ErrorCode) -> PartitionProduceResponse {
    PartitionProduceResponse { index, error_code: error.0, base_offset: -1, ..Default::default() }
}
