//! InitProducerId: an id and an epoch that fence whoever used the transactional id before (KIP-98, KIP-360).

use strait_wire::error_code::ErrorCode;

use super::coordinator::Transactions;
use super::effects::{Effects, Outcome};
use super::transaction::{NO_EPOCH, NONE, State, Transaction, is_epoch_used_up};

/// A producer's id and epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProducerIdentity {
    pub producer_id: i64,
    pub producer_epoch: i16,
}

/// What InitProducerId asks.
#[derive(Clone, Copy, Debug)]
pub struct InitProducer<'a> {
    pub transactional_id: &'a str,
    pub timeout_ms: i32,
    /// -1 in both when the producer has no id yet.
    pub current: ProducerIdentity,
}

type Initialized = Outcome<Result<ProducerIdentity, ErrorCode>>;

impl Transactions {
    /// Gives a producer its id and epoch. `CONCURRENT_TRANSACTIONS` while the transaction before is being ended:
    /// one that was left open is aborted first. A producer without transactions asks no coordinator.
    pub fn init_producer(
        &mut self,
        init: InitProducer<'_>,
        now_ms: i64,
        new_producer_id: &mut dyn FnMut() -> Result<i64, ErrorCode>,
    ) -> Initialized {
        let mut effects = Effects::default();
        let response = self.init(init, now_ms, new_producer_id, &mut effects);
        Outcome { response, effects }
    }

    fn init(
        &mut self,
        init: InitProducer<'_>,
        now_ms: i64,
        new_producer_id: &mut dyn FnMut() -> Result<i64, ErrorCode>,
        effects: &mut Effects,
    ) -> Result<ProducerIdentity, ErrorCode> {
        let InitProducer { transactional_id, timeout_ms, current } = init;
        let has_both = (current.producer_id == NONE) == (current.producer_epoch == NO_EPOCH);
        if transactional_id.is_empty() || !has_both {
            return Err(ErrorCode::INVALID_REQUEST);
        }
        if timeout_ms <= 0 || timeout_ms > self.settings.max_timeout_ms {
            return Err(ErrorCode::INVALID_TRANSACTION_TIMEOUT);
        }
        if !self.by_id.contains_key(transactional_id) {
            let transaction = Transaction::new(new_producer_id()?, timeout_ms, now_ms);
            self.by_id.insert(transactional_id.to_owned(), transaction);
        }
        let Some(transaction) = self.by_id.get_mut(transactional_id) else {
            return Err(ErrorCode::UNKNOWN_SERVER_ERROR);
        };
        let expected = Some(current).filter(|current| current.producer_id != NONE);
        if !expected.is_none_or(|expected| transaction.may_be(expected)) {
            return Err(ErrorCode::PRODUCER_FENCED);
        }
        match transaction.state {
            State::PrepareCommit | State::PrepareAbort => return Err(ErrorCode::CONCURRENT_TRANSACTIONS),
            State::Ongoing => {
                self.fence(transactional_id, now_ms, effects);
                return Err(ErrorCode::CONCURRENT_TRANSACTIONS);
            }
            State::Empty | State::CompleteCommit | State::CompleteAbort => {}
        }
        transaction.renew(expected, new_producer_id)?;
        transaction.timeout_ms = timeout_ms;
        transaction.updated_ms = now_ms;
        let Transaction { producer_id, producer_epoch, .. } = *transaction;
        self.record(transactional_id, effects);
        Ok(ProducerIdentity { producer_id, producer_epoch })
    }
}

impl Transaction {
    /// Whether a producer could have had this identity last.
    fn may_be(&self, expected: ProducerIdentity) -> bool {
        self.producer_epoch == NO_EPOCH
            || expected.producer_id == self.producer_id
            || (expected.producer_id == self.previous_producer_id
                && is_epoch_used_up(expected.producer_epoch))
    }

    /// The next epoch, or a new id when the epochs are used up. Who asks again with the last epoch gets the same.
    fn renew(
        &mut self,
        expected: Option<ProducerIdentity>,
        new_producer_id: &mut dyn FnMut() -> Result<i64, ErrorCode>,
    ) -> Result<(), ErrorCode> {
        let expected = expected.map(|expected| expected.producer_epoch);
        let is_current = expected.is_none_or(|epoch| epoch == self.producer_epoch);
        let (old_id, old_epoch) = (self.producer_id, self.producer_epoch);
        let is_repeated = expected == Some(self.last_epoch) && old_epoch != NO_EPOCH;
        if self.is_epoch_used_up() && (is_current || is_repeated) {
            self.producer_id = new_producer_id()?;
            self.producer_epoch = 0;
            self.last_epoch = expected.map_or(NO_EPOCH, |_| old_epoch);
        } else if is_current || old_epoch == NO_EPOCH {
            self.producer_epoch = old_epoch.saturating_add(1);
            self.last_epoch = expected.map_or(NO_EPOCH, |_| old_epoch);
        } else if !is_repeated {
            return Err(ErrorCode::PRODUCER_FENCED);
        }
        self.previous_producer_id = old_id;
        self.state = State::Empty;
        self.partitions.clear();
        self.started_ms = -1;
        Ok(())
    }
}
