//! Transactions that took too long, and ids that nobody used for long.

use super::coordinator::Transactions;
use super::effects::Effects;
use super::transaction::State;
use crate::internal_record::TransactionRecord;

impl Transactions {
    /// Aborts transactions that took longer than their timeout, under an epoch that fences their producers. Kafka looks
    /// every 10 s (`transaction.abort.timed.out.transaction.cleanup.interval.ms`).
    pub fn abort_timed_out(&mut self, now_ms: i64) -> Effects {
        let timed_out = self.by_id.iter().filter(|(_, transaction)| {
            let deadline_ms = transaction.started_ms.saturating_add(transaction.timeout_ms.into());
            transaction.state == State::Ongoing && deadline_ms < now_ms
        });
        let timed_out: Vec<String> = timed_out.map(|(id, _)| id.clone()).collect();
        let mut effects = Effects::default();
        for id in timed_out {
            self.fence(&id, now_ms, &mut effects);
        }
        effects
    }

    /// Forgets ids without a transaction that were not used for `transactional.id.expiration.ms`. Kafka looks hourly.
    pub fn expire_ids(&mut self, now_ms: i64) -> Effects {
        let idle_since_ms = now_ms.saturating_sub(self.settings.id_expiration_ms);
        let mut effects = Effects::default();
        self.by_id.retain(|id, transaction| {
            let is_idle = match transaction.state {
                State::Empty | State::CompleteCommit | State::CompleteAbort => {
                    transaction.updated_ms <= idle_since_ms
                }
                State::Ongoing | State::PrepareCommit | State::PrepareAbort => false,
            };
            if is_idle {
                effects.records.push(TransactionRecord { transactional_id: id.clone(), value: None });
            }
            !is_idle
        });
        effects
    }

    /// When [`Self::abort_timed_out`] has something to do next, in milliseconds.
    pub fn next_deadline(&self) -> Option<i64> {
        let ongoing = self.by_id.values().filter(|transaction| transaction.state == State::Ongoing);
        let deadlines = ongoing.map(|transaction| {
            transaction.started_ms.saturating_add(transaction.timeout_ms.into()).saturating_add(1)
        });
        deadlines.min()
    }
}
