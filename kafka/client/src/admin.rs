//! Topics, partitions and producer ids.

use std::collections::BTreeMap;

use strait_wire::codec::Request;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::create_partitions::{CreatePartitionsRequest, CreatePartitionsTopic};
use strait_wire::message::create_topics::{CreatableTopic, CreatableTopicConfig, CreateTopicsRequest};
use strait_wire::message::init_producer_id::InitProducerIdRequest;

use crate::cluster::Cluster;
use crate::error::{BrokerError, ClientError};
use crate::exchange::Call;
use crate::retry::retry;

/// A topic to create.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewTopic {
    pub name: String,
    pub partitions: i32,
    /// -1: the broker's default.
    pub replication_factor: i16,
    pub configs: BTreeMap<String, String>,
}

/// A topic to widen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPartitions {
    pub topic: String,
    /// Partitions in all, afterwards.
    pub total: i32,
}

/// The result for each topic of a request.
pub type TopicResults = Vec<(String, Result<(), BrokerError>)>;

/// A producer id and its epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProducerIdentity {
    pub producer_id: i64,
    pub producer_epoch: i16,
}

impl Cluster {
    pub async fn create_topics(
        &self,
        topics: Vec<NewTopic>,
        validate_only: bool,
    ) -> Result<TopicResults, ClientError> {
        let timeout_ms = self.timeout_ms();
        let topics = topics.into_iter().map(|topic| CreatableTopic {
            name: topic.name,
            num_partitions: topic.partitions,
            replication_factor: topic.replication_factor,
            configs: topic
                .configs
                .into_iter()
                .map(|(name, value)| CreatableTopicConfig { name, value: Some(value) })
                .collect(),
            ..CreatableTopic::default()
        });
        let request = CreateTopicsRequest { topics: topics.collect(), timeout_ms, validate_only };
        let response = self.ask_controller(&request).await?;
        let results = response.topics.into_iter();
        Ok(results.map(|topic| (topic.name, result(topic.error_code, topic.error_message))).collect())
    }

    pub async fn create_partitions(&self, topics: Vec<NewPartitions>) -> Result<TopicResults, ClientError> {
        let topics = topics.into_iter().map(|topic| CreatePartitionsTopic {
            name: topic.topic,
            count: topic.total,
            assignments: None,
        });
        let request = CreatePartitionsRequest {
            topics: topics.collect(),
            timeout_ms: self.timeout_ms(),
            validate_only: false,
        };
        let response = self.ask_controller(&request).await?;
        let results = response.results.into_iter();
        Ok(results.map(|topic| (topic.name, result(topic.error_code, topic.error_message))).collect())
    }

    /// A new producer id, without a transactional id.
    pub async fn init_producer_id(&self) -> Result<ProducerIdentity, ClientError> {
        let request = InitProducerIdRequest {
            transactional_id: None,
            transaction_timeout_ms: i32::MAX,
            ..InitProducerIdRequest::default()
        };
        let request = &request;
        retry(self.config().operation_timeout, move || async move {
            let response = self.any_broker().await?.call(request).await?;
            result(response.error_code, None)
                .map_err(|error| ClientError::Broker { api: InitProducerIdRequest::KEY, error })?;
            let (producer_id, producer_epoch) = (response.producer_id, response.producer_epoch);
            Ok(ProducerIdentity { producer_id, producer_epoch })
        })
        .await
    }

    /// Asks any broker, again after it was lost.
    pub(crate) async fn ask_any<R: Call>(&self, request: &R) -> Result<R::Response, ClientError> {
        retry(self.config().operation_timeout, move || async move {
            let answer = match self.any_broker().await {
                Ok(connection) => connection.call(request).await.map_err(ClientError::from),
                Err(error) => Err(error),
            };
            if answer.is_err() {
                self.refresh(Some(&[])).await?;
            }
            answer
        })
        .await
    }

    /// Asks the controller, again after it moved or was lost.
    pub(crate) async fn ask_controller<R: Call>(&self, request: &R) -> Result<R::Response, ClientError> {
        retry(self.config().operation_timeout, move || async move {
            let answer = match self.controller().await {
                Ok(connection) => connection.call(request).await.map_err(ClientError::from),
                Err(error) => Err(error),
            };
            if answer.is_err() {
                self.refresh(Some(&[])).await?;
            }
            answer
        })
        .await
    }

    pub(crate) fn timeout_ms(&self) -> i32 {
        i32::try_from(self.config().request_timeout.as_millis()).unwrap_or(i32::MAX)
    }
}

pub(crate) fn result(code: i16, message: Option<String>) -> Result<(), BrokerError> {
    let code = ErrorCode(code);
    if code.is_ok() { Ok(()) } else { Err(BrokerError { code, message }) }
}
