//! One of MirrorMaker 2's internal topics: compacted, one partition, written without transactions.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use strait_client::{
    BrokerError, ClientError, Cluster, ConnectionError, IsolationLevel, ListOffsetsAt, NewTopic,
    ProduceOutcome, UnsupportedApiError,
};
use strait_wire::batch::{
    BatchBuilder, BatchError, Compression, DecompressionLimit, Entry, Record, Stamp, closed_batches, open,
};
use strait_wire::error_code::ErrorCode;
use strait_wire::ids::Uuid;
use strait_wire::message::fetch::{FetchPartition, FetchRequest, FetchTopic};
use strait_wire::record_data::RecordData;
use tracing::{info, warn};

const PARTITION: i32 = 0;
const FETCH_BYTES: i32 = 4 << 20;
const OPEN_LIMIT: DecompressionLimit = DecompressionLimit(64 << 20);
const PRODUCE_TIMEOUT: Duration = Duration::from_secs(30);
/// Records of one batch.
const BATCH_RECORDS: usize = 2_000;
/// Looks for the leader of a topic that was just made.
const LEADER_ATTEMPTS: u32 = 100;
const LEADER_PAUSE: Duration = Duration::from_millis(100);

/// Why such a topic can't be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InternalTopicError {
    #[error("{topic}: {source}")]
    Client { topic: String, source: ClientError },
    #[error("{topic}: {source}")]
    Connection { topic: String, source: ConnectionError },
    #[error("{topic}: {source}")]
    Unsupported { topic: String, source: UnsupportedApiError },
    #[error("{topic} can't be created: {source}")]
    Create { topic: String, source: BrokerError },
    #[error("{topic} has no leader")]
    NoLeader { topic: String },
    #[error("{topic}: the cluster answers {code}")]
    Refused { topic: String, code: ErrorCode },
    #[error("{topic}, batch after offset {offset}: {source}")]
    Batch { topic: String, offset: i64, source: BatchError },
    #[error("{topic} is not written: {reason}")]
    NotWritten { topic: String, reason: String },
}

/// Key and value; no value removes what the key names.
pub(crate) type KeyedRecord = (Bytes, Option<Bytes>);

/// A topic on one cluster.
#[derive(Clone)]
pub(crate) struct InternalTopic {
    cluster: Cluster,
    pub(crate) name: String,
    replication_factor: i16,
}

struct Leader {
    id: i32,
    topic_id: Uuid,
}

impl InternalTopic {
    pub(crate) fn new(cluster: Cluster, name: String, replication_factor: i16) -> Self {
        Self { cluster, name, replication_factor }
    }

    /// Writes records, after making the topic where it is missing. Gives the offset of each.
    pub(crate) async fn write(
        &self,
        records: &[KeyedRecord],
        now_ms: i64,
    ) -> Result<Vec<i64>, InternalTopicError> {
        let leader = match self.leader().await? {
            Some(leader) => leader,
            None => self.create().await?,
        };
        let mut offsets = Vec::with_capacity(records.len());
        for chunk in records.chunks(BATCH_RECORDS) {
            let mut builder = BatchBuilder::new(Compression::None, now_ms);
            for (key, value) in chunk {
                builder.push(now_ms, Some(key), value.as_ref(), &[]);
            }
            let batch = builder.finish(Stamp::NONE, 0).map_err(|source| self.batch(-1, source))?;
            let base = self.produce(&leader, batch.bytes().clone()).await?;
            offsets.extend((base..).take(chunk.len()));
        }
        Ok(offsets)
    }

    async fn produce(&self, leader: &Leader, batch: Bytes) -> Result<i64, InternalTopicError> {
        let connection = self.cluster.connection_to(leader.id).await.map_err(|source| self.client(source))?;
        let records = RecordData::single(batch);
        let (name, id) = (&self.name, leader.topic_id);
        let produced =
            strait_client::produce_once(&connection, name, id, PARTITION, records, PRODUCE_TIMEOUT);
        let reason = match produced.await {
            ProduceOutcome::Acked { base_offset, .. } => return Ok(base_offset),
            ProduceOutcome::Refused { code, message } => format!("{code} {}", message.unwrap_or_default()),
            ProduceOutcome::Ambiguous { error } | ProduceOutcome::NotSent { error } => error.to_string(),
        };
        Err(InternalTopicError::NotWritten { topic: self.name.clone(), reason })
    }

    /// Gives each record that is in the topic now, in order. A topic that is not there has none.
    pub(crate) async fn read(&self, mut take: impl FnMut(Record)) -> Result<(), InternalTopicError> {
        let Some(leader) = self.leader().await? else { return Ok(()) };
        let end = self.offset(ListOffsetsAt::Latest).await?;
        let mut offset = self.offset(ListOffsetsAt::Earliest).await?;
        while offset < end {
            let before = offset;
            for entry in closed_batches(self.fetch(&leader, offset).await?) {
                let opened = match entry.map_err(|source| self.batch(offset, source))? {
                    Entry::Closed(batch) if batch.header().attributes.is_control() => {
                        offset = offset.max(batch.header().next_offset());
                        continue;
                    }
                    Entry::Closed(batch) => {
                        let opened = open(&batch, OPEN_LIMIT);
                        offset = offset.max(batch.header().next_offset());
                        opened
                    }
                    Entry::Legacy(set) => set.open(OPEN_LIMIT),
                };
                for record in opened.map_err(|source| self.batch(before, source))? {
                    offset = offset.max(record.offset + 1);
                    if record.offset >= before {
                        take(record);
                    }
                }
            }
            if offset == before {
                warn!(topic = self.name, offset, end, "internal topic can't be read further");
                return Ok(());
            }
        }
        Ok(())
    }

    /// The record at an offset; `None` where there is none.
    pub(crate) async fn read_at(&self, offset: i64) -> Result<Option<Record>, InternalTopicError> {
        let Some(leader) = self.leader().await? else { return Ok(None) };
        for entry in closed_batches(self.fetch(&leader, offset).await?) {
            let Entry::Closed(batch) = entry.map_err(|source| self.batch(offset, source))? else { continue };
            if batch.header().next_offset() <= offset {
                continue;
            }
            let records = open(&batch, OPEN_LIMIT).map_err(|source| self.batch(offset, source))?;
            return Ok(records.into_iter().find(|record| record.offset == offset));
        }
        Ok(None)
    }

    async fn offset(&self, at: ListOffsetsAt) -> Result<i64, InternalTopicError> {
        let partition = [(self.name.clone(), PARTITION)];
        let answers = self.cluster.list_offsets(&partition, at, IsolationLevel::ReadUncommitted).await;
        match answers.map_err(|source| self.client(source))?.into_iter().next() {
            Some((_, Ok(at))) => Ok(at.offset),
            Some((_, Err(error))) => {
                Err(InternalTopicError::Refused { topic: self.name.clone(), code: error.code })
            }
            None => Err(InternalTopicError::NoLeader { topic: self.name.clone() }),
        }
    }

    async fn fetch(&self, leader: &Leader, offset: i64) -> Result<Bytes, InternalTopicError> {
        let connection = self.cluster.connection_to(leader.id).await.map_err(|source| self.client(source))?;
        let unsupported = |source| InternalTopicError::Unsupported { topic: self.name.clone(), source };
        let highest = connection.version_of::<FetchRequest>().map_err(unsupported)?;
        let by_id = highest >= 13 && leader.topic_id != Uuid::ZERO;
        let version = if by_id { highest } else { highest.min(12) };
        let partition = FetchPartition {
            partition: PARTITION,
            fetch_offset: offset,
            partition_max_bytes: FETCH_BYTES,
            ..FetchPartition::default()
        };
        let mut fetched = FetchTopic { partitions: vec![partition], ..FetchTopic::default() };
        if by_id {
            fetched.topic_id = leader.topic_id;
        } else {
            fetched.topic.clone_from(&self.name);
        }
        let request = FetchRequest {
            min_bytes: 1,
            max_bytes: FETCH_BYTES,
            session_epoch: -1,
            topics: vec![fetched],
            ..FetchRequest::default()
        };
        let connection_error = |source| InternalTopicError::Connection { topic: self.name.clone(), source };
        let response = connection.call_at(&request, version).await.map_err(connection_error)?;
        let answer = response.responses.into_iter().flat_map(|topic| topic.partitions).next();
        let answer = answer.ok_or_else(|| InternalTopicError::NoLeader { topic: self.name.clone() })?;
        let code = ErrorCode(answer.error_code);
        if !code.is_ok() {
            return Err(InternalTopicError::Refused { topic: self.name.clone(), code });
        }
        Ok(answer.records.map_or_else(Bytes::new, |records| records.into_bytes()))
    }

    /// `None` where the topic is not there.
    async fn leader(&self) -> Result<Option<Leader>, InternalTopicError> {
        let names = [self.name.clone()];
        let metadata = self.cluster.refresh(Some(&names)).await.map_err(|source| self.client(source))?;
        let Some(topic) = metadata.topics.get(&self.name) else { return Ok(None) };
        if topic.error.is_authorization() {
            return Err(InternalTopicError::Refused { topic: self.name.clone(), code: topic.error });
        }
        let partition = topic.partitions.get(&PARTITION).filter(|partition| partition.leader >= 0);
        Ok(partition
            .filter(|_| topic.error.is_ok())
            .map(|partition| Leader { id: partition.leader, topic_id: topic.id }))
    }

    async fn create(&self) -> Result<Leader, InternalTopicError> {
        let topic = NewTopic {
            name: self.name.clone(),
            partitions: 1,
            replication_factor: self.replication_factor,
            configs: BTreeMap::from([("cleanup.policy".to_owned(), "compact".to_owned())]),
        };
        let created = self.cluster.create_topics(vec![topic], false).await;
        for (topic, result) in created.map_err(|source| self.client(source))? {
            match result {
                Err(source) if source.code != ErrorCode::TOPIC_ALREADY_EXISTS => {
                    return Err(InternalTopicError::Create { topic, source });
                }
                Ok(()) | Err(_) => info!(topic, "internal topic is created"),
            }
        }
        for _ in 0..LEADER_ATTEMPTS {
            if let Some(leader) = self.leader().await? {
                return Ok(leader);
            }
            tokio::time::sleep(LEADER_PAUSE).await;
        }
        Err(InternalTopicError::NoLeader { topic: self.name.clone() })
    }

    fn client(&self, source: ClientError) -> InternalTopicError {
        InternalTopicError::Client { topic: self.name.clone(), source }
    }

    fn batch(&self, offset: i64, source: BatchError) -> InternalTopicError {
        InternalTopicError::Batch { topic: self.name.clone(), offset, source }
    }
}

impl InternalTopicError {
    /// The cluster does not allow what we asked for.
    pub(crate) fn is_unauthorized(&self) -> bool {
        match self {
            Self::Client { source, .. } => source.is_unauthorized(),
            Self::Connection { source, .. } => source.is_unauthorized(),
            Self::Create { source, .. } => source.code.is_authorization(),
            Self::Refused { code, .. } => code.is_authorization(),
            Self::Unsupported { .. }
            | Self::NoLeader { .. }
            | Self::Batch { .. }
            | Self::NotWritten { .. } => false,
        }
    }
}
