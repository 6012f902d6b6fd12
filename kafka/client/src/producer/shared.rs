//! What a producer's handles and its task share.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::{Notify, Semaphore, watch};
use tokio::time::Instant;

use super::accumulator::{Accumulator, Hurry, Limits};
use super::backoff::Backoff;
use super::batch::Batch;
use super::config::ProducerConfig;
use super::delivery::Waiter;
use super::error::ProducerError;
use super::record::{Written, metadata_of};
use super::spread::Spread;
use super::transaction::Transaction;
use crate::admin::ProducerIdentity;
use crate::leaders::TopicPartition;
use crate::metadata::Metadata;
use crate::retry::Jitter;
use crate::shared::lock;

/// Under one lock, held for moments.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) accumulator: Accumulator<Waiter>,
    pub(crate) spreads: BTreeMap<String, Spread>,
    pub(crate) random: Jitter,
    /// Topics that metadata is kept of, and when each was last sent to.
    pub(crate) topics: BTreeMap<String, i64>,
    /// Under which batches are numbered.
    pub(crate) identity: Option<ProducerIdentity>,
    pub(crate) transaction: Transaction,
    /// Calls that wait for everything to be sent.
    pub(crate) flushes: usize,
    pub(crate) closing: bool,
    /// Why the producer is of no use.
    pub(crate) failure: Option<ProducerError>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: ProducerConfig,
    pub(crate) idempotent: bool,
    state: Mutex<State>,
    started: Instant,
    pub(crate) metadata: watch::Sender<Arc<Metadata>>,
    /// Something to look at for the task.
    pub(crate) wake: Notify,
    /// Counts batches that are over.
    pub(crate) finished: watch::Sender<u64>,
    pub(crate) memory: Arc<Semaphore>,
    pub(crate) waiting_for_memory: AtomicUsize,
}

impl Shared {
    pub(crate) fn new(config: ProducerConfig) -> Self {
        let idempotent = config.is_idempotent();
        let state = State {
            accumulator: Accumulator::new(limits(&config, idempotent)),
            spreads: BTreeMap::new(),
            random: Jitter::from_process(),
            topics: BTreeMap::new(),
            identity: None,
            transaction: Transaction::default(),
            flushes: 0,
            closing: false,
            failure: None,
        };
        let memory = usize::try_from(config.buffer_memory).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        Self {
            config,
            idempotent,
            state: Mutex::new(state),
            started: Instant::now(),
            metadata: watch::Sender::default(),
            wake: Notify::new(),
            finished: watch::Sender::new(0),
            memory: Arc::new(Semaphore::new(memory)),
            waiting_for_memory: AtomicUsize::new(0),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Milliseconds since the producer was made.
    pub(crate) fn now_ms(&self) -> i64 {
        i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    pub(crate) fn at(&self, now_ms: i64) -> Instant {
        // A day ahead is as good as never, and can be added.
        let ahead = now_ms.saturating_sub(self.now_ms()).clamp(0, 86_400_000);
        Instant::now() + Duration::from_millis(ahead.unsigned_abs())
    }

    pub(crate) fn is_transactional(&self) -> bool {
        self.config.transactional_id.is_some()
    }

    /// Batches need not fill: somebody waits for them, or for their memory.
    pub(crate) fn hurry(&self, state: &State) -> Hurry {
        let memory = self.waiting_for_memory.load(Ordering::Acquire) > 0;
        Hurry(memory || state.closing || state.flushes > 0)
    }

    /// Tells everybody who waits for a batch.
    pub(crate) fn finish(
        &self,
        partition: &TopicPartition,
        batch: Batch<Waiter>,
        outcome: &Result<Written, ProducerError>,
    ) {
        let over = self.state().accumulator.on_finished(batch.id);
        for (index, waiting) in (0..).zip(batch.waiting) {
            let told =
                outcome.clone().map(|written| metadata_of(partition, written, index, waiting.timestamp_ms));
            waiting.waiter.tell(told);
        }
        if over {
            self.finished.send_modify(|finished| *finished += 1);
        }
    }

    /// Nothing can be sent any more: everything that waits fails.
    pub(crate) fn fail_all(&self, error: &ProducerError) {
        let aborted = self.state().accumulator.abort();
        self.tell_all(aborted, error);
    }

    /// What was never sent need not be.
    pub(crate) fn abort_unsent(&self) {
        let aborted = self.state().accumulator.abort_unsent();
        self.tell_all(aborted, &ProducerError::Aborted);
    }

    fn tell_all(&self, aborted: Vec<(TopicPartition, Batch<Waiter>)>, error: &ProducerError) {
        for (partition, batch) in aborted {
            self.finish(&partition, batch, &Err(error.clone()));
        }
    }
}

fn limits(config: &ProducerConfig, idempotent: bool) -> Limits {
    let size = |bytes: i32| usize::try_from(bytes).unwrap_or(0);
    Limits {
        batch_size: size(config.batch_size),
        max_request_size: size(config.max_request_size),
        linger_ms: config.linger_ms,
        delivery_timeout_ms: config.effective_delivery_timeout_ms(),
        backoff: Backoff { first_ms: config.retry_backoff_ms, longest_ms: config.retry_backoff_max_ms },
        compression: config.compression,
        one_in_flight: config.max_in_flight == 1 && !idempotent,
    }
}

/// Milliseconds since 1970.
pub(crate) fn wall_clock_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
