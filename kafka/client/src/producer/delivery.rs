//! What became of a record: told once, to who sent it.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::error::ProducerError;
use super::record::RecordMetadata;

/// Resolves when the record is written, or will not be. Dropping it does not take the record back.
#[derive(Debug)]
#[must_use = "a record that fails says so only here"]
pub struct Delivery {
    outcome: oneshot::Receiver<Result<RecordMetadata, ProducerError>>,
}

impl Future for Delivery {
    type Output = Result<RecordMetadata, ProducerError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = Pin::new(&mut self.outcome).poll(context);
        outcome.map(|outcome| outcome.unwrap_or(Err(ProducerError::ForceClosed)))
    }
}

/// The other end, and the memory that the record holds.
#[derive(Debug)]
pub(crate) struct Waiter {
    outcome: oneshot::Sender<Result<RecordMetadata, ProducerError>>,
    _memory: OwnedSemaphorePermit,
}

impl Waiter {
    pub(crate) fn new(memory: OwnedSemaphorePermit) -> (Self, Delivery) {
        let (sender, receiver) = oneshot::channel();
        (Self { outcome: sender, _memory: memory }, Delivery { outcome: receiver })
    }

    pub(crate) fn tell(self, outcome: Result<RecordMetadata, ProducerError>) {
        // Nobody may wait any more: that is fine.
        let _ = self.outcome.send(outcome);
    }
}
