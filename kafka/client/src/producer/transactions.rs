//! Transactions as a program uses them: initialized once, then begun and ended one after the other (KIP-98).

use std::sync::Arc;
use std::time::Duration;

use strait_wire::error_code::{ErrorClass, ErrorCode};

use super::error::ProducerError;
use super::handle::Producer;
use super::transaction::Phase;
use super::verdict::is_fatal;
use crate::error::ClientError;
use crate::transaction::{TransactionCoordinator, TransactionResult};

impl Producer {
    /// Fences earlier producers of the same transactional id and ends what they left open. Once, before the first
    /// transaction.
    pub async fn init_transactions(&self) -> Result<(), ProducerError> {
        let coordinator = self.coordinator()?;
        self.shared.state().transaction.check_init()?;
        let identity = coordinator.init_producer_id(self.transaction_timeout()).await;
        let identity = identity.map_err(|error| self.on_refused(error))?;
        let mut state = self.shared.state();
        state.identity = Some(identity);
        state.transaction.on_initialized();
        Ok(())
    }

    pub fn begin_transaction(&self) -> Result<(), ProducerError> {
        self.coordinator()?;
        self.shared.state().transaction.begin()
    }

    /// Sends what waits and commits it all. After an error that is abortable, abort; after a timeout, commit again.
    pub async fn commit_transaction(&self) -> Result<(), ProducerError> {
        self.coordinator()?;
        self.shared.state().transaction.commit()?;
        self.flush().await;
        if let Some(error) = self.shared.state().transaction.failure() {
            return Err(error);
        }
        self.end(TransactionResult::Commit).await
    }

    /// Drops what waits and takes back what was written.
    pub async fn abort_transaction(&self) -> Result<(), ProducerError> {
        self.coordinator()?;
        self.shared.state().transaction.abort()?;
        self.shared.abort_unsent();
        self.flush().await;
        self.end(TransactionResult::Abort).await
    }

    async fn end(&self, result: TransactionResult) -> Result<(), ProducerError> {
        let coordinator = self.coordinator()?;
        let (began, identity) = {
            let state = self.shared.state();
            (state.transaction.began, state.identity)
        };
        if let Some(identity) = identity.filter(|_| began) {
            coordinator.end(identity, result).await.map_err(|error| self.on_refused(error))?;
        }
        // Asked after the flush: batches may have failed until then.
        if self.shared.state().transaction.bump {
            self.raise_epoch(coordinator).await?;
        }
        self.shared.state().transaction.on_ended();
        Ok(())
    }

    /// After a failure sequences have holes that only a new epoch closes.
    async fn raise_epoch(&self, coordinator: &TransactionCoordinator) -> Result<(), ProducerError> {
        let Some(identity) = self.shared.state().identity else { return Ok(()) };
        let raised = coordinator.bump_epoch(self.transaction_timeout(), identity).await;
        let raised = raised.map_err(|error| self.on_refused(error))?;
        let mut state = self.shared.state();
        state.identity = Some(raised);
        state.accumulator.queues().for_each(|(_, _, queue)| queue.sequences.restart(raised));
        Ok(())
    }

    pub(crate) fn coordinator(&self) -> Result<&TransactionCoordinator, ProducerError> {
        self.coordinator.as_deref().ok_or(ProducerError::NotTransactional)
    }

    fn transaction_timeout(&self) -> Duration {
        let timeout_ms = i64::from(self.shared.config.transaction_timeout_ms);
        Duration::from_millis(timeout_ms.max(0).unsigned_abs())
    }

    /// The coordinator refused: some errors end the producer, others the transaction, after a timeout it may be asked
    /// again.
    pub(crate) fn on_refused(&self, error: ClientError) -> ProducerError {
        let is_late = matches!(error, ClientError::Deadline { .. } | ClientError::Bootstrap { .. });
        let error = ProducerError::from(error);
        if is_late {
            return error;
        }
        // A consumer that is fenced costs the transaction, not the producer.
        let fences =
            |code: ErrorCode| code.class() == ErrorClass::Fenced && code != ErrorCode::FENCED_INSTANCE_ID;
        let fenced = error.code().is_some_and(fences);
        let fatal = fenced || error.code().is_some_and(is_fatal);
        let mut state = self.shared.state();
        let initializing = matches!(state.transaction.phase, Phase::Uninitialized);
        state.transaction.on_failure(Arc::new(error.clone()), fatal && !initializing);
        state.transaction.failure().unwrap_or(error)
    }
}
