//! One partition of any topic, read batch by batch beside the lanes: internal topics, and what must be looked up.

use std::collections::BTreeMap;

use bytes::Bytes;
use strait_client::{
    ClientError, Cluster, ConnectionError, IsolationLevel, ListOffsetsAt, UnsupportedApiError,
};
use strait_wire::batch::{BatchError, DecompressionLimit, Entry, Record, closed_batches, open};
use strait_wire::error_code::ErrorCode;
use strait_wire::ids::Uuid;
use strait_wire::message::fetch::{FetchPartition, FetchRequest, FetchTopic};
use tracing::warn;

const FETCH_BYTES: i32 = 4 << 20;
const OPEN_LIMIT: DecompressionLimit = DecompressionLimit(64 << 20);

/// Why a partition can't be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PartitionError {
    #[error("{topic}-{partition}: {source}")]
    Client { topic: String, partition: i32, source: ClientError },
    #[error("{topic}-{partition}: {source}")]
    Connection { topic: String, partition: i32, source: ConnectionError },
    #[error("{topic}-{partition}: {source}")]
    Unsupported { topic: String, partition: i32, source: UnsupportedApiError },
    #[error("{topic}-{partition} has no leader")]
    NoLeader { topic: String, partition: i32 },
    #[error("{topic}-{partition}: the cluster answers {code}")]
    Refused { topic: String, partition: i32, code: ErrorCode },
    #[error("{topic}-{partition}, batch after offset {offset}: {source}")]
    Batch { topic: String, partition: i32, offset: i64, source: BatchError },
}

/// A partition on one cluster.
#[derive(Clone, Debug)]
pub(crate) struct PartitionReader {
    pub(crate) cluster: Cluster,
    pub(crate) topic: String,
    pub(crate) partition: i32,
}

/// Who leads it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leader {
    pub(crate) id: i32,
    pub(crate) topic_id: Uuid,
}

/// Who leads each partition.
pub(crate) type Leaders = BTreeMap<i32, Leader>;

/// A batch that was opened.
#[derive(Clone, Debug)]
pub(crate) struct OpenBatch {
    /// None of a marker's.
    pub(crate) records: Vec<Record>,
    /// Behind its last offset.
    pub(crate) next_offset: i64,
}

impl PartitionReader {
    pub(crate) fn new(cluster: Cluster, topic: String, partition: i32) -> Self {
        Self { cluster, topic, partition }
    }

    /// `None` where the topic is not there.
    pub(crate) async fn leader(&self) -> Result<Option<Leader>, PartitionError> {
        Ok(self.led().await?.remove(&self.partition).flatten())
    }

    /// Those of all partitions of the topic; `None` while it is not there, or has a partition without a leader.
    pub(crate) async fn leaders(&self) -> Result<Option<Leaders>, PartitionError> {
        let led = self.led().await?;
        if led.is_empty() {
            return Ok(None);
        }
        Ok(led.into_iter().map(|(partition, leader)| Some((partition, leader?))).collect())
    }

    /// Partitions of the topic with their leaders; none where it is not there.
    async fn led(&self) -> Result<BTreeMap<i32, Option<Leader>>, PartitionError> {
        let names = [self.topic.clone()];
        let metadata = self.cluster.refresh(Some(&names)).await.map_err(|source| self.client(source))?;
        let Some(topic) = metadata.topics.get(&self.topic) else { return Ok(BTreeMap::new()) };
        if topic.error.is_authorization() {
            return Err(self.refused(topic.error));
        }
        let leader = |id: i32| (id >= 0).then_some(Leader { id, topic_id: topic.id });
        let partitions = topic.partitions.iter().filter(|_| topic.error.is_ok());
        Ok(partitions.map(|(index, partition)| (*index, leader(partition.leader))).collect())
    }

    /// The offset at one of its ends.
    pub(crate) async fn offset(&self, at: ListOffsetsAt) -> Result<i64, PartitionError> {
        let partition = [(self.topic.clone(), self.partition)];
        let answers = self.cluster.list_offsets(&partition, at, IsolationLevel::ReadUncommitted).await;
        match answers.map_err(|source| self.client(source))?.into_iter().next() {
            Some((_, Ok(at))) => Ok(at.offset),
            Some((_, Err(error))) => Err(self.refused(error.code)),
            None => Err(self.no_leader()),
        }
    }

    /// The batches at an offset and after it, as many as one fetch gives; none at the end. The first may begin before.
    pub(crate) async fn batches(
        &self,
        leader: &Leader,
        offset: i64,
    ) -> Result<Vec<OpenBatch>, PartitionError> {
        self.batches_within(leader, offset, FETCH_BYTES).await
    }

    /// The batch that holds an offset, alone; none at the end.
    pub(crate) async fn batch_at(
        &self,
        leader: &Leader,
        offset: i64,
    ) -> Result<Option<OpenBatch>, PartitionError> {
        // A broker gives one batch however little is asked for.
        Ok(self.batches_within(leader, offset, 1).await?.into_iter().next())
    }

    async fn batches_within(
        &self,
        leader: &Leader,
        offset: i64,
        max_bytes: i32,
    ) -> Result<Vec<OpenBatch>, PartitionError> {
        let wrong = |source| self.batch(offset, source);
        let mut opened = Vec::new();
        for entry in closed_batches(self.fetch(leader, offset, max_bytes).await?) {
            opened.push(match entry.map_err(wrong)? {
                Entry::Closed(batch) => {
                    let header = batch.header();
                    let records = match header.attributes.is_control() {
                        true => Vec::new(),
                        false => open(&batch, OPEN_LIMIT).map_err(wrong)?,
                    };
                    OpenBatch { records, next_offset: header.next_offset() }
                }
                Entry::Legacy(set) => {
                    let records = set.open(OPEN_LIMIT).map_err(wrong)?;
                    let next_offset = records.last().map_or(offset, |record| record.offset + 1);
                    OpenBatch { records, next_offset }
                }
            });
        }
        Ok(opened)
    }

    /// Gives each record from an offset on that is there now, in order, while `take` says true.
    pub(crate) async fn read(
        &self,
        leader: &Leader,
        from: i64,
        mut take: impl FnMut(Record) -> bool,
    ) -> Result<(), PartitionError> {
        let end = self.offset(ListOffsetsAt::Latest).await?;
        let mut offset = from;
        while offset < end {
            let before = offset;
            for batch in self.batches(leader, offset).await? {
                offset = offset.max(batch.next_offset);
                for record in batch.records.into_iter().filter(|record| record.offset >= before) {
                    if !take(record) {
                        return Ok(());
                    }
                }
            }
            if offset == before {
                let (topic, partition) = (&self.topic, self.partition);
                warn!(topic, partition, offset, end, "a partition can't be read further");
                return Ok(());
            }
        }
        Ok(())
    }

    async fn fetch(&self, leader: &Leader, offset: i64, max_bytes: i32) -> Result<Bytes, PartitionError> {
        let connection = self.cluster.connection_to(leader.id).await.map_err(|source| self.client(source))?;
        let (topic, partition) = (&self.topic, self.partition);
        let unsupported = |source| PartitionError::Unsupported { topic: topic.clone(), partition, source };
        let highest = connection.version_of::<FetchRequest>().map_err(unsupported)?;
        let by_id = highest >= 13 && leader.topic_id != Uuid::ZERO;
        let version = if by_id { highest } else { highest.min(12) };
        let asked = FetchPartition {
            partition,
            fetch_offset: offset,
            partition_max_bytes: max_bytes,
            ..FetchPartition::default()
        };
        let mut fetched = FetchTopic { partitions: vec![asked], ..FetchTopic::default() };
        if by_id {
            fetched.topic_id = leader.topic_id;
        } else {
            fetched.topic.clone_from(topic);
        }
        let request = FetchRequest {
            min_bytes: 1,
            max_bytes,
            session_epoch: -1,
            topics: vec![fetched],
            ..FetchRequest::default()
        };
        let connection_error =
            |source| PartitionError::Connection { topic: topic.clone(), partition, source };
        let response = connection.call_at(&request, version).await.map_err(connection_error)?;
        let answer = response.responses.into_iter().flat_map(|topic| topic.partitions).next();
        let answer = answer.ok_or_else(|| self.no_leader())?;
        let code = ErrorCode(answer.error_code);
        if !code.is_ok() {
            return Err(self.refused(code));
        }
        Ok(answer.records.map_or_else(Bytes::new, |records| records.into_bytes()))
    }

    pub(crate) fn client(&self, source: ClientError) -> PartitionError {
        PartitionError::Client { topic: self.topic.clone(), partition: self.partition, source }
    }

    pub(crate) fn no_leader(&self) -> PartitionError {
        PartitionError::NoLeader { topic: self.topic.clone(), partition: self.partition }
    }

    pub(crate) fn batch(&self, offset: i64, source: BatchError) -> PartitionError {
        PartitionError::Batch { topic: self.topic.clone(), partition: self.partition, offset, source }
    }

    fn refused(&self, code: ErrorCode) -> PartitionError {
        PartitionError::Refused { topic: self.topic.clone(), partition: self.partition, code }
    }
}

impl PartitionError {
    /// The cluster does not allow what we asked for.
    pub(crate) fn is_unauthorized(&self) -> bool {
        match self {
            Self::Client { source, .. } => source.is_unauthorized(),
            Self::Connection { source, .. } => source.is_unauthorized(),
            Self::Refused { code, .. } => code.is_authorization(),
            Self::Unsupported { .. } | Self::NoLeader { .. } | Self::Batch { .. } => false,
        }
    }
}
