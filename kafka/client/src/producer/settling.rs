//! Partitions that lost their count: they begin again from sequence 0 (KIP-360).

use super::sender::Sender;
use super::shared::State;
use crate::admin::ProducerIdentity;
use crate::leaders::TopicPartition;

impl Sender {
    /// The partition counts from 0: under a new epoch, or in a transaction under the same.
    pub(super) fn restart(&mut self, partition: &TopicPartition) {
        let mut state = self.shared.state();
        let identity = state.identity;
        let transactional = self.shared.is_transactional();
        let Some(queue) = state.accumulator.queue(partition) else { return };
        match identity {
            Some(identity) if transactional => queue.sequences.restart(identity),
            _ => queue.wants_restart = true,
        }
    }

    /// Partitions that lost their count begin again, all under one new epoch.
    pub(super) fn settle_sequences(&mut self) {
        let mut guard = self.shared.state();
        let state = &mut *guard;
        // In a transaction the failure that left the gap has ended it, and the abort raises the epoch.
        let counts = self.shared.idempotent && !self.shared.is_transactional();
        let (Some(identity), true) = (state.identity, counts) else { return };
        let mut wants_epoch = false;
        for (_, _, queue) in state.accumulator.queues() {
            queue.wants_restart |= queue.sequences.resolve() == Some(true);
            wants_epoch |= queue.wants_restart;
        }
        if wants_epoch {
            state.raise_epoch(identity);
        }
    }
}

impl State {
    /// The next epoch of the same id is taken without asking (KIP-360); behind the last one a new id is asked for.
    fn raise_epoch(&mut self, identity: ProducerIdentity) {
        let Some(producer_epoch) = identity.producer_epoch.checked_add(1) else {
            self.identity = None;
            return;
        };
        let raised = ProducerIdentity { producer_epoch, ..identity };
        self.identity = Some(raised);
        for (_, _, queue) in self.accumulator.queues() {
            if std::mem::take(&mut queue.wants_restart) {
                queue.sequences.restart(raised);
            }
        }
    }
}
