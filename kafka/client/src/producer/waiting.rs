//! What `send` waits for: metadata of the topic, and memory, both up to `max.block.ms`.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use strait_wire::error_code::ErrorCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::error::ProducerError;
use super::handle::Producer;
use super::shared::Shared;
use crate::error::BrokerError;
use crate::metadata::Metadata;

impl Producer {
    /// What is known, once the topic is among it and has the partition.
    pub(super) async fn topic(
        &self,
        name: &str,
        partition: Option<i32>,
        deadline: Instant,
    ) -> Result<Arc<Metadata>, ProducerError> {
        let known = self.shared.metadata.borrow().clone();
        if self.is_known(&known, name, partition)? {
            return Ok(known);
        }
        let mut published = self.shared.metadata.subscribe();
        loop {
            let known = published.borrow_and_update().clone();
            if self.is_known(&known, name, partition)? {
                return Ok(known);
            }
            self.want_topic(name);
            if !matches!(timeout_at(deadline, published.changed()).await, Ok(Ok(()))) {
                self.shared.state().topics.retain(|topic, used_ms| topic != name || *used_ms >= 0);
                return Err(self.metadata_timeout(name, partition));
            }
        }
    }

    fn is_known(
        &self,
        metadata: &Metadata,
        name: &str,
        partition: Option<i32>,
    ) -> Result<bool, ProducerError> {
        let Some(topic) = metadata.topics.get(name) else { return Ok(false) };
        let code = topic.error;
        if code.is_authorization() || code == ErrorCode::INVALID_TOPIC_EXCEPTION {
            let error = BrokerError { code, message: None };
            return Err(ProducerError::Topic { topic: name.to_owned(), error });
        }
        let has_it = partition.is_none_or(|partition| topic.partitions.contains_key(&partition));
        Ok(has_it && !topic.partitions.is_empty())
    }

    fn want_topic(&self, name: &str) {
        self.shared.state().topics.entry(name.to_owned()).or_insert(-1);
        self.shared.wake.notify_one();
    }

    fn metadata_timeout(&self, name: &str, partition: Option<i32>) -> ProducerError {
        let topic = name.to_owned();
        let known = self.shared.metadata.borrow().topics.get(name).map(|topic| topic.partitions.len());
        match (known, partition) {
            (Some(count @ 1..), Some(partition)) => {
                ProducerError::UnknownPartition { topic, partition, count }
            }
            _ => ProducerError::MetadataTimeout { topic, after_ms: self.shared.config.max_block_ms },
        }
    }

    pub(super) async fn allocate(
        &self,
        size: u32,
        deadline: Instant,
    ) -> Result<OwnedSemaphorePermit, ProducerError> {
        let memory: Arc<Semaphore> = self.shared.memory.clone();
        if let Ok(permit) = memory.clone().try_acquire_many_owned(size) {
            return Ok(permit);
        }
        let _waiting = WaitingForMemory::new(&self.shared);
        let config = &self.shared.config;
        let (max_block_ms, total) = (config.max_block_ms, config.buffer_memory);
        match timeout_at(deadline, memory.acquire_many_owned(size)).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) => Err(ProducerError::Closed),
            Err(_) => Err(ProducerError::BufferExhausted { size: size as usize, max_block_ms, total }),
        }
    }
}

struct WaitingForMemory<'a> {
    shared: &'a Shared,
}

impl<'a> WaitingForMemory<'a> {
    fn new(shared: &'a Shared) -> Self {
        shared.waiting_for_memory.fetch_add(1, Ordering::AcqRel);
        shared.wake.notify_one();
        Self { shared }
    }
}

impl Drop for WaitingForMemory<'_> {
    fn drop(&mut self) {
        self.shared.waiting_for_memory.fetch_sub(1, Ordering::AcqRel);
    }
}
