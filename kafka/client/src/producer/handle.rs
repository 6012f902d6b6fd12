//! The producer that a program holds: it puts records into batches; its task sends them.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::config::ProducerConfig;
use super::delivery::{Delivery, Waiter};
use super::error::ProducerError;
use super::partitioner::partition_for_key;
use super::record::ProducerRecord;
use super::sender;
use super::shared::{Shared, State, wall_clock_ms};
use crate::cluster::Cluster;
use crate::config::ClientConfig;
use crate::metadata::Topic;
use crate::transaction::TransactionCoordinator;

/// Sends records in batches. All methods take `&self`: share it in an `Arc`. Without `close`, records that wait are
/// lost when it is dropped.
#[derive(Debug)]
pub struct Producer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) cluster: Cluster,
    pub(crate) coordinator: Option<Arc<TransactionCoordinator>>,
    task: JoinHandle<()>,
}

impl Producer {
    /// Checks the settings; the cluster is asked in the background, so nobody need listen yet. `request.timeout.ms` and
    /// `max.block.ms` replace the timeouts of `cluster`. Must be called in a tokio runtime.
    pub fn new(cluster: ClientConfig, config: ProducerConfig) -> Result<Self, ProducerError> {
        config.check()?;
        let millis = |time_ms: i64| Duration::from_millis(time_ms.unsigned_abs());
        let cluster = Cluster::unasked(ClientConfig {
            request_timeout: millis(config.request_timeout_ms.into()),
            operation_timeout: millis(config.max_block_ms),
            ..cluster
        });
        let shared = Arc::new(Shared::new(config));
        let coordinator = shared.config.transactional_id.as_ref();
        let coordinator = coordinator.map(|id| Arc::new(TransactionCoordinator::new(cluster.clone(), id)));
        let task = tokio::spawn(sender::run(shared.clone(), cluster.clone(), coordinator.clone()));
        Ok(Self { shared, cluster, coordinator, task })
    }

    /// Puts a record into a batch. Waits for metadata and for memory, up to `max.block.ms`; what becomes of the record
    /// is told by the delivery.
    pub async fn send(&self, record: ProducerRecord) -> Result<Delivery, ProducerError> {
        let deadline = Instant::now() + Duration::from_millis(self.shared.config.max_block_ms.unsigned_abs());
        self.check_state(&self.shared.state())?;
        let timestamp_ms = record.timestamp_ms.unwrap_or_else(wall_clock_ms);
        if timestamp_ms < 0 {
            return Err(ProducerError::InvalidTimestamp { timestamp_ms });
        }
        let size = self.check_size(&record)?;
        let metadata = self.topic(&record.topic, record.partition, deadline).await?;
        let memory = self.allocate(size, deadline).await?;
        let (waiter, delivery) = Waiter::new(memory);
        if let Some(topic) = metadata.topics.get(&record.topic) {
            self.append(&record, topic, timestamp_ms, waiter)?;
        }
        Ok(delivery)
    }

    /// Sends everything that waits now, and waits for the answers.
    pub async fn flush(&self) {
        let newest = {
            let mut state = self.shared.state();
            state.flushes += 1;
            state.accumulator.newest()
        };
        let _flush = Flush { shared: &self.shared };
        self.shared.wake.notify_one();
        let mut finished = self.shared.finished.subscribe();
        let done = |shared: &Shared| {
            let state = shared.state();
            !state.transaction.adding && state.accumulator.oldest_unfinished().is_none_or(|id| id > newest)
        };
        while !done(&self.shared) && finished.changed().await.is_ok() {}
    }

    /// Sends what waits, for as long as `within`; what is not written by then fails.
    pub async fn close(self, within: Duration) {
        self.shared.state().closing = true;
        // What is late fails below.
        let _ = timeout_at(Instant::now() + within, self.flush()).await;
    }

    /// What the cluster says of a topic: its partitions and their leaders. Waits up to `max.block.ms`.
    pub async fn partitions_for(&self, topic: &str) -> Result<Topic, ProducerError> {
        let deadline = Instant::now() + Duration::from_millis(self.shared.config.max_block_ms.unsigned_abs());
        let metadata = self.topic(topic, None, deadline).await?;
        let after_ms = self.shared.config.max_block_ms;
        let missing = || ProducerError::MetadataTimeout { topic: topic.to_owned(), after_ms };
        metadata.topics.get(topic).cloned().ok_or_else(missing)
    }

    fn check_state(&self, state: &State) -> Result<(), ProducerError> {
        if state.closing {
            return Err(ProducerError::Closed);
        }
        if let Some(error) = &state.failure {
            return Err(error.clone());
        }
        match self.shared.is_transactional() {
            true => state.transaction.check_open("a send"),
            false => Ok(()),
        }
    }

    fn check_size(&self, record: &ProducerRecord) -> Result<u32, ProducerError> {
        let config = &self.shared.config;
        let size = record.size_upper_bound();
        let limits = [
            (i64::from(config.max_request_size), "max.request.size"),
            (config.buffer_memory, "buffer.memory"),
        ];
        for (limit, setting) in limits {
            if i64::try_from(size).unwrap_or(i64::MAX) > limit {
                return Err(ProducerError::RecordTooLarge { size, limit, setting });
            }
        }
        Ok(u32::try_from(size).unwrap_or(u32::MAX))
    }

    fn append(
        &self,
        record: &ProducerRecord,
        topic: &Topic,
        timestamp_ms: i64,
        waiter: Waiter,
    ) -> Result<(), ProducerError> {
        let mut guard = self.shared.state();
        let state = &mut *guard;
        self.check_state(state)?;
        let config = &self.shared.config;
        let key = record.key.as_ref().filter(|_| !config.partitioner_ignore_keys);
        let (now_ms, count) = (self.shared.now_ms(), topic.partitions.len());
        state.on_used(&topic.name, now_ms);
        let partition = match (record.partition, key) {
            (Some(partition), _) => partition,
            (None, Some(key)) => partition_for_key(key, count),
            (None, None) => state.sticky_partition(topic, config.batch_size),
        };
        let appended = state.accumulator.append(partition, record, timestamp_ms, now_ms, waiter);
        if record.partition.is_none() && key.is_none() {
            state.on_spread(topic, record.size_upper_bound(), appended.is_full);
        }
        if self.shared.is_transactional() {
            state.transaction.want(&topic.name, partition);
        }
        drop(guard);
        if appended.wakes {
            self.shared.wake.notify_one();
        }
        Ok(())
    }
}

/// The task ends; what was not sent fails.
impl Drop for Producer {
    fn drop(&mut self) {
        self.shared.state().closing = true;
        self.task.abort();
        self.shared.fail_all(&ProducerError::ForceClosed);
    }
}

struct Flush<'a> {
    shared: &'a Shared,
}

impl Drop for Flush<'_> {
    fn drop(&mut self) {
        self.shared.state().flushes -= 1;
    }
}
