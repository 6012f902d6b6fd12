//! What a connection, its task and its exchanges know of one another.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use crate::config::ClientConfig;
use crate::error::ConnectionError;
use crate::io_task::Queued;
use crate::security::is_refusal;
use crate::throttle::Throttle;

/// Why a connection is closed.
#[derive(Clone, Debug, Default)]
struct CloseReason {
    text: String,
    /// Because of who we are.
    refused: bool,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) address: String,
    pub(crate) client_id: String,
    pub(crate) request_timeout: Duration,
    pub(crate) max_in_flight: usize,
    pub(crate) next_correlation: AtomicI32,
    pub(crate) in_flight: AtomicUsize,
    pub(crate) versions: Mutex<BTreeMap<i16, (i16, i16)>>,
    pub(crate) throttle: Mutex<Throttle>,
    pub(crate) requests: mpsc::Sender<Queued>,
    pub(crate) closed: AtomicBool,
    close_reason: Mutex<CloseReason>,
    /// Ends the task, wherever it waits.
    pub(crate) ended: Arc<Notify>,
}

impl Shared {
    pub(crate) fn new(config: &ClientConfig, address: &str, requests: mpsc::Sender<Queued>) -> Self {
        Self {
            address: address.to_owned(),
            client_id: config.client_id.clone(),
            request_timeout: config.request_timeout,
            max_in_flight: config.max_in_flight,
            next_correlation: AtomicI32::new(0),
            in_flight: AtomicUsize::new(0),
            versions: Mutex::default(),
            throttle: Mutex::default(),
            requests,
            closed: AtomicBool::new(false),
            close_reason: Mutex::default(),
            ended: Arc::default(),
        }
    }

    pub(crate) fn close(&self, reason: &str) {
        self.close_because(CloseReason { text: reason.to_owned(), refused: false });
    }

    /// Authentication failed.
    pub(crate) fn close_refused(&self, error: &ConnectionError) {
        self.close_because(CloseReason { text: error.to_string(), refused: error.is_unauthorized() });
    }

    /// The task has ended.
    pub(crate) fn close_after(&self, outcome: io::Result<()>) {
        match outcome {
            Ok(()) => self.close("closed"),
            Err(error) => {
                let refused = is_refusal(&error);
                self.close_because(CloseReason { text: error.to_string(), refused });
            }
        }
    }

    fn close_because(&self, reason: CloseReason) {
        let mut close_reason = lock(&self.close_reason);
        if !self.closed.swap(true, Ordering::AcqRel) {
            *close_reason = reason;
        }
        self.ended.notify_one();
    }

    pub(crate) fn closed_error(&self) -> ConnectionError {
        let (address, reason) = (self.address.clone(), lock(&self.close_reason).clone());
        match reason.refused {
            true => ConnectionError::Unauthorized { address, reason: reason.text },
            false => ConnectionError::Closed { address, reason: reason.text },
        }
    }

    pub(crate) fn on_answer(&self) {
        self.in_flight.fetch_sub(1, Ordering::AcqRel);
    }

    pub(crate) fn on_throttle(&self, last: Duration) {
        let until = (!last.is_zero()).then(|| Instant::now() + last.min(self.request_timeout));
        let mut throttle = lock(&self.throttle);
        throttle.last = last;
        throttle.until = throttle.until.max(until);
    }

    pub(crate) fn throttled_until(&self) -> Option<Instant> {
        lock(&self.throttle).until.filter(|until| *until > Instant::now())
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.ended.notify_one();
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
