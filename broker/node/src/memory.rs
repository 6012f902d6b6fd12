//! Memory that clients can make the broker hold, over all connections: requests on their way in, answers on their way
//! out.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::settings::Settings;

/// For requests where `queued.max.request.bytes` names no number; Kafka has no bound then.
const REQUEST_BYTES: usize = 256 << 20;
/// How long a request that is half there waits for memory.
const PATIENCE: Duration = Duration::from_secs(10);

/// For long requests (`queued.max.request.bytes`); short ones are bounded by the number of connections.
#[derive(Debug)]
pub(crate) struct RequestMemory {
    permits: Arc<Semaphore>,
    patience: Duration,
}

/// A part of it, given back when it is dropped.
pub(crate) type RequestShare = OwnedSemaphorePermit;

impl RequestMemory {
    pub(crate) fn new(settings: &Settings) -> Self {
        let longest = settings.size("socket.request.max.bytes");
        let bytes = match settings.size("queued.max.request.bytes") {
            0 => REQUEST_BYTES.max(longest),
            bytes => bytes,
        };
        Self::with_bytes(bytes, PATIENCE)
    }

    pub(crate) fn with_bytes(bytes: usize, patience: Duration) -> Self {
        let permits = Arc::new(Semaphore::new(bytes.min(Semaphore::MAX_PERMITS)));
        Self { permits, patience }
    }

    /// This many bytes where they are left now.
    pub(crate) fn take_now(&self, bytes: usize) -> Option<RequestShare> {
        Arc::clone(&self.permits).try_acquire_many_owned(u32::try_from(bytes).ok()?).ok()
    }

    /// Waits a while for this many bytes; none: others hold them. Who came first gets them first.
    pub(crate) async fn take(&self, bytes: usize) -> Option<RequestShare> {
        let bytes = u32::try_from(bytes).ok()?;
        let taken = Arc::clone(&self.permits).acquire_many_owned(bytes);
        tokio::time::timeout(self.patience, taken).await.ok()?.ok()
    }
}

/// For records in answers: of clients that do not read, the answers stay in memory.
#[derive(Debug)]
pub(crate) struct AnswerMemory {
    bytes: usize,
    used: AtomicUsize,
}

/// What one answer takes of it, until it is dropped.
#[derive(Debug)]
pub(crate) struct AnswerShare {
    memory: Arc<AnswerMemory>,
    bytes: usize,
}

impl AnswerMemory {
    /// Room for two of the longest answers.
    pub(crate) fn new(settings: &Settings) -> Self {
        Self::with_bytes(settings.size("fetch.max.bytes").saturating_mul(2))
    }

    fn with_bytes(bytes: usize) -> Self {
        Self { bytes, used: AtomicUsize::new(0) }
    }

    /// As much of `bytes` as is left, maybe nothing.
    pub(crate) fn take_up_to(self: &Arc<Self>, bytes: usize) -> AnswerShare {
        let left = |used: usize| self.bytes.saturating_sub(used).min(bytes);
        let take = |used: usize| used.checked_add(left(used));
        let used = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        AnswerShare { memory: Arc::clone(self), bytes: used.map_or(0, left) }
    }
}

impl AnswerShare {
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Keeps what was needed: less than was taken, or more where a single batch is larger.
    pub(crate) fn resize(&mut self, bytes: usize) {
        self.memory.used.fetch_add(bytes, Ordering::Relaxed);
        self.memory.used.fetch_sub(self.bytes, Ordering::Relaxed);
        self.bytes = bytes;
    }
}

impl Drop for AnswerShare {
    fn drop(&mut self) {
        self.memory.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_share_what_there_is() {
        let memory = Arc::new(AnswerMemory::with_bytes(100));
        let mut first = memory.take_up_to(80);
        let second = memory.take_up_to(80);
        assert_eq!((first.bytes(), second.bytes(), memory.take_up_to(80).bytes()), (80, 20, 0));
        first.resize(10);
        assert_eq!(memory.take_up_to(80).bytes(), 70);
        // One batch may be larger than what is left.
        first.resize(200);
        assert_eq!(memory.take_up_to(80).bytes(), 0);
        drop((first, second));
        assert_eq!(memory.take_up_to(200).bytes(), 100);
    }

    #[tokio::test]
    async fn a_request_waits_for_memory_but_not_for_ever() {
        let memory = RequestMemory::with_bytes(100, Duration::from_millis(10));
        let share = memory.take(60).await.expect("there is enough");
        assert!(memory.take(60).await.is_none());
        drop(share);
        assert!(memory.take(100).await.is_some());
    }
}
