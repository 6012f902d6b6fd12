//! What becomes of batches: written, sent again, given up; and of the sequences of their partitions.

use std::collections::BTreeMap;
use std::sync::Arc;

use strait_wire::error_code::ErrorCode;
use strait_wire::message::produce::{PartitionProduceResponse, ProduceResponse};

use super::batch::Batch;
use super::delivery::Waiter;
use super::error::ProducerError;
use super::record::Written;
use super::sender::Sender;
use super::verdict::{Answer, Verdict, is_fatal, wants_metadata};
use crate::admin::ProducerIdentity;
use crate::error::{BrokerError, ConnectionError};
use crate::leaders::TopicPartition;

impl Sender {
    pub(super) fn on_answered(&mut self, number: u64, outcome: Result<ProduceResponse, ConnectionError>) {
        let Some(request) = self.out.remove(&number) else { return };
        if let Some(node) = self.nodes.get_mut(&request.node) {
            node.in_flight = node.in_flight.saturating_sub(1);
        }
        match outcome {
            Ok(response) => {
                let mut answers = self.sort(response);
                for (partition, batch) in request.batches {
                    self.on_returned(&partition);
                    match answers.remove(&partition) {
                        Some(answer) => self.on_partition_answer(partition, batch, answer),
                        None => self.on_answer(partition, batch, ErrorCode::UNKNOWN_SERVER_ERROR, -1, None),
                    }
                }
            }
            Err(error) => {
                tracing::debug!(%error, "a produce has no answer");
                for (partition, batch) in request.batches {
                    self.on_returned(&partition);
                    self.on_lost(partition, batch, &error);
                }
            }
        }
    }

    /// Answers by partition; topics may be named by id.
    fn sort(&self, response: ProduceResponse) -> BTreeMap<TopicPartition, PartitionProduceResponse> {
        let mut answers = BTreeMap::new();
        for topic in response.responses {
            let by_id = || self.metadata.topics.values().find(|known| known.id == topic.topic_id);
            let name = match topic.topic_id.is_zero() {
                true => topic.name.clone(),
                false => by_id().map_or(String::new(), |known| known.name.clone()),
            };
            for partition in topic.partition_responses {
                answers.insert((name.clone(), partition.index), partition);
            }
        }
        answers
    }

    fn on_partition_answer(
        &mut self,
        partition: TopicPartition,
        batch: Batch<Waiter>,
        answer: PartitionProduceResponse,
    ) {
        let code = ErrorCode(answer.error_code);
        if code.is_ok() {
            let base_offset = (answer.base_offset >= 0).then_some(answer.base_offset);
            let log_append_time_ms = (answer.log_append_time_ms >= 0).then_some(answer.log_append_time_ms);
            return self.on_written(&partition, batch, Written { base_offset, log_append_time_ms });
        }
        let by_record = answer.record_errors.into_iter().find_map(|error| error.batch_index_error_message);
        let message = answer.error_message.or(by_record);
        self.on_answer(partition, batch, code, answer.log_start_offset, message);
    }

    fn on_written(&mut self, partition: &TopicPartition, batch: Batch<Waiter>, written: Written) {
        if let Some(queue) = self.shared.state().accumulator.queue(partition) {
            queue.sequences.on_acked(batch.first, written.base_offset);
        }
        self.shared.finish(partition, batch, &Ok(written));
    }

    /// An error, from a broker or for a lost connection.
    pub(super) fn on_answer(
        &mut self,
        partition: TopicPartition,
        mut batch: Batch<Waiter>,
        code: ErrorCode,
        log_start_offset: i64,
        message: Option<String>,
    ) {
        self.wants_refresh |= wants_metadata(code);
        let error = BrokerError { code, message };
        batch.last_error = Some(error.to_string());
        let verdict = self.verdict(&partition, &batch, code, log_start_offset);
        tracing::debug!(topic = partition.0, partition = partition.1, %error, ?verdict, "a batch was not written");
        match verdict {
            Verdict::Written | Verdict::WasWritten => {
                let unknown = Written { base_offset: None, log_append_time_ms: None };
                self.on_written(&partition, batch, unknown);
            }
            Verdict::Split => self.split(partition, batch),
            Verdict::Retry => self.put_back(&partition, batch),
            Verdict::RetryRestarted => {
                self.restart(&partition);
                self.put_back(&partition, batch);
            }
            Verdict::Fail => {
                let (topic, partition_index) = partition.clone();
                let refused = ProducerError::Refused { topic, partition: partition_index, error };
                self.give_up(&partition, batch, refused);
            }
        }
    }

    fn verdict(
        &self,
        partition: &TopicPartition,
        batch: &Batch<Waiter>,
        code: ErrorCode,
        log_start_offset: i64,
    ) -> Verdict {
        let mut state = self.shared.state();
        let age_ms = self.shared.now_ms().saturating_sub(batch.created_ms);
        let in_time = age_ms < state.accumulator.limits.delivery_timeout_ms;
        let attempts_left = batch.attempts.saturating_sub(1) < self.shared.config.retries;
        let may_retry =
            in_time && attempts_left && state.failure.is_none() && state.transaction.failure().is_none();
        let answer = Answer {
            code,
            log_start_offset,
            first: batch.first,
            records: batch.count(),
            may_retry,
            idempotent: self.shared.idempotent,
            transactional: self.shared.is_transactional(),
        };
        match state.accumulator.queue(partition) {
            Some(queue) => answer.verdict(&queue.sequences),
            None => Verdict::Fail,
        }
    }

    fn put_back(&self, partition: &TopicPartition, mut batch: Batch<Waiter>) {
        batch.last_attempt_ms = self.shared.now_ms();
        if let Some(queue) = self.shared.state().accumulator.queue(partition) {
            queue.put_back(batch);
        }
    }

    fn split(&mut self, partition: TopicPartition, mut left: Batch<Waiter>) {
        let right = match left.split_off(self.shared.config.compression) {
            Ok(right) => right,
            Err(error) => return self.give_up(&partition, left, ProducerError::Batch(error)),
        };
        let mut state = self.shared.state();
        state.accumulator.on_split(left.id);
        if let Some(queue) = state.accumulator.queue(&partition) {
            queue.sequences.split(left.first, left.count());
            // The parts are new: they need not wait, and have all their attempts.
            for mut part in [left, right] {
                part.attempts = 0;
                queue.put_back(part);
            }
        }
    }

    /// The partition counts from 0: under a new epoch, or in a transaction under the same.
    fn restart(&mut self, partition: &TopicPartition) {
        let mut state = self.shared.state();
        let identity = state.identity;
        let transactional = self.shared.is_transactional();
        let Some(queue) = state.accumulator.queue(partition) else { return };
        match identity {
            Some(identity) if transactional => queue.sequences.restart(identity),
            _ => queue.wants_restart = true,
        }
    }

    /// A batch that will not be written, as far as anybody knows.
    pub(super) fn give_up(&mut self, partition: &TopicPartition, batch: Batch<Waiter>, error: ProducerError) {
        let fatal = error.code().is_some_and(is_fatal);
        let mut state = self.shared.state();
        let attempts_left = batch.attempts.saturating_sub(1) < self.shared.config.retries;
        let transactional = self.shared.is_transactional();
        if let Some(queue) = state.accumulator.queue(partition).filter(|_| self.shared.idempotent) {
            match (transactional, attempts_left) {
                // Without attempts left nobody knows which sequence the broker has.
                (_, false) => queue.sequences.on_failed(batch.first),
                (true, true) => queue.sequences.close_gap(batch.first),
                (false, true) => {
                    queue.sequences.on_failed(batch.first);
                    queue.wants_restart = true;
                }
            }
        }
        if transactional {
            state.transaction.on_failure(Arc::new(error.clone()), fatal);
        }
        drop(state);
        self.shared.finish(partition, batch, &Err(error.clone()));
        if transactional {
            self.shared.fail_all(&error);
        }
    }

    /// Partitions that lost their count begin again, all under one new epoch.
    pub(super) fn settle_sequences(&mut self) {
        let mut guard = self.shared.state();
        let state = &mut *guard;
        // In a transaction the failure that left the gap has ended it, and the abort raises the epoch.
        let counts = self.shared.idempotent && !self.shared.is_transactional();
        let (Some(identity), true) = (state.identity, counts) else { return };
        let mut wants_epoch = false;
        for (_, _, queue) in state.accumulator.queues() {
            queue.wants_restart |= queue.sequences.resolve() == Some(true);
            wants_epoch |= queue.wants_restart;
        }
        if wants_epoch {
            state.raise_epoch(identity);
        }
    }
}

impl super::shared::State {
    /// The next epoch of the same id is taken without asking (KIP-360); behind the last one a new id is asked for.
    fn raise_epoch(&mut self, identity: ProducerIdentity) {
        let Some(producer_epoch) = identity.producer_epoch.checked_add(1) else {
            self.identity = None;
            return;
        };
        let raised = ProducerIdentity { producer_epoch, ..identity };
        self.identity = Some(raised);
        for (_, _, queue) in self.accumulator.queues() {
            if std::mem::take(&mut queue.wants_restart) {
                queue.sequences.restart(raised);
            }
        }
    }
}
