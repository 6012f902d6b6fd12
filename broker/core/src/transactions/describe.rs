//! DescribeTransactions and ListTransactions.

use std::collections::BTreeMap;

use regex::Regex;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::{describe_transactions, list_transactions};

use super::coordinator::Transactions;
use super::transaction::{State, Transaction};
use crate::topic_partition::TopicPartition;

/// Which transactions are asked for; what is empty lets all through.
#[derive(Clone, Debug)]
pub struct TransactionFilter {
    pub states: Vec<String>,
    pub producer_ids: Vec<i64>,
    /// Open for longer than this; negative lets all through.
    pub duration_ms: i64,
    /// What the whole id has to match (KIP-1152).
    pub pattern: Option<Regex>,
}

impl TransactionFilter {
    /// The pattern that a client sends; none where it is empty.
    ///
    /// # Errors
    /// What is no regular expression.
    pub fn pattern(text: &str) -> Result<Option<Regex>, regex::Error> {
        if text.is_empty() {
            return Ok(None);
        }
        // By itself first, so that its parentheses are its own.
        Regex::new(text)?;
        Regex::new(&format!("^(?:{text})$")).map(Some)
    }

    fn lets_through(&self, id: &str, transaction: &Transaction, now_ms: i64) -> bool {
        let Self { states, producer_ids, duration_ms, pattern } = self;
        // Those that never began are as old as time, as in Kafka.
        let is_old = now_ms.saturating_sub(transaction.started_ms) > *duration_ms;
        (states.is_empty() || states.iter().any(|state| state == transaction.state.name()))
            && (producer_ids.is_empty() || producer_ids.contains(&transaction.producer_id))
            && (*duration_ms < 0 || is_old)
            && pattern.as_ref().is_none_or(|pattern| pattern.is_match(id))
    }
}

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

    /// The transactions that a filter lets through.
    pub fn list(&self, filter: &TransactionFilter, now_ms: i64) -> Vec<list_transactions::TransactionState> {
        let listed =
            self.by_id.iter().filter(|(id, transaction)| filter.lets_through(id, transaction, now_ms));
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
