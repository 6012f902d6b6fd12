//! One partition of `__transaction_state`. Records are written, then markers; with the last marker the transaction is
//! complete, all before the lock is given back: a client that ended a transaction can begin the next one at once.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use strait_broker_core::internal_record::TransactionRecord;
use strait_broker_core::transactions::{
    Effects, Markers, Outcome, ProducerIdentity, TransactionSettings, Transactions,
};
use strait_wire::batch::Stamp;
use strait_wire::error_code::ErrorCode;

use super::markers;
use crate::clock::now_ms;
use crate::internal_log::{self, InternalReadError};
use crate::node::Node;
use crate::partition::Partition;

/// The transactions of one partition.
#[derive(Debug)]
pub(crate) struct TransactionShard {
    partition: Arc<Partition>,
    settings: TransactionSettings,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// None while the log can't be read.
    transactions: Option<Transactions>,
    /// Markers that could not be written, to be tried again.
    unwritten: Vec<Markers>,
}

impl TransactionShard {
    pub(super) fn load(partition: Arc<Partition>, settings: TransactionSettings) -> Self {
        let transactions = read_or_tell(&partition, settings);
        Self { partition, settings, state: Mutex::new(State { transactions, unwritten: Vec::new() }) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the markers of what was decided before the start.
    pub(super) fn loaded(&self, node: &Node) {
        // What fails is tried again by `tend`.
        let _ = self.change(node, |transactions, now_ms| {
            let effects = transactions.loaded(now_ms);
            Outcome { response: (), effects }
        });
    }

    /// Reads something of the transactions.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Transactions) -> T) -> Result<T, ErrorCode> {
        self.state().transactions.as_ref().map(look).ok_or(ErrorCode::NOT_COORDINATOR)
    }

    /// Asks something that changes nothing that is written.
    pub(crate) fn ask<T>(&self, ask: impl FnOnce(&mut Transactions) -> T) -> Result<T, ErrorCode> {
        self.state().transactions.as_mut().map(ask).ok_or(ErrorCode::NOT_COORDINATOR)
    }

    /// Changes transactions: records and markers are written before the result is given.
    pub(crate) fn change<T>(
        &self,
        node: &Node,
        change: impl FnOnce(&mut Transactions, i64) -> Outcome<T>,
    ) -> Result<T, ErrorCode> {
        let mut state = self.state();
        let transactions = state.transactions.as_mut().ok_or(ErrorCode::NOT_COORDINATOR)?;
        let Outcome { response, effects } = change(transactions, now_ms());
        self.settle(node, &mut state, effects)?;
        Ok(response)
    }

    /// Aborts transactions that took too long, forgets ids that nobody uses, tries failed markers again.
    pub(crate) fn tend(&self, node: &Node) {
        let tended = self.change(node, |transactions, now_ms| {
            let mut effects = transactions.abort_timed_out(now_ms);
            let expired = transactions.expire_ids(now_ms);
            effects.records.extend(expired.records);
            effects.markers.extend(expired.markers);
            Outcome { response: (), effects }
        });
        let mut state = self.state();
        if state.transactions.is_none() {
            self.reload(&mut state);
        }
        let effects = Effects { records: Vec::new(), markers: std::mem::take(&mut state.unwritten) };
        if let Err(error) = tended.and_then(|()| self.settle(node, &mut state, effects)) {
            tracing::warn!(partition = self.partition.index, %error, "transactions not tended");
        }
    }

    fn settle(&self, node: &Node, state: &mut State, mut effects: Effects) -> Result<(), ErrorCode> {
        loop {
            let records = effects.records.iter().map(TransactionRecord::encode);
            if let Err(error) = internal_log::write(&self.partition, records, Stamp::NONE) {
                let partition = self.partition.index;
                tracing::error!(partition, %error, "transactions not written, reading them again");
                self.reload(state);
                return Err(ErrorCode::COORDINATOR_NOT_AVAILABLE);
            }
            let markers = std::mem::take(&mut effects.markers);
            if markers.is_empty() {
                return Ok(());
            }
            effects = Effects::default();
            for markers in markers {
                let followed = self.write(node, state, markers);
                effects.records.extend(followed.records);
                effects.markers.extend(followed.markers);
            }
        }
    }

    /// Writes markers and reports those that are there.
    fn write(&self, node: &Node, state: &mut State, mut markers: Markers) -> Effects {
        let marker = markers::of_transaction(&markers);
        let is_written = |partition: &_| markers::write_marker(node, partition, marker).is_ok();
        let written: BTreeSet<_> = markers.partitions.iter().filter(|one| is_written(one)).cloned().collect();
        let (producer_id, producer_epoch) = (markers.producer_id, markers.producer_epoch);
        let producer = ProducerIdentity { producer_id, producer_epoch };
        let Some(transactions) = &mut state.transactions else { return Effects::default() };
        let effects = transactions.markers_written(&markers.transactional_id, producer, &written, now_ms());
        markers.partitions.retain(|partition| !written.contains(partition));
        if !markers.partitions.is_empty() {
            state.unwritten.push(markers);
        }
        effects
    }

    /// State that was not written never survives.
    fn reload(&self, state: &mut State) {
        state.unwritten.clear();
        state.transactions = read_or_tell(&self.partition, self.settings);
        if let Some(transactions) = &mut state.transactions {
            state.unwritten = transactions.loaded(now_ms()).markers;
        }
    }
}

fn read_or_tell(partition: &Partition, settings: TransactionSettings) -> Option<Transactions> {
    let failed = |error: &InternalReadError| {
        let partition = partition.index;
        tracing::error!(partition, %error, "transactions of this partition can't be read");
    };
    read(partition, settings).inspect_err(failed).ok()
}

fn read(partition: &Partition, settings: TransactionSettings) -> Result<Transactions, InternalReadError> {
    let mut transactions = Transactions::new(settings, partition.leader_epoch);
    internal_log::each_batch(partition, |batch| {
        if batch.header().attributes.is_control() {
            return Ok(());
        }
        for record in internal_log::open(batch)? {
            let Some(key) = &record.key else { continue };
            let decoded = TransactionRecord::decode(key, record.value.as_ref());
            let decoded =
                decoded.map_err(|source| InternalReadError::Record { offset: record.offset, source })?;
            decoded.into_iter().for_each(|record| transactions.replay(record));
        }
        Ok(())
    })?;
    Ok(transactions)
}
