//! Transactions on a cluster: the coordinator's part. Batches are produced by the caller, stamped with the identity
//! given here, at `TRANSACTIONAL_PRODUCE_VERSION` at most.

use std::collections::BTreeMap;
use std::time::Duration;

use strait_wire::codec::Message;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::add_offsets_to_txn::{AddOffsetsToTxnRequest, AddOffsetsToTxnResponse};
use strait_wire::message::add_partitions_to_txn::{
    AddPartitionsToTxnRequest, AddPartitionsToTxnResponse, AddPartitionsToTxnTopic,
};
use strait_wire::message::describe_transactions::{
    DescribeTransactionsRequest, DescribeTransactionsResponse,
};
use strait_wire::message::end_txn::{EndTxnRequest, EndTxnResponse};
use strait_wire::message::init_producer_id::{InitProducerIdRequest, InitProducerIdResponse};

use crate::admin::{ProducerIdentity, result};
use crate::cluster::Cluster;
use crate::coordinator::{Coordinator, CoordinatorKey};
use crate::error::{BrokerError, ClientError};
use crate::leaders::TopicPartition;

/// From version 12 on a produce adds its partition by itself and the epoch rises with each transaction (KIP-890).
/// Here the identity stays, so partitions are added first and the older versions are spoken.
pub const TRANSACTIONAL_PRODUCE_VERSION: i16 = 11;
const ADD_PARTITIONS_VERSION: i16 = 3;
const ADD_OFFSETS_VERSION: i16 = 3;
const END_VERSION: i16 = 4;
/// Above it the request asks for two-phase commit.
const INIT_VERSION: i16 = 5;

/// How a transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransactionResult {
    Commit,
    Abort,
}

/// What a coordinator knows of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionDescription {
    /// Kafka's name, such as `Ongoing`.
    pub state: String,
    pub timeout_ms: i32,
    /// Milliseconds since 1970; -1 while none is open.
    pub start_time_ms: i64,
    pub identity: ProducerIdentity,
    pub partitions: Vec<TopicPartition>,
}

/// The coordinator of one transactional id. What can be tried again is, within the cluster's operation timeout.
#[derive(Debug)]
pub struct TransactionCoordinator {
    coordinator: Coordinator,
    transactional_id: String,
}

impl TransactionCoordinator {
    pub fn new(cluster: Cluster, transactional_id: &str) -> Self {
        let key = CoordinatorKey::Transaction(transactional_id.to_owned());
        Self { coordinator: Coordinator::new(cluster, key), transactional_id: transactional_id.to_owned() }
    }

    pub fn transactional_id(&self) -> &str {
        &self.transactional_id
    }

    /// Fences every earlier owner of the transactional id, ends its open transaction, and gives the identity to
    /// produce with. A transaction that lasts longer than `transaction_timeout` is aborted by the coordinator.
    pub async fn init_producer_id(
        &self,
        transaction_timeout: Duration,
    ) -> Result<ProducerIdentity, ClientError> {
        self.init(transaction_timeout, ProducerIdentity { producer_id: -1, producer_epoch: -1 }).await
    }

    /// Raises the epoch after a transaction that failed, so that nothing of it can be written any more; fails when
    /// another producer has taken the transactional id over (KIP-360).
    pub async fn bump_epoch(
        &self,
        transaction_timeout: Duration,
        identity: ProducerIdentity,
    ) -> Result<ProducerIdentity, ClientError> {
        self.init(transaction_timeout, identity).await
    }

    async fn init(
        &self,
        transaction_timeout: Duration,
        identity: ProducerIdentity,
    ) -> Result<ProducerIdentity, ClientError> {
        let request = InitProducerIdRequest {
            transactional_id: Some(self.transactional_id.clone()),
            transaction_timeout_ms: i32::try_from(transaction_timeout.as_millis()).unwrap_or(i32::MAX),
            producer_id: identity.producer_id,
            producer_epoch: identity.producer_epoch,
            ..InitProducerIdRequest::default()
        };
        let code = |response: &InitProducerIdResponse| result(response.error_code, None);
        let response = self.coordinator.ask(&request, INIT_VERSION, code).await?;
        let (producer_id, producer_epoch) = (response.producer_id, response.producer_epoch);
        Ok(ProducerIdentity { producer_id, producer_epoch })
    }

    /// Makes partitions part of the transaction, and begins it if none is open. All of them or none.
    pub async fn add_partitions(
        &self,
        identity: ProducerIdentity,
        partitions: &[TopicPartition],
    ) -> Result<(), ClientError> {
        let mut topics: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
        for (topic, partition) in partitions {
            topics.entry(topic).or_default().push(*partition);
        }
        let topics = topics.into_iter().map(|(name, partitions)| {
            let name = name.to_owned();
            AddPartitionsToTxnTopic { name, partitions }
        });
        let request = AddPartitionsToTxnRequest {
            v3_and_below_transactional_id: self.transactional_id.clone(),
            v3_and_below_producer_id: identity.producer_id,
            v3_and_below_producer_epoch: identity.producer_epoch,
            v3_and_below_topics: topics.collect(),
            ..AddPartitionsToTxnRequest::default()
        };
        self.coordinator.ask(&request, ADD_PARTITIONS_VERSION, added).await.map(drop)
    }

    /// Makes a group's offsets part of the transaction, and begins it if none is open.
    pub async fn add_offsets(&self, identity: ProducerIdentity, group: &str) -> Result<(), ClientError> {
        let request = AddOffsetsToTxnRequest {
            transactional_id: self.transactional_id.clone(),
            producer_id: identity.producer_id,
            producer_epoch: identity.producer_epoch,
            group_id: group.to_owned(),
        };
        let code = |response: &AddOffsetsToTxnResponse| result(response.error_code, None);
        self.coordinator.ask(&request, ADD_OFFSETS_VERSION, code).await.map(drop)
    }

    /// Ends the transaction. Asking again for the same result after a lost answer is answered as done.
    pub async fn end(
        &self,
        identity: ProducerIdentity,
        transaction_result: TransactionResult,
    ) -> Result<(), ClientError> {
        let request = EndTxnRequest {
            transactional_id: self.transactional_id.clone(),
            producer_id: identity.producer_id,
            producer_epoch: identity.producer_epoch,
            committed: transaction_result == TransactionResult::Commit,
        };
        let code = |response: &EndTxnResponse| result(response.error_code, None);
        self.coordinator.ask(&request, END_VERSION, code).await.map(drop)
    }

    /// What the coordinator knows of the transaction.
    pub async fn describe(&self) -> Result<TransactionDescription, ClientError> {
        let transactional_ids = vec![self.transactional_id.clone()];
        let request = DescribeTransactionsRequest { transactional_ids };
        let code = |response: &DescribeTransactionsResponse| match response.transaction_states.first() {
            Some(state) => result(state.error_code, None),
            None => Err(BrokerError { code: ErrorCode::TRANSACTIONAL_ID_NOT_FOUND, message: None }),
        };
        let response = self.coordinator.ask(&request, DescribeTransactionsRequest::MAX_VERSION, code).await?;
        let state = response.transaction_states.into_iter().next().unwrap_or_default();
        let (producer_id, producer_epoch) = (state.producer_id, state.producer_epoch);
        let partitions = state.topics.into_iter().flat_map(|topic| {
            topic.partitions.into_iter().map(move |partition| (topic.topic.clone(), partition))
        });
        Ok(TransactionDescription {
            state: state.transaction_state,
            timeout_ms: state.transaction_timeout_ms,
            start_time_ms: state.transaction_start_time_ms,
            identity: ProducerIdentity { producer_id, producer_epoch },
            partitions: partitions.collect(),
        })
    }
}

/// The first partition's error that says why; the others are only not attempted.
fn added(response: &AddPartitionsToTxnResponse) -> Result<(), BrokerError> {
    let topics = response.results_by_topic_v3_and_below.iter();
    let failed = topics.flat_map(|topic| {
        topic.results_by_partition.iter().filter_map(|partition| {
            let code = ErrorCode(partition.partition_error_code);
            let place = format!("{}-{}", topic.name, partition.partition_index);
            (!code.is_ok()).then_some(BrokerError { code, message: Some(place) })
        })
    });
    match failed.min_by_key(|error| error.code == ErrorCode::OPERATION_NOT_ATTEMPTED) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}
