//! Sealed chunks of a flow's offset maps, in a compacted topic of our own on the target.

use std::collections::BTreeMap;

use bytes::Bytes;
use strait_client::Cluster;
use strait_replicator_core::offset_map::{Chunk, ChunkError, ChunkPlace, SealedChunk, StoredChunk};
use strait_replicator_core::state_record::{Key, StateRecordError, Value};
use strait_wire::batch::Record;
use strait_wire::ids::Uuid;
use tracing::warn;

use super::assignment::PartitionName;
use super::lane::unix_ms;
use super::translation::ChunkAt;
use crate::internal_topic::{InternalTopic, InternalTopicError, KeyedRecord};

/// Why a chunk can't be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MapTopicError {
    #[error(transparent)]
    Topic(#[from] InternalTopicError),
    #[error("{topic}-0, record at offset {offset}: {source}")]
    Record { topic: String, offset: i64, source: StateRecordError },
    #[error("{topic}-0, record at offset {offset}: {source}")]
    Chunk { topic: String, offset: i64, source: ChunkError },
    #[error("{topic}-0 has no chunk of this partition at offset {offset}")]
    Missing { topic: String, offset: i64 },
}

/// A chunk with the partition that it is of.
#[derive(Clone, Debug)]
pub(super) struct PartitionChunk {
    pub(super) name: PartitionName,
    pub(super) source_topic_id: Uuid,
    pub(super) chunk: SealedChunk,
}

/// The chunks of partitions, each with the topic id that it is of.
pub(super) type StoredChunks = BTreeMap<PartitionName, Vec<(Uuid, StoredChunk)>>;

/// Newest chunks of a partition whose bytes are kept at a start, to be merged.
const KEPT_BYTES: usize = 128;

/// The topic, for one flow.
#[derive(Clone)]
pub(crate) struct MapTopic {
    topic: InternalTopic,
    flow: String,
    source_cluster_id: String,
}

impl MapTopic {
    pub(super) fn new(
        target: Cluster,
        name: &str,
        replication_factor: i16,
        flow: String,
        source_cluster_id: String,
    ) -> Self {
        let topic = InternalTopic::new(target, name.to_owned(), replication_factor);
        Self { topic, flow, source_cluster_id }
    }

    /// Stores chunks, and gives the offset of each.
    pub(super) async fn store(&self, chunks: &[PartitionChunk]) -> Result<Vec<i64>, InternalTopicError> {
        let records: Vec<KeyedRecord> = chunks
            .iter()
            .map(|of| {
                let key = self.key(&of.name, of.chunk.place.from.source).encode();
                let (source_topic_id, chunk) = (of.source_topic_id, of.chunk.bytes.clone());
                (key, Some(Value::MapChunk { source_topic_id, chunk }.encode()))
            })
            .collect();
        self.topic.write(&records, unix_ms()).await
    }

    /// Removes chunks by their first source offsets.
    pub(super) async fn forget(&self, chunks: &[(PartitionName, i64)]) -> Result<(), InternalTopicError> {
        let records: Vec<KeyedRecord> =
            chunks.iter().map(|(name, first)| (self.key(name, *first).encode(), None)).collect();
        self.topic.write(&records, unix_ms()).await.map(drop)
    }

    /// This flow's chunks. What can't be read is left out: offsets in it will not be translated.
    pub(super) async fn read(&self) -> Result<StoredChunks, InternalTopicError> {
        let mut chunks: BTreeMap<PartitionName, BTreeMap<i64, (Uuid, StoredChunk)>> = BTreeMap::new();
        let read = self.topic.read(|record| {
            let offset = record.offset;
            let Some(key) = &record.key else { return };
            let taken = Key::decode(key)
                .map_err(|source| self.record_error(offset, source))
                .and_then(|key| Ok((key, self.chunk_of(&record)?)));
            match taken {
                Ok((Key::MapChunk { flow, source_cluster_id, topic, partition, first_offset }, chunk))
                    if flow == self.flow && source_cluster_id == self.source_cluster_id =>
                {
                    let of_partition = chunks.entry(PartitionName { topic, partition }).or_default();
                    match chunk {
                        Some((topic_id, chunk, bytes)) => {
                            let place = ChunkPlace { stored_at: offset, ..chunk.place() };
                            let bytes = chunk.is_small().then_some(bytes);
                            of_partition.insert(first_offset, (topic_id, StoredChunk { place, bytes }));
                            if let Some((_, (_, old))) = of_partition.iter_mut().rev().nth(KEPT_BYTES) {
                                old.bytes = None;
                            }
                        }
                        None => drop(of_partition.remove(&first_offset)),
                    }
                }
                Ok(_) => {}
                Err(error) => {
                    warn!(flow = self.flow, %error, "a chunk of an offset map can't be read, its offsets are not translated");
                }
            }
        });
        read.await?;
        Ok(chunks.into_iter().map(|(name, chunks)| (name, chunks.into_values().collect())).collect())
    }

    /// The chunk that was stored: in a topic that was made again there may be another at its offset.
    pub(super) async fn chunk(&self, name: &PartitionName, stored: ChunkAt) -> Result<Chunk, MapTopicError> {
        let ChunkAt { place, source_topic_id } = stored;
        let offset = place.stored_at;
        let missing = || MapTopicError::Missing { topic: self.topic.name.clone(), offset };
        let record = self.topic.read_at(offset).await?.ok_or_else(missing)?;
        let key = self.key(name, place.from.source).encode();
        let found = self.chunk_of(&record)?.filter(|(of, chunk, _)| {
            let found = ChunkPlace { stored_at: offset, ..chunk.place() };
            record.key.as_ref() == Some(&key) && *of == source_topic_id && found == place
        });
        found.map(|(_, chunk, _)| chunk).ok_or_else(missing)
    }

    /// `None` for a record that removes a chunk.
    fn chunk_of(&self, record: &Record) -> Result<Option<(Uuid, Chunk, Bytes)>, MapTopicError> {
        let offset = record.offset;
        let topic = || self.topic.name.clone();
        let Some(value) = &record.value else { return Ok(None) };
        match Value::decode(value).map_err(|source| self.record_error(offset, source))? {
            Value::MapChunk { source_topic_id, chunk } => {
                // A copy, so that a chunk does not hold a whole fetched frame.
                let chunk = Bytes::copy_from_slice(&chunk);
                let decoded = Chunk::decode(chunk.clone());
                let decoded =
                    decoded.map_err(|source| MapTopicError::Chunk { topic: topic(), offset, source })?;
                Ok(Some((source_topic_id, decoded, chunk)))
            }
            _ => Err(MapTopicError::Missing { topic: topic(), offset }),
        }
    }

    fn record_error(&self, offset: i64, source: StateRecordError) -> MapTopicError {
        MapTopicError::Record { topic: self.topic.name.clone(), offset, source }
    }

    fn key(&self, name: &PartitionName, first_offset: i64) -> Key {
        Key::MapChunk {
            flow: self.flow.clone(),
            source_cluster_id: self.source_cluster_id.clone(),
            topic: name.topic.clone(),
            partition: name.partition,
            first_offset,
        }
    }
}
