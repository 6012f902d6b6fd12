//! Batches that are too late, and brokers that are too slow for new ones.

use super::batch::Batch;
use super::delivery::Waiter;
use super::error::ProducerError;
use super::sender::Sender;
use crate::leaders::TopicPartition;

impl Sender {
    /// Fails what waited, or was out, for longer than the delivery timeout.
    pub(super) fn expire(&mut self, now_ms: i64) {
        let (timeout_ms, mut expired) = {
            let mut state = self.shared.state();
            (state.accumulator.limits.delivery_timeout_ms, state.accumulator.expire(now_ms))
        };
        for request in self.out.values_mut() {
            let is_over = |batch: &Batch<Waiter>| now_ms.saturating_sub(batch.created_ms) >= timeout_ms;
            let (over, kept) = request.batches.drain(..).partition(|(_, batch)| is_over(batch));
            request.batches = kept;
            let over: Vec<(TopicPartition, Batch<Waiter>)> = over;
            let mut state = self.shared.state();
            for (partition, _) in &over {
                state.accumulator.queue(partition).into_iter().for_each(|queue| queue.on_returned());
            }
            expired.extend(over);
        }
        for (partition, batch) in expired {
            self.on_expired(&partition, batch, now_ms);
        }
    }

    fn on_expired(&mut self, partition: &TopicPartition, batch: Batch<Waiter>, now_ms: i64) {
        let after_ms = now_ms.saturating_sub(batch.created_ms);
        let (topic, index) = partition.clone();
        let last = batch.last_error.clone().or_else(|| self.last_refresh_error.clone());
        let error =
            ProducerError::Expired { records: batch.waiting.len(), topic, partition: index, after_ms, last };
        {
            let mut state = self.shared.state();
            if let Some(queue) = state.accumulator.queue(partition) {
                queue.sequences.on_given_up(batch.first);
            }
            if self.shared.is_transactional() {
                state.transaction.on_failure(std::sync::Arc::new(error.clone()), false);
            }
        }
        self.shared.finish(partition, batch, &Err(error));
    }

    /// When the next batch is too late.
    pub(super) fn next_expiry_ms(&self) -> Option<i64> {
        let mut state = self.shared.state();
        let timeout_ms = state.accumulator.limits.delivery_timeout_ms;
        let waiting = state.accumulator.next_expiry_ms();
        let out = self.out.values().flat_map(|request| &request.batches);
        let out = out.map(|(_, batch)| batch.created_ms.saturating_add(timeout_ms)).min();
        waiting.into_iter().chain(out).min()
    }

    /// Records without a key go rather where few batches wait, and not to brokers that hold everything up.
    pub(super) fn update_load(&mut self, now_ms: i64) {
        let config = &self.shared.config;
        if !config.partitioner_adaptive {
            return;
        }
        let patience_ms = config.partitioner_availability_timeout_ms;
        let is_slow = |leader: i32| {
            let since_ms = self.nodes.get(&leader).and_then(|node| node.blocked_since_ms);
            patience_ms > 0 && since_ms.is_some_and(|since_ms| now_ms - since_ms > patience_ms)
        };
        let mut guard = self.shared.state();
        let state = &mut *guard;
        for (name, spread) in &mut state.spreads {
            let (Some(topic), Some(queues)) =
                (self.metadata.topics.get(name), state.accumulator.topics.get(name))
            else {
                continue;
            };
            if queues.len() < topic.partitions.len() {
                continue;
            }
            let lengths = queues.iter().filter_map(|(index, queue)| {
                let leader = topic.partitions.get(index)?.leader;
                (leader >= 0 && !is_slow(leader)).then_some((*index, queue.len()))
            });
            spread.set_load(&lengths.collect::<Vec<_>>(), topic.partitions.len());
        }
    }
}
