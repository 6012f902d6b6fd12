//! AddPartitionsToTxn and AddOffsetsToTxn, and the question of a leader whether a partition was added (KIP-890).

use std::collections::BTreeSet;

use strait_wire::error_code::ErrorCode;

use super::coordinator::Transactions;
use super::effects::{Effects, Outcome};
use super::transaction::{State, TransactionVersion};
use crate::topic_partition::TopicPartition;

/// Partitions to add. For AddOffsetsToTxn it is that of `__consumer_offsets` which coordinates the group.
#[derive(Clone, Copy, Debug)]
pub struct Addition<'a> {
    pub transactional_id: &'a str,
    pub producer_id: i64,
    pub producer_epoch: i16,
    pub partitions: &'a BTreeSet<TopicPartition>,
    /// V2 where the leader adds for its client, V0 where the client does.
    pub version: TransactionVersion,
}

impl Transactions {
    /// Adds partitions to a transaction, and begins it when they are the first.
    pub fn add_partitions(&mut self, addition: Addition<'_>, now_ms: i64) -> Outcome<ErrorCode> {
        let Addition { transactional_id, producer_id, producer_epoch, partitions, version } = addition;
        let transaction = match self.of_producer(transactional_id, producer_id, producer_epoch) {
            Ok(transaction) => transaction,
            Err(error) => return Outcome::only(error),
        };
        match transaction.state {
            State::PrepareCommit | State::PrepareAbort => {
                return Outcome::only(ErrorCode::CONCURRENT_TRANSACTIONS);
            }
            State::Ongoing if partitions.is_subset(&transaction.partitions) => {
                return Outcome::only(ErrorCode::NONE);
            }
            State::Ongoing => {}
            State::Empty | State::CompleteCommit | State::CompleteAbort => transaction.started_ms = now_ms,
        }
        transaction.state = State::Ongoing;
        transaction.version = version;
        transaction.updated_ms = now_ms;
        transaction.partitions.extend(partitions.iter().cloned());
        let mut effects = Effects::default();
        self.record(transactional_id, &mut effects);
        Outcome { response: ErrorCode::NONE, effects }
    }

    /// Whether a partition belongs to the producer's ongoing transaction. The version of `addition` is not looked at.
    ///
    /// # Errors
    /// One code for all partitions when the producer is not in charge or its transaction is being ended.
    pub fn verify_partitions(
        &mut self,
        addition: Addition<'_>,
    ) -> Result<Vec<(TopicPartition, ErrorCode)>, ErrorCode> {
        let Addition { transactional_id, producer_id, producer_epoch, partitions, .. } = addition;
        let transaction = self.of_producer(transactional_id, producer_id, producer_epoch)?;
        if transaction.state.is_prepared() {
            return Err(ErrorCode::CONCURRENT_TRANSACTIONS);
        }
        let verified = partitions.iter().map(|partition| {
            let is_added = transaction.partitions.contains(partition);
            let code = if is_added { ErrorCode::NONE } else { ErrorCode::TRANSACTION_ABORTABLE };
            (partition.clone(), code)
        });
        Ok(verified.collect())
    }
}
