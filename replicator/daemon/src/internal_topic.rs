//! One of MirrorMaker 2's internal topics: compacted, written without transactions. All but that of positions have one
//! partition.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::try_join_all;
use strait_client::{BrokerError, Cluster, ListOffsetsAt, NewTopic, ProduceOutcome, partition_for_key};
use strait_wire::batch::{BatchBuilder, Compression, Record, Stamp};
use strait_wire::error_code::ErrorCode;
use strait_wire::record_data::RecordData;
use tracing::info;

use crate::partition_reader::{Leader, Leaders, PartitionError, PartitionReader};

const PRODUCE_TIMEOUT: Duration = Duration::from_secs(30);
/// Records of one batch.
const BATCH_RECORDS: usize = 2_000;
/// Keys and values of one batch, well below what a broker takes; one larger record goes alone.
const BATCH_BYTES: usize = 256 << 10;
/// Looks for the leader of a topic that was just made.
const LEADER_ATTEMPTS: u32 = 100;
const LEADER_PAUSE: Duration = Duration::from_millis(100);

/// Why such a topic can't be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InternalTopicError {
    #[error(transparent)]
    Partition(#[from] PartitionError),
    #[error("{topic} can't be created: {source}")]
    Create { topic: String, source: BrokerError },
    #[error("{topic} is not written: {reason}")]
    NotWritten { topic: String, reason: String },
}

/// Key and value; no value removes what the key names.
pub(crate) type KeyedRecord = (Bytes, Option<Bytes>);

/// A topic on one cluster.
#[derive(Clone)]
pub(crate) struct InternalTopic {
    /// Of the first partition.
    reader: PartitionReader,
    pub(crate) name: String,
    /// It is made with so many.
    partitions: i32,
    replication_factor: i16,
}

impl InternalTopic {
    pub(crate) fn new(cluster: Cluster, name: String, replication_factor: i16) -> Self {
        Self::with_partitions(cluster, name, 1, replication_factor)
    }

    pub(crate) fn with_partitions(
        cluster: Cluster,
        name: String,
        partitions: i32,
        replication_factor: i16,
    ) -> Self {
        let reader = PartitionReader::new(cluster, name.clone(), 0);
        Self { reader, name, partitions, replication_factor }
    }

    /// Makes the topic where it is missing.
    pub(crate) async fn ensure(&self) -> Result<(), InternalTopicError> {
        if self.reader.leader().await?.is_none() {
            self.create().await?;
        }
        Ok(())
    }

    /// Writes records to the first partition, after making the topic where it is missing. Gives the offset of each.
    pub(crate) async fn write(
        &self,
        records: &[KeyedRecord],
        now_ms: i64,
    ) -> Result<Vec<i64>, InternalTopicError> {
        let leader = match self.reader.leader().await? {
            Some(leader) => leader,
            None => *self.create().await?.get(&0).ok_or_else(|| self.reader.no_leader())?,
        };
        self.append(0, &leader, records, now_ms).await
    }

    /// Writes each record to the partition that a producer of Kafka's chooses for its key, after making the topic where
    /// it is missing.
    pub(crate) async fn write_by_key(
        &self,
        records: Vec<KeyedRecord>,
        now_ms: i64,
    ) -> Result<(), InternalTopicError> {
        let leaders = match self.reader.leaders().await? {
            Some(leaders) => leaders,
            None => self.create().await?,
        };
        let mut by_partition: BTreeMap<i32, Vec<KeyedRecord>> = BTreeMap::new();
        for record in records {
            let partition = partition_for_key(&record.0, leaders.len());
            by_partition.entry(partition).or_default().push(record);
        }
        let leaders = &leaders;
        let written = by_partition.iter().map(|(partition, records)| async move {
            let leader = leaders.get(partition).ok_or_else(|| self.reader.no_leader())?;
            self.append(*partition, leader, records, now_ms).await
        });
        try_join_all(written).await.map(drop)
    }

    async fn append(
        &self,
        partition: i32,
        leader: &Leader,
        records: &[KeyedRecord],
        now_ms: i64,
    ) -> Result<Vec<i64>, InternalTopicError> {
        let mut offsets = Vec::with_capacity(records.len());
        for chunk in batches(records) {
            let mut builder = BatchBuilder::new(Compression::None, now_ms);
            for (key, value) in chunk {
                builder.push(now_ms, Some(key), value.as_ref(), &[]);
            }
            let batch = builder.finish(Stamp::NONE, 0).map_err(|source| self.reader.batch(-1, source))?;
            let base = self.produce(partition, leader, batch.bytes().clone()).await?;
            offsets.extend((base..).take(chunk.len()));
        }
        Ok(offsets)
    }

    async fn produce(
        &self,
        partition: i32,
        leader: &Leader,
        batch: Bytes,
    ) -> Result<i64, InternalTopicError> {
        let connection = self.reader.cluster.connection_to(leader.id).await;
        let connection = connection.map_err(|source| self.reader.client(source))?;
        let records = RecordData::single(batch);
        let (name, id) = (&self.name, leader.topic_id);
        let produced =
            strait_client::produce_once(&connection, name, id, partition, records, PRODUCE_TIMEOUT);
        let reason = match produced.await {
            ProduceOutcome::Acked { base_offset, .. } => return Ok(base_offset),
            ProduceOutcome::Refused { code, message } => format!("{code} {}", message.unwrap_or_default()),
            ProduceOutcome::Ambiguous { error } | ProduceOutcome::NotSent { error } => error.to_string(),
        };
        Err(InternalTopicError::NotWritten { topic: self.name.clone(), reason })
    }

    /// Gives each record that is in the topic now, in order. A topic that is not there has none.
    pub(crate) async fn read(&self, take: impl FnMut(Record)) -> Result<(), InternalTopicError> {
        self.read_newest(i64::MAX, take).await
    }

    /// The same of the last so many offsets.
    pub(crate) async fn read_newest(
        &self,
        offsets: i64,
        mut take: impl FnMut(Record),
    ) -> Result<(), InternalTopicError> {
        let Some(leader) = self.reader.leader().await? else { return Ok(()) };
        let end = self.reader.offset(ListOffsetsAt::Latest).await?;
        let from = self.reader.offset(ListOffsetsAt::Earliest).await?.max(end.saturating_sub(offsets));
        let all = |record| {
            take(record);
            true
        };
        Ok(self.reader.read(&leader, from, all).await?)
    }

    /// The record at an offset; `None` where there is none.
    pub(crate) async fn read_at(&self, offset: i64) -> Result<Option<Record>, InternalTopicError> {
        let Some(leader) = self.reader.leader().await? else { return Ok(None) };
        let batches = self.reader.batch_at(&leader, offset).await?;
        let records = batches.into_iter().flat_map(|batch| batch.records);
        Ok(records.into_iter().find(|record| record.offset == offset))
    }

    async fn create(&self) -> Result<Leaders, InternalTopicError> {
        let topic = NewTopic {
            name: self.name.clone(),
            partitions: self.partitions,
            replication_factor: self.replication_factor,
            configs: BTreeMap::from([("cleanup.policy".to_owned(), "compact".to_owned())]),
        };
        let created = self.reader.cluster.create_topics(vec![topic], false).await;
        for (topic, result) in created.map_err(|source| self.reader.client(source))? {
            match result {
                Err(source) if source.code != ErrorCode::TOPIC_ALREADY_EXISTS => {
                    return Err(InternalTopicError::Create { topic, source });
                }
                Ok(()) | Err(_) => info!(topic, "internal topic is created"),
            }
        }
        for _ in 0..LEADER_ATTEMPTS {
            if let Some(leaders) = self.reader.leaders().await? {
                return Ok(leaders);
            }
            tokio::time::sleep(LEADER_PAUSE).await;
        }
        Err(self.reader.no_leader().into())
    }
}

/// The records in parts that fit into a batch each.
fn batches(records: &[KeyedRecord]) -> impl Iterator<Item = &[KeyedRecord]> {
    let mut rest = records;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |(key, value): &&KeyedRecord| {
            bytes += key.len() + value.as_ref().map_or(0, Bytes::len);
            bytes <= BATCH_BYTES
        };
        let count = rest.iter().take(BATCH_RECORDS).take_while(fits).count().max(1);
        let (batch, behind) = rest.split_at_checked(count)?;
        rest = behind;
        Some(batch)
    })
}

impl InternalTopicError {
    /// The cluster does not allow what we asked for.
    pub(crate) fn is_unauthorized(&self) -> bool {
        match self {
            Self::Partition(error) => error.is_unauthorized(),
            Self::Create { source, .. } => source.code.is_authorization(),
            Self::NotWritten { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_bounded_and_hold_every_record_in_order() {
        let record = |number: usize, bytes: usize| -> KeyedRecord {
            (Bytes::from(number.to_string()), Some(Bytes::from(vec![0; bytes])))
        };
        let sizes = [10, 200_000, 100_000, 1_000_000, 5, 5].into_iter().chain([0; 4_500]);
        let records: Vec<KeyedRecord> =
            sizes.enumerate().map(|(number, size)| record(number, size)).collect();
        let lengths: Vec<usize> = batches(&records).map(<[KeyedRecord]>::len).collect();
        assert_eq!(lengths, [2, 1, 1, 2_000, 2_000, 502]);
        let together: Vec<KeyedRecord> = batches(&records).flatten().cloned().collect();
        assert!(together == records);
        assert_eq!(batches(&[]).count(), 0);
    }
}
