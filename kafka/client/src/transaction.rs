//! Transactions on a cluster: the coordinator's part. Batches are produced by the caller, stamped with the identity
//! given here, at `TRANSACTIONAL_PRODUCE_VERSION` at most.

use std::collections::BTreeMap;
use std::time::Duration;

use strait_wire::error_code::ErrorCode;
use strait_wire::message::add_partitions_to_txn::{
    AddPartitionsToTxnRequest, AddPartitionsToTxnResponse, AddPartitionsToTxnTopic,
};
use strait_wire::message::end_txn::{EndTxnRequest, EndTxnResponse};
use strait_wire::message::init_producer_id::{InitProducerIdRequest, InitProducerIdResponse};
use tokio::sync::Mutex;

use crate::admin::{ProducerIdentity, result};
use crate::cluster::Cluster;
use crate::coordinator::CoordinatorKey;
use crate::error::{BrokerError, ClientError, ConnectionError};
use crate::exchange::Call;
use crate::leaders::TopicPartition;
use crate::retry::retry;

/// From version 12 on a produce adds its partition by itself and the epoch rises with each transaction (KIP-890).
/// Here the identity stays, so partitions are added first and the older versions are spoken.
pub const TRANSACTIONAL_PRODUCE_VERSION: i16 = 11;
const ADD_PARTITIONS_VERSION: i16 = 3;
const END_VERSION: i16 = 4;
/// Above it the request asks for two-phase commit.
const INIT_VERSION: i16 = 5;

/// How a transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransactionResult {
    Commit,
    Abort,
}

/// The coordinator of one transactional id. What can be tried again is, within the cluster's operation timeout.
#[derive(Debug)]
pub struct TransactionCoordinator {
    cluster: Cluster,
    key: CoordinatorKey,
    transactional_id: String,
    /// The coordinating broker, while it is believed to be.
    node: Mutex<Option<i32>>,
}

impl TransactionCoordinator {
    pub fn new(cluster: Cluster, transactional_id: &str) -> Self {
        let key = CoordinatorKey::Transaction(transactional_id.to_owned());
        Self { cluster, key, transactional_id: transactional_id.to_owned(), node: Mutex::new(None) }
    }

    /// Fences every earlier owner of the transactional id, ends its open transaction, and gives the identity to
    /// produce with. A transaction that lasts longer than `transaction_timeout` is aborted by the coordinator.
    pub async fn init_producer_id(
        &self,
        transaction_timeout: Duration,
    ) -> Result<ProducerIdentity, ClientError> {
        let request = InitProducerIdRequest {
            transactional_id: Some(self.transactional_id.clone()),
            transaction_timeout_ms: i32::try_from(transaction_timeout.as_millis()).unwrap_or(i32::MAX),
            ..InitProducerIdRequest::default()
        };
        let code = |response: &InitProducerIdResponse| result(response.error_code, None);
        let response = self.ask(&request, INIT_VERSION, code).await?;
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
        self.ask(&request, ADD_PARTITIONS_VERSION, added).await.map(drop)
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
        self.ask(&request, END_VERSION, code).await.map(drop)
    }

    async fn ask<R: Call>(
        &self,
        request: &R,
        highest: i16,
        code: impl Fn(&R::Response) -> Result<(), BrokerError>,
    ) -> Result<R::Response, ClientError> {
        let code = &code;
        retry(self.cluster.config().operation_timeout, move || async move {
            let answer = self.ask_once(request, highest).await.and_then(|response| {
                let refused = |error| ClientError::Broker { api: R::KEY, error };
                code(&response).map_err(refused).map(|()| response)
            });
            if answer.as_ref().is_err_and(is_lost) {
                *self.node.lock().await = None;
            }
            answer
        })
        .await
    }

    async fn ask_once<R: Call>(&self, request: &R, highest: i16) -> Result<R::Response, ClientError> {
        let node = self.node().await?;
        let connection = self.cluster.connection_to(node).await?;
        let version = connection.version_of::<R>().map_err(ConnectionError::from)?.min(highest);
        Ok(connection.call_at(request, version).await?)
    }

    async fn node(&self) -> Result<i32, ClientError> {
        let mut node = self.node.lock().await;
        match *node {
            Some(known) => Ok(known),
            None => Ok(*node.insert(self.cluster.find_coordinator_once(&self.key).await?)),
        }
    }
}

/// The broker is gone, or coordinates this transactional id no more.
fn is_lost(error: &ClientError) -> bool {
    match error {
        ClientError::Broker { error, .. } => {
            matches!(error.code, ErrorCode::NOT_COORDINATOR | ErrorCode::COORDINATOR_NOT_AVAILABLE)
        }
        _ => true,
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
