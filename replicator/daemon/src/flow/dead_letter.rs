//! Records that the target refuses, set aside at the target with where they came from and why.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use strait_client::{ClientError, Cluster, ConnectionError, NewTopic, ProduceOutcome, UnsupportedApiError};
use strait_wire::batch::{
    BatchBuilder, BatchError, Compression, DecompressionLimit, Entry, Header, Record, Stamp, closed_batches,
    open,
};
use strait_wire::error_code::ErrorCode;
use strait_wire::ids::Uuid;
use strait_wire::message::fetch::{FetchPartition, FetchRequest, FetchTopic};
use strait_wire::record_data::RecordData;

use super::assignment::PartitionName;
use crate::state_topic::StateError;

const FETCH_BYTES: i32 = 1 << 20;
const OPEN_LIMIT: DecompressionLimit = DecompressionLimit(256 << 20);
const PRODUCE_TIMEOUT: Duration = Duration::from_secs(30);
/// Looks for the topic's leader after it was created.
const LEADER_ATTEMPTS: u32 = 100;

/// Why records can't be set aside.
#[derive(Debug, thiserror::Error)]
pub(super) enum DeadLetterError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    #[error(transparent)]
    Unsupported(#[from] UnsupportedApiError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error("refused records can't be read again: {0}")]
    Batch(#[from] BatchError),
    #[error("dead-letter topic {topic} has no leader")]
    NoLeader { topic: String },
    #[error("dead-letter topic {topic} does not take the record: {reason}")]
    NotWritten { topic: String, reason: String },
    #[error("the source answers {code} for the refused records")]
    Refused { code: ErrorCode },
}

/// A range of refused records.
pub(super) struct DeadLetter {
    pub(super) source: Cluster,
    pub(super) target: Cluster,
    pub(super) topic: String,
    pub(super) replication_factor: i16,
    pub(super) name: PartitionName,
    pub(super) source_topic_id: Uuid,
    pub(super) range: (i64, i64),
    pub(super) reason: String,
}

impl DeadLetter {
    /// Reads the records again and writes each to the topic; a repeated call may write them again.
    pub(super) async fn send(&self) -> Result<(), DeadLetterError> {
        let leader = self.leader_of_topic().await?;
        for record in self.records().await? {
            let headers = self.headers(&record);
            let mut builder = BatchBuilder::new(Compression::Zstd, record.timestamp);
            // A compacted dead-letter topic would refuse a record without a key as well.
            builder.push(record.timestamp, record.key.as_ref(), record.value.as_ref(), &headers);
            self.produce(leader, builder.finish(Stamp::NONE, 0)?.bytes().clone()).await?;
        }
        Ok(())
    }

    fn headers(&self, record: &Record) -> Vec<Header> {
        let said = [
            ("strait.topic", self.name.topic.clone()),
            ("strait.partition", self.name.partition.to_string()),
            ("strait.offset", record.offset.to_string()),
            ("strait.reason", self.reason.clone()),
        ];
        let said = said.map(|(key, value)| Header {
            key: Bytes::from_static(key.as_bytes()),
            value: Some(value.into()),
        });
        record.headers.iter().cloned().chain(said).collect()
    }

    async fn records(&self) -> Result<Vec<Record>, DeadLetterError> {
        let metadata = self.source.metadata().await;
        let topic = metadata.topics.get(&self.name.topic);
        let partition = topic.and_then(|topic| topic.partitions.get(&self.name.partition));
        let leader = partition.map_or(-1, |partition| partition.leader);
        let connection = self.source.connection_to(leader).await?;
        let highest = connection.version_of::<FetchRequest>()?;
        let by_id = highest >= 13 && self.source_topic_id != Uuid::ZERO;
        let version = if by_id { highest } else { highest.min(12) };
        let mut fetched = FetchTopic {
            partitions: vec![FetchPartition {
                partition: self.name.partition,
                fetch_offset: self.range.0,
                partition_max_bytes: FETCH_BYTES,
                ..FetchPartition::default()
            }],
            ..FetchTopic::default()
        };
        if by_id {
            fetched.topic_id = self.source_topic_id;
        } else {
            fetched.topic.clone_from(&self.name.topic);
        }
        let request = FetchRequest {
            min_bytes: 1,
            max_bytes: FETCH_BYTES,
            session_epoch: -1,
            topics: vec![fetched],
            ..FetchRequest::default()
        };
        let response = connection.call_at(&request, version).await?;
        let answers = response.responses.into_iter().flat_map(|topic| topic.partitions);
        let mut records = Vec::new();
        for answer in answers {
            let code = ErrorCode(answer.error_code);
            if !code.is_ok() {
                return Err(DeadLetterError::Refused { code });
            }
            let bytes = answer.records.map_or_else(Bytes::new, |records| records.into_bytes());
            self.pick(bytes, &mut records)?;
        }
        Ok(records)
    }

    /// Records of the range; what can't be opened is left to the ledger.
    fn pick(&self, bytes: Bytes, records: &mut Vec<Record>) -> Result<(), DeadLetterError> {
        let (first, last) = self.range;
        for entry in closed_batches(bytes) {
            let opened = match entry? {
                Entry::Closed(batch) if batch.header().base_offset <= last => open(&batch, OPEN_LIMIT),
                Entry::Legacy(set) => set.open(OPEN_LIMIT),
                Entry::Closed(_) => break,
            };
            let inside = opened.unwrap_or_default().into_iter();
            records.extend(inside.filter(|record| (first..=last).contains(&record.offset)));
        }
        Ok(())
    }

    /// The leader of the topic's partition and the topic's id; the topic is created when it is not there.
    async fn leader_of_topic(&self) -> Result<(i32, Uuid), DeadLetterError> {
        let names = [self.topic.clone()];
        for attempt in 0..LEADER_ATTEMPTS {
            let metadata = self.target.refresh(Some(&names)).await?;
            if let Some(topic) = metadata.topics.get(&self.topic).filter(|topic| topic.error.is_ok())
                && let Some(partition) = topic.partitions.get(&0).filter(|partition| partition.leader >= 0)
            {
                return Ok((partition.leader, topic.id));
            }
            if attempt == 0 {
                let topic = NewTopic {
                    name: self.topic.clone(),
                    partitions: 1,
                    replication_factor: self.replication_factor,
                    configs: BTreeMap::from([("max.message.bytes".to_owned(), "104857600".to_owned())]),
                };
                self.target.create_topics(vec![topic], false).await?;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(DeadLetterError::NoLeader { topic: self.topic.clone() })
    }

    async fn produce(&self, (leader, topic_id): (i32, Uuid), batch: Bytes) -> Result<(), DeadLetterError> {
        let connection = self.target.connection_to(leader).await?;
        let records = RecordData::single(batch);
        let produced =
            strait_client::produce_once(&connection, &self.topic, topic_id, 0, records, PRODUCE_TIMEOUT);
        let reason = match produced.await {
            ProduceOutcome::Acked { .. } => return Ok(()),
            ProduceOutcome::Refused { code, message } => format!("{code} {}", message.unwrap_or_default()),
            ProduceOutcome::Ambiguous { error } | ProduceOutcome::NotSent { error } => error.to_string(),
        };
        Err(DeadLetterError::NotWritten { topic: self.topic.clone(), reason })
    }
}
