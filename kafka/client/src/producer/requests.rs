//! Batches on their way: into requests, and out again when they are too late.

use strait_wire::batch::Stamp;
use strait_wire::message::produce::{PartitionProduceData, ProduceRequest, TopicProduceData};
use strait_wire::record_data::RecordData;

use super::batch::Batch;
use super::config::Acks;
use super::delivery::Waiter;
use super::error::ProducerError;
use super::record::Written;
use super::sender::{Event, Request, Sender};
use crate::connection::Connection;
use crate::error::ConnectionError;
use crate::leaders::TopicPartition;
use crate::transaction::TRANSACTIONAL_PRODUCE_VERSION;

/// From this version on topics travel by id.
const TOPIC_ID_VERSION: i16 = 13;

type Batches = Vec<(TopicPartition, Batch<Waiter>)>;

impl Sender {
    /// Sends requests to a broker until nothing is ready or enough are out.
    pub(super) fn send_to(&mut self, id: i32, now_ms: i64) {
        let most = usize::try_from(self.shared.config.max_in_flight).unwrap_or(1);
        let Some(connection) = self.connection(id, now_ms) else { return self.on_blocked(id, now_ms) };
        loop {
            let Some(node) = self.nodes.get_mut(&id) else { return };
            if node.in_flight >= most {
                return self.on_blocked(id, now_ms);
            }
            let after = node.last_drained.take();
            let batches =
                self.with_moment(now_ms, |state, moment| state.accumulator.drain(id, after.as_ref(), moment));
            let Some(node) = self.nodes.get_mut(&id) else { return };
            node.last_drained = batches.last().map(|(partition, _)| partition.clone()).or(after);
            node.blocked_since_ms = None;
            if batches.is_empty() {
                return;
            }
            self.send_request(id, &connection, batches);
        }
    }

    fn on_blocked(&mut self, id: i32, now_ms: i64) {
        if let Some(node) = self.nodes.get_mut(&id) {
            node.blocked_since_ms.get_or_insert(now_ms);
        }
    }

    fn send_request(&mut self, id: i32, connection: &Connection, batches: Batches) {
        let (request, version, batches) = self.build(connection, batches);
        if batches.is_empty() {
            return;
        }
        if self.shared.config.acks == Acks::None {
            return self.send_unanswered(connection, &request, version, batches);
        }
        let number = self.next_request;
        self.next_request += 1;
        self.out.insert(number, Request { node: id, batches });
        self.nodes.entry(id).or_default().in_flight += 1;
        match connection.submit(&request, version) {
            Ok(pending) => {
                self.events.spawn(async move { Event::Answered(number, pending.await) });
            }
            Err(error) => self.on_answered(number, Err(error)),
        }
    }

    fn send_unanswered(
        &mut self,
        connection: &Connection,
        request: &ProduceRequest,
        version: i16,
        batches: Batches,
    ) {
        let sent = connection.submit_unanswered(request, version);
        let unknown = Written { base_offset: None, log_append_time_ms: None };
        for (partition, batch) in batches {
            self.on_returned(&partition);
            match &sent {
                Ok(()) => self.shared.finish(&partition, batch, &Ok(unknown)),
                Err(error) => self.on_lost(partition, batch, error),
            }
        }
    }

    /// One request of one batch for each partition; batches that can't be written fail here.
    fn build(&mut self, connection: &Connection, batches: Batches) -> (ProduceRequest, i16, Batches) {
        let highest = connection.version_of::<ProduceRequest>().unwrap_or(TRANSACTIONAL_PRODUCE_VERSION);
        let transactional_id = self.shared.config.transactional_id.clone();
        let most = if transactional_id.is_some() { TRANSACTIONAL_PRODUCE_VERSION } else { i16::MAX };
        let has_ids = batches.iter().all(|(partition, _)| {
            self.metadata.topics.get(&partition.0).is_some_and(|topic| !topic.id.is_zero())
        });
        let version = highest.min(most).min(if has_ids { i16::MAX } else { TOPIC_ID_VERSION - 1 });
        let mut topic_data: Vec<TopicProduceData> = Vec::new();
        let mut kept = Vec::with_capacity(batches.len());
        for (partition, batch) in batches {
            let (batch, records) = self.stamped(&partition, batch);
            match records {
                Ok(records) => {
                    self.put(&mut topic_data, &partition, records, version);
                    kept.push((partition, batch));
                }
                Err(error) => {
                    self.on_returned(&partition);
                    self.give_up(&partition, batch, error);
                }
            }
        }
        let config = &self.shared.config;
        let (acks, timeout_ms) = (config.acks.code(), config.request_timeout_ms);
        (ProduceRequest { transactional_id, acks, timeout_ms, topic_data }, version, kept)
    }

    fn put(
        &self,
        data: &mut Vec<TopicProduceData>,
        place: &TopicPartition,
        records: RecordData,
        version: i16,
    ) {
        let (name, index) = place;
        let id = self.metadata.topics.get(name).map(|topic| topic.id).unwrap_or_default();
        let partition = PartitionProduceData { index: *index, records: Some(records) };
        let by_id = version >= TOPIC_ID_VERSION;
        let known =
            data.iter_mut().find(|topic| if by_id { topic.topic_id == id } else { topic.name == *name });
        match known {
            Some(topic) => topic.partition_data.push(partition),
            None if by_id => {
                let partition_data = vec![partition];
                data.push(TopicProduceData { topic_id: id, partition_data, ..TopicProduceData::default() });
            }
            None => {
                let (name, partition_data) = (name.clone(), vec![partition]);
                data.push(TopicProduceData { name, partition_data, ..TopicProduceData::default() });
            }
        }
    }

    /// The batch as it goes on the wire, under its producer id and sequence.
    fn stamped(
        &self,
        partition: &TopicPartition,
        mut batch: Batch<Waiter>,
    ) -> (Batch<Waiter>, Result<RecordData, ProducerError>) {
        let stamp = self.stamp(partition, &batch);
        let stamped = batch.close().map(|closed| RecordData::from(closed.restamp(stamp)));
        (batch, stamped.map_err(ProducerError::Batch))
    }

    fn stamp(&self, partition: &TopicPartition, batch: &Batch<Waiter>) -> Stamp {
        let mut state = self.shared.state();
        let queue = state.accumulator.queue(partition).filter(|_| self.shared.idempotent);
        let transactional = self.shared.is_transactional();
        queue.and_then(|queue| queue.sequences.stamp(batch.first, transactional)).unwrap_or(Stamp::NONE)
    }

    /// A partition has a request less out.
    pub(super) fn on_returned(&self, partition: &TopicPartition) {
        if let Some(queue) = self.shared.state().accumulator.queue(partition) {
            queue.on_returned();
        }
    }

    /// Nobody knows whether the batch was written, or it was not sent: like any lost connection.
    pub(super) fn on_lost(
        &mut self,
        partition: TopicPartition,
        batch: Batch<Waiter>,
        error: &ConnectionError,
    ) {
        self.wants_refresh = true;
        let lost = strait_wire::error_code::ErrorCode::NETWORK_EXCEPTION;
        self.on_answer(partition, batch, lost, -1, Some(error.to_string()));
    }
}
