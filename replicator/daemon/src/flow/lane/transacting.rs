//! The steps of the flow's transaction: joined, filled, committed, and begun anew after a failure.

use std::rc::Rc;
use std::time::Duration;

use strait_client::{ClientError, ProducerIdentity};
use strait_replicator_core::lane::{Identity, PartitionState, Sequence};
use strait_wire::error_code::ErrorCode;
use tracing::{debug, info, warn};

use super::map_chunks;
use super::transaction::{Phase, TransactionError, TransactionEvent, commit, coordinator, initialize};
use super::{Event, LaneEnd, LaneTask};
use crate::configuration::Delivery;
use crate::state_topic::STATE_PARTITION;

/// How long a transaction takes batches in before it is committed.
const OPEN_FOR: Duration = Duration::from_millis(200);
impl LaneTask {
    pub(super) fn advance_transaction(&mut self) {
        let now_ms = self.now_ms();
        match self.transaction.phase {
            Phase::Idle if self.transaction.wanting.is_empty() => {}
            Phase::Idle if self.transaction.identity.is_none() => self.initialize(),
            Phase::Idle => {
                let until_ms = now_ms + OPEN_FOR.as_millis() as u64;
                self.transaction.phase = Phase::Open { until_ms };
                self.join();
            }
            Phase::Open { until_ms }
                if now_ms >= until_ms || self.stopping || self.transaction.has_failed =>
            {
                self.transaction.phase = Phase::Draining;
                self.advance_transaction();
            }
            Phase::Open { .. } => self.join(),
            Phase::Draining if self.is_drained() => self.commit(),
            Phase::Draining | Phase::Initializing | Phase::Committing | Phase::Unavailable => {}
        }
    }

    /// No batch of the transaction is on its way, and no partition is joining.
    fn is_drained(&self) -> bool {
        let is_waiting = |index: &usize| {
            self.slots[*index].as_ref().is_some_and(|slot| slot.lane.has_transactional_in_flight())
        };
        self.transaction.joining.is_empty() && !self.transaction.members.keys().any(is_waiting)
    }

    /// Asks for a new epoch: earlier ones are fenced and their transaction is aborted.
    fn initialize(&mut self) {
        let (target, source_cluster_id) = (&self.parts.target, &self.parts.source_cluster_id);
        let made = || Rc::new(coordinator(target, &self.parts.part, source_cluster_id));
        let coordinator = self.transaction.coordinator.get_or_insert_with(made).clone();
        coordinator.transactional_id().clone_into(&mut self.transaction.id);
        self.transaction.phase = Phase::Initializing;
        let (part, origin) = (self.parts.part.clone(), self.parts.source_cluster_id.clone());
        let (state, target) = (self.parts.state.clone(), self.parts.target_cluster_id.clone());
        self.events.push(Box::pin(async move {
            let initialized = initialize(&coordinator, &state, &part, &origin, &target).await;
            Event::Transaction(TransactionEvent::Initialized(initialized))
        }));
    }

    /// Makes the slots that want it part of the transaction.
    fn join(&mut self) {
        let transaction = &mut self.transaction;
        let (Some(coordinator), Some(identity)) = (&transaction.coordinator, transaction.identity) else {
            return;
        };
        if !transaction.joining.is_empty() || transaction.has_failed {
            return;
        }
        let mut partitions = Vec::new();
        for index in std::mem::take(&mut transaction.wanting) {
            let Some(slot) = self.slots[index].as_ref() else { continue };
            partitions.push((slot.assignment.target.topic.clone(), slot.assignment.name.partition));
            transaction.joining.insert(index, slot.lane.generation());
        }
        if partitions.is_empty() {
            return;
        }
        if transaction.members.is_empty() {
            partitions.push((self.parts.state.name().to_owned(), STATE_PARTITION));
        }
        let coordinator = coordinator.clone();
        self.events.push(Box::pin(async move {
            let joined = coordinator.add_partitions(identity, &partitions).await;
            Event::Transaction(TransactionEvent::Joined(joined))
        }));
    }

    /// Writes the members' positions into the transaction and ends it.
    fn commit(&mut self) {
        let is_unchanged = |(index, generation): (&usize, &u64)| {
            self.slots[*index].as_ref().is_some_and(|slot| slot.lane.generation() == *generation)
        };
        if self.transaction.has_failed || !self.transaction.members.iter().all(is_unchanged) {
            self.abort();
            return;
        }
        let mut records = Vec::new();
        if self.is_writing_positions() {
            return;
        }
        for index in self.transaction.members.keys().copied().collect::<Vec<_>>() {
            let Some(slot) = self.slots[index].as_mut() else { continue };
            if let Some((position, chunks)) = slot.lane.uncommitted_position() {
                let name = slot.assignment.name.clone();
                records.push(self.position_record(&name, &position));
                self.keep_chunks(index, chunks);
            }
        }
        let (Some(coordinator), Some(identity)) =
            (self.transaction.coordinator.clone(), self.transaction.identity)
        else {
            return;
        };
        self.transaction.phase = Phase::Committing;
        let sequence = Sequence::from_offset(self.transaction.state_sequence);
        self.transaction.state_sequence += records.len() as i64;
        let (state, map_topic, chunks) =
            (self.parts.state.clone(), self.parts.map_topic.clone(), self.unstored_chunks());
        self.events.push(Box::pin(async move {
            let stored = map_chunks::store(map_topic, chunks).await;
            let committed = commit(&coordinator, &state, identity, sequence, records).await;
            Event::Transaction(TransactionEvent::Committed(stored, committed))
        }));
    }

    /// A new epoch aborts what is open, and refuses batches of the old one that are still on their way.
    fn abort(&mut self) {
        let now_ms = self.now_ms();
        debug!(flow = %self.parts.flow.id(), "transaction is aborted");
        for (index, _) in std::mem::take(&mut self.transaction.members) {
            self.with_slot(index, |slot| slot.lane.on_aborted(now_ms));
        }
        self.transaction.has_failed = false;
        self.transaction.identity = None;
        self.initialize();
    }

    pub(super) fn on_transaction_event(&mut self, event: TransactionEvent) {
        match event {
            TransactionEvent::Initialized(Ok(identity)) => self.on_initialized(identity),
            TransactionEvent::Initialized(Err(error)) => self.on_not_initialized(&error),
            TransactionEvent::Joined(Ok(())) => {
                for (index, generation) in std::mem::take(&mut self.transaction.joining) {
                    self.transaction.members.insert(index, generation);
                    self.touch(index);
                }
            }
            TransactionEvent::Joined(Err(error)) => {
                let joining = std::mem::take(&mut self.transaction.joining);
                self.transaction.members.extend(joining);
                self.transaction.has_failed = true;
                self.report(format!("target: {error}"));
            }
            TransactionEvent::Committed(stored, Ok(())) => {
                self.on_committed();
                self.on_chunks_stored(stored);
            }
            TransactionEvent::Committed(_, Err(error)) => {
                // It may be committed or not: only the state topic knows.
                self.report(error.to_string());
                warn!(flow = %self.parts.flow.id(), %error, "the end of a transaction is not known, state is loaded again");
                self.end = Some(LaneEnd::MustReload);
            }
        }
    }

    fn on_initialized(&mut self, identity: ProducerIdentity) {
        let ProducerIdentity { producer_id, producer_epoch } = identity;
        if self.transaction.state_sequence == 0 {
            info!(flow = %self.parts.flow.id(), producer_id, "transactions are used where sequences do not suffice");
        }
        self.parts.identities.set_transactional(Identity { producer_id, producer_epoch });
        for slot in self.slots.iter_mut().flatten() {
            slot.lane.on_transactional_identity();
        }
        self.transaction.identity = Some(identity);
        self.transaction.state_sequence = 0;
        self.transaction.phase = Phase::Idle;
        self.touch_all();
    }

    fn on_not_initialized(&mut self, error: &TransactionError) {
        let is_refused = matches!(error, TransactionError::Client(ClientError::Broker { error, .. })
            if error.code == ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
        if is_refused && self.parts.flow.delivery == Delivery::Transactions {
            self.wait_for_leave(&error.to_string());
            return;
        }
        if is_refused {
            warn!(
                flow = %self.parts.flow.id(), %error,
                "the target allows no transactions: records older than a day, and of compacted topics, are copied at least once"
            );
            self.transaction.phase = Phase::Unavailable;
            let now_ms = self.now_ms();
            for index in 0..self.slots.len() {
                self.with_slot(index, |slot| {
                    slot.without_transactions();
                    slot.lane.reset(now_ms);
                });
            }
            return;
        }
        self.report(error.to_string());
        self.transaction.phase = Phase::Idle;
    }

    /// The flow is to use transactions only: what wants one waits until the target allows it.
    fn wait_for_leave(&mut self, reason: &str) {
        let now_ms = self.now_ms();
        self.report(format!("target: {reason}; `delivery` asks for transactions"));
        self.transaction.phase = Phase::Idle;
        let code = ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
        for index in std::mem::take(&mut self.transaction.wanting) {
            self.with_slot(index, |slot| {
                slot.lane.on_tail_failed(now_ms, PartitionState::Unauthorized { code })
            });
        }
    }

    fn on_committed(&mut self) {
        let now_ms = self.now_ms();
        for (index, _) in std::mem::take(&mut self.transaction.members) {
            let progress = self.with_slot(index, |slot| {
                let progress = slot.lane.on_committed();
                if slot.lag_records() == 0 {
                    slot.caught_up_at_ms = now_ms;
                }
                progress
            });
            self.totals.add(progress.unwrap_or_default());
        }
        self.transaction.phase = Phase::Idle;
        self.touch_all();
    }

    fn touch_all(&mut self) {
        for index in 0..self.slots.len() {
            self.touch(index);
        }
    }
}
