//! All transactions of a shard.

use std::collections::BTreeMap;

use strait_wire::error_code::ErrorCode;

use super::effects::Effects;
use super::settings::TransactionSettings;
use super::transaction::{State, Transaction};
use crate::internal_record::TransactionRecord;

/// The transactions of one partition of `__transaction_state`.
#[derive(Clone, Debug)]
pub struct Transactions {
    pub(super) settings: TransactionSettings,
    /// The leader epoch of the partition, told in markers: an older coordinator is fenced by it.
    pub(super) coordinator_epoch: i32,
    pub(super) by_id: BTreeMap<String, Transaction>,
}

impl Transactions {
    /// A shard without transactions.
    pub fn new(settings: TransactionSettings, coordinator_epoch: i32) -> Self {
        Self { settings, coordinator_epoch, by_id: BTreeMap::new() }
    }

    /// Applies a record of the log.
    pub fn replay(&mut self, record: TransactionRecord) {
        let TransactionRecord { transactional_id, value } = record;
        match value.and_then(|value| Transaction::from_value(&value)) {
            Some(transaction) => {
                self.by_id.insert(transactional_id, transaction);
            }
            None => {
                self.by_id.remove(&transactional_id);
            }
        }
    }

    /// All records were read: markers of decided transactions are written again.
    pub fn loaded(&mut self, now_ms: i64) -> Effects {
        let mut effects = Effects::default();
        let prepared: Vec<String> = self
            .by_id
            .iter()
            .filter(|(_, transaction)| transaction.state.is_prepared())
            .map(|(id, _)| id.clone())
            .collect();
        for id in prepared {
            self.write_markers(&id, now_ms, &mut effects);
        }
        effects
    }

    /// Where the transaction of an id stands.
    pub fn state(&self, transactional_id: &str) -> Option<State> {
        self.by_id.get(transactional_id).map(|transaction| transaction.state)
    }

    /// The transaction of a producer that is still the one in charge.
    pub(super) fn of_producer(
        &mut self,
        transactional_id: &str,
        producer_id: i64,
        producer_epoch: i16,
    ) -> Result<&mut Transaction, ErrorCode> {
        if transactional_id.is_empty() {
            return Err(ErrorCode::INVALID_REQUEST);
        }
        let known = self.by_id.get_mut(transactional_id);
        let transaction = known
            .filter(|transaction| transaction.producer_id == producer_id)
            .ok_or(ErrorCode::INVALID_PRODUCER_ID_MAPPING)?;
        if transaction.producer_epoch != producer_epoch {
            return Err(ErrorCode::PRODUCER_FENCED);
        }
        Ok(transaction)
    }

    /// Adds the record of a transaction as it stands.
    pub(super) fn record(&self, transactional_id: &str, effects: &mut Effects) {
        if let Some(transaction) = self.by_id.get(transactional_id) {
            let (transactional_id, value) = (transactional_id.to_owned(), Some(transaction.value()));
            effects.records.push(TransactionRecord { transactional_id, value });
        }
    }
}
