//! One topic whose partitions one broker leads, over a connection of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use strait_client::{
    BrokerError, Cluster, Connection, ConnectionError, IsolationLevel, ListOffsetsAt, NewTopic, Pending,
};
use strait_wire::codec::Request;
use strait_wire::error_code::ErrorCode;
use strait_wire::ids::Uuid;
use strait_wire::message::create_topics::CreateTopicsRequest;
use strait_wire::message::fetch::{FetchPartition, FetchRequest, FetchResponse, FetchTopic, PartitionData};
use strait_wire::message::produce::{
    PartitionProduceData, ProduceRequest, ProduceResponse, TopicProduceData,
};
use strait_wire::record_data::RecordData;
use tokio::time::{Instant, sleep};

use crate::error::BenchError;

/// From this version on topics travel by id.
const TOPIC_ID_VERSION: i16 = 13;
const TIMEOUT_MS: i32 = 30_000;
const LEADERS_LIMIT: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Bounds of a fetch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FetchLimits {
    pub(crate) max_wait_ms: i32,
    pub(crate) max_bytes: i32,
    pub(crate) partition_max_bytes: i32,
}

#[derive(Clone, Debug)]
pub(crate) struct Topic {
    pub(crate) name: String,
    pub(crate) partitions: i32,
    id: Uuid,
    connection: Connection,
}

impl Topic {
    /// Makes a topic that keeps its records, and opens it.
    pub(crate) async fn create(cluster: &Cluster, name: &str, partitions: i32) -> Result<Self, BenchError> {
        let configs = BTreeMap::from([("retention.ms".to_owned(), "-1".to_owned())]);
        let topic = NewTopic { name: name.to_owned(), partitions, replication_factor: -1, configs };
        for (topic, result) in cluster.create_topics(vec![topic], false).await? {
            result.map_err(|error| BenchError::Broker { api: CreateTopicsRequest::KEY, topic, error })?;
        }
        Self::open(cluster, name, partitions).await
    }

    /// Waits until every partition has its leader and answers.
    pub(crate) async fn open(cluster: &Cluster, name: &str, partitions: i32) -> Result<Self, BenchError> {
        let (leader, id) = find_leader(cluster, name, partitions).await?;
        let all: Vec<_> = (0..partitions).map(|partition| (name.to_owned(), partition)).collect();
        cluster.list_offsets(&all, ListOffsetsAt::Latest, IsolationLevel::ReadUncommitted).await?;
        let connection = cluster.dedicated(leader).await?;
        Ok(Self { name: name.to_owned(), partitions, id, connection })
    }

    /// The highest version for this topic: by name where it has no id.
    fn version_of<R: Request<Response: 'static>>(&self) -> Result<i16, ConnectionError> {
        let highest = self.connection.version_of::<R>()?;
        Ok(if self.id.is_zero() { highest.min(TOPIC_ID_VERSION - 1) } else { highest })
    }

    /// Asks for each partition from its offset on.
    pub(crate) fn fetch(
        &self,
        from: impl Iterator<Item = (i32, i64)>,
        limits: FetchLimits,
    ) -> Result<Pending<FetchRequest>, ConnectionError> {
        let partitions = from.map(|(partition, fetch_offset)| FetchPartition {
            partition,
            fetch_offset,
            partition_max_bytes: limits.partition_max_bytes,
            ..FetchPartition::default()
        });
        let partitions = partitions.collect();
        let topic = FetchTopic { topic: self.name.clone(), topic_id: self.id, partitions };
        let request = FetchRequest {
            max_wait_ms: limits.max_wait_ms,
            min_bytes: 1,
            max_bytes: limits.max_bytes,
            isolation_level: 1,
            topics: vec![topic],
            ..FetchRequest::default()
        };
        self.connection.submit(&request, self.version_of::<FetchRequest>()?)
    }

    /// The answers to each partition of a fetch.
    pub(crate) fn fetched(&self, response: FetchResponse) -> Result<Vec<PartitionData>, BenchError> {
        self.check::<FetchRequest>(response.error_code, None)?;
        let answers: Vec<_> = response.responses.into_iter().flat_map(|topic| topic.partitions).collect();
        for answer in &answers {
            self.check::<FetchRequest>(answer.error_code, None)?;
        }
        Ok(answers)
    }

    /// Sends one batch for each partition.
    pub(crate) fn produce(
        &self,
        batches: Vec<(i32, RecordData)>,
    ) -> Result<Pending<ProduceRequest>, ConnectionError> {
        let partition_data = batches
            .into_iter()
            .map(|(index, records)| PartitionProduceData { index, records: Some(records) })
            .collect();
        let topic = TopicProduceData { name: self.name.clone(), topic_id: self.id, partition_data };
        let request = ProduceRequest {
            acks: -1,
            timeout_ms: TIMEOUT_MS,
            topic_data: vec![topic],
            ..ProduceRequest::default()
        };
        self.connection.submit(&request, self.version_of::<ProduceRequest>()?)
    }

    /// Fails when the broker refused any batch.
    pub(crate) fn produced(&self, response: ProduceResponse) -> Result<(), BenchError> {
        for answer in response.responses.into_iter().flat_map(|topic| topic.partition_responses) {
            self.check::<ProduceRequest>(answer.error_code, answer.error_message)?;
        }
        Ok(())
    }

    fn check<R: Request<Response: 'static>>(
        &self,
        code: i16,
        message: Option<String>,
    ) -> Result<(), BenchError> {
        let code = ErrorCode(code);
        if code.is_ok() {
            return Ok(());
        }
        let error = BrokerError { code, message };
        Err(BenchError::Broker { api: R::KEY, topic: self.name.clone(), error })
    }
}

async fn find_leader(cluster: &Cluster, name: &str, partitions: i32) -> Result<(i32, Uuid), BenchError> {
    let begun = Instant::now();
    loop {
        let metadata = cluster.refresh(Some(&[name.to_owned()])).await?;
        let mut leaders = BTreeSet::new();
        if let Some(topic) = metadata.topics.get(name) {
            leaders = topic.partitions.values().map(|partition| partition.leader).collect();
            let led = topic.partitions.len() == partitions as usize && !leaders.contains(&-1);
            match leaders.iter().next() {
                Some(leader) if led && leaders.len() == 1 => return Ok((*leader, topic.id)),
                Some(_) if led => {
                    let leaders = leaders.into_iter().collect();
                    return Err(BenchError::SeveralLeaders { topic: name.to_owned(), leaders });
                }
                _ => {}
            }
        }
        if begun.elapsed() > LEADERS_LIMIT {
            let what = format!("{name} with {partitions} partitions");
            return Err(BenchError::Deadline {
                what,
                after: LEADERS_LIMIT,
                seen: format!("leaders {leaders:?}"),
            });
        }
        sleep(LOOK_AGAIN).await;
    }
}

/// Waits for ever where nothing was asked.
pub(crate) async fn answered<R: Request<Response: 'static>>(
    pending: Option<&mut Pending<R>>,
) -> Result<R::Response, ConnectionError> {
    match pending {
        Some(pending) => pending.await,
        None => std::future::pending().await,
    }
}
