//! Writing records. Outside of transactions a write is repeated until it is done: the same record twice does no harm.

use std::time::Duration;

use strait_client::{ProduceOutcome, ProducerIdentity, TRANSACTIONAL_PRODUCE_VERSION};
use strait_replicator_core::lane::Sequence;
use strait_replicator_core::state_record::{Key, Value};
use strait_wire::batch::{BatchBuilder, ClosedBatch, Compression, Stamp};
use strait_wire::error_code::ErrorCode;
use strait_wire::message::produce::{PartitionProduceData, ProduceRequest, TopicProduceData};
use strait_wire::record_data::RecordData;
use tokio::time::Instant;
use tracing::warn;

use super::{STATE_PARTITION, StateError, StateTopic};

/// Records of one batch.
const BATCH_RECORDS: usize = 2_000;
/// How long a write is tried.
const WRITE_DEADLINE: Duration = Duration::from_secs(60);
const WRITE_BACKOFF: Duration = Duration::from_millis(200);
const PRODUCE_TIMEOUT: Duration = Duration::from_secs(30);

impl StateTopic {
    /// Writes records and waits until the target has them.
    pub(crate) async fn write(&self, records: Vec<(Key, Value)>) -> Result<(), StateError> {
        self.write_batches(records.iter().map(|(key, value)| (key, Some(value)))).await
    }

    /// Writes records as `write` does, but tries only once.
    pub(crate) async fn write_once(&self, records: &[(Key, Value)]) -> Result<(), StateError> {
        let records = records.iter().map(|(key, value)| (key, Some(value)));
        for batch in encode(self.name(), records, now_ms())? {
            if let Err(reason) = self.attempt(&batch).await? {
                self.find_leader().await?;
                return Err(StateError::NotWritten { deadline: Duration::ZERO, reason });
            }
        }
        Ok(())
    }

    /// Writes tombstones and waits until the target has them.
    pub(crate) async fn remove(&self, keys: &[Key]) -> Result<(), StateError> {
        self.write_batches(keys.iter().map(|key| (key, None))).await
    }

    /// Writes records into an open transaction that the topic is part of. Not repeated: the transaction fails instead.
    pub(crate) async fn write_in_transaction(
        &self,
        transactional_id: &str,
        identity: ProducerIdentity,
        sequence: Sequence,
        records: &[(Key, Value)],
    ) -> Result<(), StateError> {
        let leader = self.leader().await?;
        let mut next = sequence;
        let records = records.iter().map(|(key, value)| (key, Some(value)));
        for batch in encode(self.name(), records, now_ms())? {
            let count = i64::from(batch.header().records_count);
            let stamped = batch.restamp(Stamp {
                producer_id: identity.producer_id,
                producer_epoch: identity.producer_epoch,
                base_sequence: next.value(),
                transactional: true,
            });
            next = next.advance(count);
            let data = PartitionProduceData { index: STATE_PARTITION, records: Some(stamped.into()) };
            let request = ProduceRequest {
                transactional_id: Some(transactional_id.to_owned()),
                acks: -1,
                timeout_ms: i32::try_from(PRODUCE_TIMEOUT.as_millis()).unwrap_or(i32::MAX),
                topic_data: vec![TopicProduceData {
                    name: self.name().to_owned(),
                    partition_data: vec![data],
                    ..TopicProduceData::default()
                }],
            };
            let version = leader.connection.version_of::<ProduceRequest>()?;
            let version = version.min(TRANSACTIONAL_PRODUCE_VERSION);
            let response = leader.connection.call_at(&request, version).await?;
            let answers = response.responses.into_iter().flat_map(|topic| topic.partition_responses);
            let answer = answers.into_iter().next().ok_or(StateError::Missing)?;
            let code = ErrorCode(answer.error_code);
            if !code.is_ok() {
                return Err(StateError::Refused { code });
            }
        }
        Ok(())
    }

    async fn write_batches<'a>(
        &self,
        records: impl Iterator<Item = (&'a Key, Option<&'a Value>)>,
    ) -> Result<(), StateError> {
        for batch in encode(self.name(), records, now_ms())? {
            self.write_batch(batch).await?;
        }
        Ok(())
    }

    async fn write_batch(&self, batch: ClosedBatch) -> Result<(), StateError> {
        let started = Instant::now();
        loop {
            let Err(reason) = self.attempt(&batch).await? else { return Ok(()) };
            if started.elapsed() > WRITE_DEADLINE {
                return Err(StateError::NotWritten { deadline: WRITE_DEADLINE, reason });
            }
            warn!(topic = self.name(), %reason, "state is not written yet, retrying");
            tokio::time::sleep(WRITE_BACKOFF).await;
            if let Err(error) = self.find_leader().await {
                warn!(topic = self.name(), %error, "metadata of the target can't be read");
            }
        }
    }

    /// The inner error says why it is not written, or not known to be; another try may do better.
    async fn attempt(&self, batch: &ClosedBatch) -> Result<Result<(), String>, StateError> {
        let reason = match self.try_write(RecordData::single(batch.bytes().clone())).await {
            Ok(ProduceOutcome::Acked { .. }) => return Ok(Ok(())),
            Ok(ProduceOutcome::Refused { code, .. }) if code.is_authorization() => {
                return Err(StateError::Refused { code });
            }
            Ok(ProduceOutcome::Refused { code, message }) => {
                format!("{code} {}", message.unwrap_or_default())
            }
            Ok(ProduceOutcome::Ambiguous { error } | ProduceOutcome::NotSent { error }) => error.to_string(),
            Err(error) => error.to_string(),
        };
        Ok(Err(reason))
    }

    async fn try_write(&self, records: RecordData) -> Result<ProduceOutcome, StateError> {
        let leader = self.leader().await?;
        let (connection, topic_id) = (&leader.connection, leader.topic_id);
        let produced = strait_client::produce_once(
            connection,
            self.name(),
            topic_id,
            STATE_PARTITION,
            records,
            PRODUCE_TIMEOUT,
        );
        Ok(produced.await)
    }
}

/// Records as batches without a producer, stamped with `now_ms`; a key without a value is a tombstone.
fn encode<'a>(
    topic: &'static str,
    records: impl Iterator<Item = (&'a Key, Option<&'a Value>)>,
    now_ms: i64,
) -> Result<Vec<ClosedBatch>, StateError> {
    let records: Vec<_> = records.collect();
    let chunks = records.chunks(BATCH_RECORDS).map(|chunk| {
        let mut builder = BatchBuilder::new(Compression::None, now_ms);
        for (key, value) in chunk {
            let value = value.map(Value::encode);
            builder.push(now_ms, Some(&key.encode()), value.as_ref(), &[]);
        }
        builder.finish(Stamp::NONE, 0).map_err(|source| StateError::Batch { topic, offset: 0, source })
    });
    chunks.collect()
}

fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
