//! Who writes: producers that a partition knows, and transactions.

use strait_wire::codec::Request;
use strait_wire::message::describe_producers::{
    DescribeProducersRequest, DescribeProducersResponse, ProducerState, TopicRequest,
};
use strait_wire::message::list_transactions::{ListTransactionsRequest, ListTransactionsResponse};

use crate::admin::result;
use crate::cluster::Cluster;
use crate::error::{BrokerError, ClientError};
use crate::leaders::{Asked, PartitionResults, TopicPartition};
use crate::retry::retry;
use crate::transaction::{TransactionCoordinator, TransactionDescription};

/// A producer that a partition's leader remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActiveProducer {
    pub producer_id: i64,
    pub producer_epoch: i32,
    /// -1: none.
    pub last_sequence: i32,
    /// Milliseconds since 1970; -1: none.
    pub last_timestamp: i64,
    /// Where its open transaction begins.
    pub transaction_start_offset: Option<i64>,
}

/// A transaction that a coordinator knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionListing {
    pub transactional_id: String,
    pub producer_id: i64,
    /// Kafka's name, such as `Ongoing`.
    pub state: String,
    /// The broker that coordinates it.
    pub coordinator: i32,
}

/// The answer for each transactional id.
pub type TransactionDescriptions = Vec<(String, Result<TransactionDescription, BrokerError>)>;

impl Cluster {
    /// The producers that each partition remembers.
    pub async fn describe_producers(
        &self,
        partitions: &[TopicPartition],
    ) -> Result<PartitionResults<Vec<ActiveProducer>>, ClientError> {
        let partitions = partitions.iter().map(|partition| (partition.clone(), ())).collect();
        self.ask_leaders(partitions, producers_request, read_producers).await
    }

    /// All transactions of all coordinators.
    pub async fn list_transactions(&self) -> Result<Vec<TransactionListing>, ClientError> {
        let mut listed = Vec::new();
        for coordinator in self.metadata().await.brokers.keys().copied() {
            let response = retry(self.config().operation_timeout, || self.list_of(coordinator)).await?;
            listed.extend(response.transaction_states.into_iter().map(|found| TransactionListing {
                transactional_id: found.transactional_id,
                producer_id: found.producer_id,
                state: found.transaction_state,
                coordinator,
            }));
        }
        Ok(listed)
    }

    async fn list_of(&self, coordinator: i32) -> Result<ListTransactionsResponse, ClientError> {
        let connection = self.connection_to(coordinator).await?;
        let response = connection.call(&ListTransactionsRequest::default()).await?;
        let refused = |error| ClientError::Broker { api: ListTransactionsRequest::KEY, error };
        result(response.error_code, None).map_err(refused)?;
        Ok(response)
    }

    /// What the coordinators know of some transactions.
    pub async fn describe_transactions(
        &self,
        transactional_ids: &[String],
    ) -> Result<TransactionDescriptions, ClientError> {
        let mut described = Vec::with_capacity(transactional_ids.len());
        for id in transactional_ids {
            let answer = match TransactionCoordinator::new(self.clone(), id).describe().await {
                Ok(description) => Ok(description),
                Err(ClientError::Broker { error, .. }) => Err(error),
                Err(error) => return Err(error),
            };
            described.push((id.clone(), answer));
        }
        Ok(described)
    }
}

fn producers_request(asked: &Asked<()>) -> DescribeProducersRequest {
    let topics = asked.iter().map(|(name, partitions)| TopicRequest {
        name: name.clone(),
        partition_indexes: partitions.iter().map(|(partition, ())| *partition).collect(),
    });
    DescribeProducersRequest { topics: topics.collect() }
}

fn read_producers(response: DescribeProducersResponse) -> PartitionResults<Vec<ActiveProducer>> {
    let topics = response.topics.into_iter();
    let results = topics.flat_map(|topic| {
        topic.partitions.into_iter().map(move |partition| {
            let producers = partition.active_producers.iter().map(active_producer).collect();
            let answer = result(partition.error_code, partition.error_message).map(|()| producers);
            ((topic.name.clone(), partition.partition_index), answer)
        })
    });
    results.collect()
}

fn active_producer(state: &ProducerState) -> ActiveProducer {
    ActiveProducer {
        producer_id: state.producer_id,
        producer_epoch: state.producer_epoch,
        last_sequence: state.last_sequence,
        last_timestamp: state.last_timestamp,
        transaction_start_offset: Some(state.current_txn_start_offset).filter(|offset| *offset >= 0),
    }
}
