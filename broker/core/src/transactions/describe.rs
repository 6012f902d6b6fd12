//! DescribeTransactions and ListTransactions.

use std::collections::BTreeMap;

use strait_wire::error_code::ErrorCode;
use strait_wire::message::{describe_transactions, list_transactions};

use super::coordinator::Transactions;
use super::transaction::State;
use crate::topic_partition::TopicPartition;

impl Transactions {
    /// What DescribeTransactions tells of an id.
    pub fn describe(&self, transactional_id: &str) -> describe_transactions::TransactionState {
        let mut described = describe_transactions::TransactionState {
            transactional_id: transactional_id.to_owned(),
            ..Default::default()
        };
        if transactional_id.is_empty() {
            described.error_code = ErrorCode::INVALID_REQUEST.0;
            return described;
        }
        let Some(transaction) = self.by_id.get(transactional_id) else {
            described.error_code = ErrorCode::TRANSACTIONAL_ID_NOT_FOUND.0;
            return described;
        };
        let mut topics: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
        for TopicPartition { topic, partition } in &transaction.partitions {
            topics.entry(topic).or_default().push(*partition);
        }
        described.transaction_state = transaction.state.name().to_owned();
        described.transaction_timeout_ms = transaction.timeout_ms;
        described.transaction_start_time_ms = transaction.started_ms;
        described.producer_id = transaction.producer_id;
        described.producer_epoch = transaction.producer_epoch;
        let topics = topics.into_iter();
        described.topics = topics
            .map(|(topic, partitions)| describe_transactions::TopicData {
                topic: topic.to_owned(),
                partitions,
            })
            .collect();
        described
    }

    /// The transactions in one of the states, of one of the producers, and open for longer than a duration; empty
    /// filters and a negative duration let all through. Patterns of ids are the caller's.
    pub fn list(
        &self,
        states: &[String],
        producer_ids: &[i64],
        duration_ms: i64,
        now_ms: i64,
    ) -> Vec<list_transactions::TransactionState> {
        let listed = self.by_id.iter().filter(|(_, transaction)| {
            let is_old = now_ms.saturating_sub(transaction.started_ms) > duration_ms;
            let has_begun = transaction.started_ms >= 0;
            (states.is_empty() || states.iter().any(|state| state == transaction.state.name()))
                && (producer_ids.is_empty() || producer_ids.contains(&transaction.producer_id))
                && (duration_ms < 0 || (has_begun && is_old))
        });
        let listed = listed.map(|(id, transaction)| list_transactions::TransactionState {
            transactional_id: id.clone(),
            producer_id: transaction.producer_id,
            transaction_state: transaction.state.name().to_owned(),
        });
        listed.collect()
    }

    /// The names in a filter that are no state.
    pub fn unknown_states(states: &[String]) -> Vec<String> {
        let known = |name: &String| State::ALL.iter().any(|state| state.name() == name) || name == "Dead";
        states.iter().filter(|name| !known(name)).cloned().collect()
    }
}
