//! Our compacted topic on the target: producer ids and positions, the part of the state that must survive.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use strait_client::{
    ClientError, Cluster, Connection, ConnectionError, IsolationLevel, ListOffsetsAt, NewTopic,
    ProduceOutcome, UnsupportedApiError,
};
use strait_replicator_core::state_record::{Key, StateRecordError, Value};
use strait_wire::batch::{
    BatchBuilder, BatchError, Compression, DecompressionLimit, Entry, Stamp, closed_batches, open,
};
use strait_wire::error_code::ErrorCode;
use strait_wire::ids::Uuid;
use strait_wire::message::fetch::{FetchPartition, FetchRequest, FetchTopic};
use tokio::time::Instant;
use tracing::{info, warn};

/// The topic's name on every target.
pub(crate) const STATE_TOPIC: &str = "strait-state.internal";
const PARTITION: i32 = 0;
const FETCH_BYTES: i32 = 4 << 20;
/// Records of one produced batch.
const BATCH_RECORDS: usize = 2_000;
/// How long a write is tried.
const WRITE_DEADLINE: Duration = Duration::from_secs(60);
const WRITE_BACKOFF: Duration = Duration::from_millis(200);
/// What one opened batch of the state topic may need.
const OPEN_LIMIT: DecompressionLimit = DecompressionLimit(64 << 20);

/// Why the state can't be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StateError {
    #[error("state topic: {0}")]
    Client(#[from] ClientError),
    #[error("state topic: {0}")]
    Connection(#[from] ConnectionError),
    #[error("state topic: {0}")]
    Unsupported(#[from] UnsupportedApiError),
    #[error("state topic {STATE_TOPIC} can't be created: {reason}")]
    Create { reason: String },
    #[error("state topic {STATE_TOPIC} has no leader")]
    NoLeader,
    #[error("state topic: the target answers {code}")]
    Refused { code: ErrorCode },
    #[error("state topic: no answer for partition {PARTITION}")]
    Missing,
    #[error("state topic, batch after offset {offset}: {source}")]
    Batch { offset: i64, source: BatchError },
    #[error("state topic, record at offset {offset}: {source}")]
    Record { offset: i64, source: StateRecordError },
    #[error("state topic: not written within {deadline:?}: {reason}")]
    NotWritten { deadline: Duration, reason: String },
}

/// The state topic of one target.
pub(crate) struct StateTopic {
    cluster: Cluster,
}

struct Leader {
    connection: Connection,
    topic_id: Uuid,
}

impl StateTopic {
    /// Finds the topic or creates it.
    pub(crate) async fn open(cluster: Cluster, replication_factor: i16) -> Result<Self, StateError> {
        let metadata = cluster.refresh(None).await?;
        if !metadata.topics.contains_key(STATE_TOPIC) {
            create(&cluster, replication_factor).await?;
        }
        Ok(Self { cluster })
    }

    /// Everything in the topic, the newest value of each key.
    pub(crate) async fn load(&self) -> Result<BTreeMap<Key, Value>, StateError> {
        let leader = self.leader().await?;
        let end = self.end().await?;
        let mut state = BTreeMap::new();
        let mut offset = 0;
        while offset < end {
            let (next, records) = read_from(&leader, offset).await?;
            for (at, key, value) in records {
                take_in(&mut state, at, key, value)?;
            }
            if next <= offset {
                return Err(StateError::Missing);
            }
            offset = next;
        }
        Ok(state)
    }

    /// Writes records and waits until the target has them.
    pub(crate) async fn write(&self, records: Vec<(Key, Value)>) -> Result<(), StateError> {
        for chunk in records.chunks(BATCH_RECORDS) {
            self.write_chunk(chunk).await?;
        }
        Ok(())
    }

    async fn write_chunk(&self, records: &[(Key, Value)]) -> Result<(), StateError> {
        let mut builder = BatchBuilder::new(Compression::None, 0);
        let now_ms = now_ms();
        for (key, value) in records {
            builder.push(now_ms, Some(&key.encode()), Some(&value.encode()), &[]);
        }
        let batch =
            builder.finish(Stamp::NONE, 0).map_err(|source| StateError::Batch { offset: 0, source })?;
        let started = Instant::now();
        loop {
            let reason = match self.try_write(batch.bytes().clone()).await {
                Ok(ProduceOutcome::Acked { .. }) => return Ok(()),
                Ok(ProduceOutcome::Refused { code, message }) => {
                    format!("{code} {}", message.unwrap_or_default())
                }
                Ok(ProduceOutcome::Ambiguous { error } | ProduceOutcome::NotSent { error }) => {
                    error.to_string()
                }
                Err(error) => error.to_string(),
            };
            if started.elapsed() > WRITE_DEADLINE {
                return Err(StateError::NotWritten { deadline: WRITE_DEADLINE, reason });
            }
            warn!(topic = STATE_TOPIC, %reason, "state is not written yet, retrying");
            tokio::time::sleep(WRITE_BACKOFF).await;
            if let Err(error) = self.cluster.refresh(Some(&[STATE_TOPIC.to_owned()])).await {
                warn!(topic = STATE_TOPIC, %error, "metadata of the target can't be read");
            }
        }
    }

    async fn try_write(&self, batch: Bytes) -> Result<ProduceOutcome, StateError> {
        let leader = self.leader().await?;
        let records = strait_wire::message::RecordData::single(batch);
        let produced = strait_client::produce_once(
            &leader.connection,
            STATE_TOPIC,
            leader.topic_id,
            PARTITION,
            records,
            Duration::from_secs(30),
        );
        Ok(produced.await)
    }

    async fn leader(&self) -> Result<Leader, StateError> {
        let metadata = self.cluster.metadata().await;
        let topic = metadata.topics.get(STATE_TOPIC);
        let partition = topic.and_then(|topic| topic.partitions.get(&PARTITION));
        let (Some(topic), Some(partition)) = (topic, partition) else { return Err(StateError::NoLeader) };
        let connection = self.cluster.connection_to(partition.leader).await?;
        Ok(Leader { connection, topic_id: topic.id })
    }

    async fn end(&self) -> Result<i64, StateError> {
        let partition = [(STATE_TOPIC.to_owned(), PARTITION)];
        let offsets = self
            .cluster
            .list_offsets(&partition, ListOffsetsAt::Latest, IsolationLevel::ReadUncommitted)
            .await?;
        match offsets.into_iter().next() {
            Some((_, Ok(at))) => Ok(at.offset),
            Some((_, Err(error))) => Err(StateError::Refused { code: error.code }),
            None => Err(StateError::Missing),
        }
    }
}

async fn create(cluster: &Cluster, replication_factor: i16) -> Result<(), StateError> {
    let configs = [("cleanup.policy", "compact"), ("min.cleanable.dirty.ratio", "0.1")];
    let topic = NewTopic {
        name: STATE_TOPIC.to_owned(),
        partitions: 1,
        replication_factor,
        configs: configs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
    };
    for (_, result) in cluster.create_topics(vec![topic], false).await? {
        match result {
            Err(error) if error.code != ErrorCode::TOPIC_ALREADY_EXISTS => {
                return Err(StateError::Create { reason: error.to_string() });
            }
            Ok(()) | Err(_) => {}
        }
    }
    info!(topic = STATE_TOPIC, "state topic is created");
    let started = Instant::now();
    while started.elapsed() < WRITE_DEADLINE {
        let metadata = cluster.refresh(Some(&[STATE_TOPIC.to_owned()])).await?;
        let topic = metadata.topics.get(STATE_TOPIC);
        let partition = topic.and_then(|topic| topic.partitions.get(&PARTITION));
        if partition.is_some_and(|partition| partition.leader >= 0 && partition.error.is_ok()) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err(StateError::NoLeader)
}

type RawRecord = (i64, Option<Bytes>, Option<Bytes>);

async fn read_from(leader: &Leader, offset: i64) -> Result<(i64, Vec<RawRecord>), StateError> {
    let highest = leader.connection.version_of::<FetchRequest>()?;
    let by_id = highest >= 13 && leader.topic_id != Uuid::ZERO;
    let version = if by_id { highest } else { highest.min(12) };
    let partition = FetchPartition {
        partition: PARTITION,
        fetch_offset: offset,
        partition_max_bytes: FETCH_BYTES,
        ..FetchPartition::default()
    };
    let mut topic = FetchTopic { partitions: vec![partition], ..FetchTopic::default() };
    if by_id {
        topic.topic_id = leader.topic_id;
    } else {
        STATE_TOPIC.clone_into(&mut topic.topic);
    }
    let request = FetchRequest {
        max_wait_ms: 500,
        min_bytes: 1,
        max_bytes: FETCH_BYTES,
        session_epoch: -1,
        topics: vec![topic],
        ..FetchRequest::default()
    };
    let response = leader.connection.call_at(&request, version).await?;
    let partition = response.responses.into_iter().flat_map(|topic| topic.partitions).next();
    let partition = partition.ok_or(StateError::Missing)?;
    let code = ErrorCode(partition.error_code);
    if !code.is_ok() {
        return Err(StateError::Refused { code });
    }
    let bytes = partition.records.map_or_else(Bytes::new, |records| records.into_bytes());
    records_in(bytes, offset).map_err(|source| StateError::Batch { offset, source })
}

fn records_in(bytes: Bytes, offset: i64) -> Result<(i64, Vec<RawRecord>), BatchError> {
    let mut next = offset;
    let mut records = Vec::new();
    for entry in closed_batches(bytes) {
        let Entry::Closed(batch) = entry? else { continue };
        batch.verify_crc()?;
        next = next.max(batch.header().next_offset());
        if batch.header().attributes.is_control() {
            continue;
        }
        let opened = open(&batch, OPEN_LIMIT)?;
        records.extend(opened.into_iter().map(|record| (record.offset, record.key, record.value)));
    }
    Ok((next, records))
}

fn take_in(
    state: &mut BTreeMap<Key, Value>,
    offset: i64,
    key: Option<Bytes>,
    value: Option<Bytes>,
) -> Result<(), StateError> {
    let Some(key) = key else {
        warn!(topic = STATE_TOPIC, offset, "a record without a key is not ours and is left out");
        return Ok(());
    };
    let key = Key::decode(key).map_err(|source| StateError::Record { offset, source })?;
    match value {
        Some(value) => {
            let value = Value::decode(value).map_err(|source| StateError::Record { offset, source })?;
            state.insert(key, value);
        }
        None => {
            state.remove(&key);
        }
    }
    Ok(())
}

fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
