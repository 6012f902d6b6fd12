//! Topics: each change is a record in a log of the broker's own, replayed at a start. So a quorum can replace the log
//! without touching what the records say.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use strait_broker_core::producer_state::Append;
use strait_broker_log::{DataFolder, LogError, PartitionOffset, TailBudget};
use strait_wire::batch::{BatchBuilder, Compression, DecompressionLimit, Entry, Stamp, closed_batches, open};
use strait_wire::error_code::ErrorCode;
use strait_wire::ids::Uuid;

use crate::environment::{now_ms, random_id};
use crate::error::BrokerError;
use crate::partition::{AppendError, Partition};
use crate::topic_config::{Overrides, TopicConfig};

const LOG: &str = "strait-metadata";
const OPENED: DecompressionLimit = DecompressionLimit(16 << 20);
/// Producer ids are given out in blocks; a restart goes on behind the last one (`ProducerIdsBlock`).
const BLOCK: i64 = 1_000;
/// `max.request.partition.size.limit`.
const MOST_PARTITIONS: i32 = 10_000;
/// The newest batches of all logs in memory.
const TAIL_BYTES: usize = 64 << 20;
/// Of a topic's name.
const LONGEST_NAME: usize = 249;

/// A change.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum MetadataRecord {
    Topic { name: String, id: String, partitions: i32, configs: Overrides },
    Partitions { name: String, partitions: i32 },
    Configs { name: String, configs: Overrides },
    RemoveTopic { name: String },
    ProducerIds { next: i64 },
}

/// A topic and its open partitions.
#[derive(Clone, Debug)]
pub(crate) struct Topic {
    pub(crate) name: String,
    pub(crate) id: Uuid,
    pub(crate) overrides: Overrides,
    pub(crate) config: Arc<TopicConfig>,
    pub(crate) partitions: Vec<Arc<Partition>>,
}

/// Why a change was refused.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Refusal {
    pub(crate) code: ErrorCode,
    pub(crate) message: String,
}

/// All topics by name and by id, and the next producer id.
#[derive(Debug)]
pub(crate) struct Catalog {
    data: DataFolder,
    tails: Arc<TailBudget>,
    metadata: Partition,
    topics: BTreeMap<String, Topic>,
    names: BTreeMap<Uuid, String>,
    next_producer_id: i64,
    block_end: i64,
}

impl Catalog {
    /// Replays the metadata log, then opens all partitions.
    pub(crate) fn open(data: DataFolder) -> Result<Self, BrokerError> {
        let config = TopicConfig::new(&Overrides::new()).map_err(|error| wrong_config(LOG, &error))?;
        let tails = Arc::new(TailBudget::new(TAIL_BYTES));
        let metadata = Partition::open(&data, (LOG, 0), Uuid::ZERO, &config, &tails)?;
        let records = replayed(&metadata)?;
        let mut catalog = Self {
            data,
            tails,
            metadata,
            topics: BTreeMap::new(),
            names: BTreeMap::new(),
            next_producer_id: 0,
            block_end: 0,
        };
        for folder in catalog.data.deleted_partitions()? {
            catalog.data.remove_deleted(&folder)?;
        }
        let mut planned: BTreeMap<String, (Uuid, i32, Overrides)> = BTreeMap::new();
        for record in records {
            match record {
                MetadataRecord::Topic { name, id, partitions, configs } => {
                    planned.insert(name, (id.parse().unwrap_or(Uuid::ZERO), partitions, configs));
                }
                MetadataRecord::Partitions { name, partitions } => {
                    planned.entry(name).and_modify(|topic| topic.1 = partitions);
                }
                MetadataRecord::Configs { name, configs } => {
                    planned.entry(name).and_modify(|topic| topic.2 = configs);
                }
                MetadataRecord::RemoveTopic { name } => {
                    planned.remove(&name);
                }
                MetadataRecord::ProducerIds { next } => {
                    (catalog.next_producer_id, catalog.block_end) = (next, next);
                }
            }
        }
        for (name, (id, partitions, overrides)) in planned {
            catalog.add(name, id, partitions, overrides)?;
        }
        Ok(catalog)
    }

    pub(crate) fn topic(&self, name: &str) -> Option<&Topic> {
        self.topics.get(name)
    }

    pub(crate) fn topic_by_id(&self, id: Uuid) -> Option<&Topic> {
        self.topics.get(self.names.get(&id)?)
    }

    pub(crate) fn topics(&self) -> impl Iterator<Item = &Topic> {
        self.topics.values()
    }

    /// Makes a topic; with `validate_only` only says whether it could be.
    pub(crate) fn create(
        &mut self,
        name: &str,
        partitions: i32,
        overrides: Overrides,
        validate_only: bool,
    ) -> Result<Uuid, Refusal> {
        check_name(name)?;
        if self.topics.contains_key(name) {
            return Err(refusal(ErrorCode::TOPIC_ALREADY_EXISTS, format!("Topic '{name}' already exists.")));
        }
        check_partitions(partitions)?;
        TopicConfig::new(&overrides)
            .map_err(|error| refusal(ErrorCode::INVALID_CONFIG, error.to_string()))?;
        if validate_only {
            return Ok(Uuid::ZERO);
        }
        let id = random_id().map_err(internal)?;
        let configs = overrides.clone();
        self.write(&MetadataRecord::Topic {
            name: name.to_owned(),
            id: id.to_string(),
            partitions,
            configs,
        })?;
        self.add(name.to_owned(), id, partitions, overrides).map_err(internal)?;
        Ok(id)
    }

    /// Adds partitions up to `total`.
    pub(crate) fn widen(&mut self, name: &str, total: i32, validate_only: bool) -> Result<(), Refusal> {
        let Some(topic) = self.topics.get(name) else { return Err(unknown_topic()) };
        let count = i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX);
        if total <= count {
            let message = format!(
                "The topic {name} currently has {count} partition(s); {total} would not be an increase."
            );
            return Err(refusal(ErrorCode::INVALID_PARTITIONS, message));
        }
        check_partitions(total)?;
        if validate_only {
            return Ok(());
        }
        self.write(&MetadataRecord::Partitions { name: name.to_owned(), partitions: total })?;
        let Some(topic) = self.topics.get_mut(name) else { return Err(unknown_topic()) };
        for index in count..total {
            let opened = Partition::open(&self.data, (name, index), topic.id, &topic.config, &self.tails)
                .map_err(internal)?;
            topic.partitions.push(Arc::new(opened));
        }
        Ok(())
    }

    /// Replaces a topic's settings.
    pub(crate) fn configure(
        &mut self,
        name: &str,
        overrides: Overrides,
        validate_only: bool,
    ) -> Result<(), Refusal> {
        let config = TopicConfig::new(&overrides);
        let config = config.map_err(|error| refusal(ErrorCode::INVALID_CONFIG, error.to_string()))?;
        if !self.topics.contains_key(name) {
            return Err(unknown_topic());
        }
        if validate_only {
            return Ok(());
        }
        self.write(&MetadataRecord::Configs { name: name.to_owned(), configs: overrides.clone() })?;
        let Some(topic) = self.topics.get_mut(name) else { return Err(unknown_topic()) };
        for partition in &topic.partitions {
            partition.lock().log.set_config(config.log.clone());
        }
        topic.overrides = overrides;
        topic.config = Arc::new(config);
        Ok(())
    }

    /// Takes a topic away. Its folders are renamed at once and removed at the next start.
    pub(crate) fn remove(&mut self, name: &str) -> Result<Topic, Refusal> {
        if !self.topics.contains_key(name) {
            return Err(unknown_topic());
        }
        self.write(&MetadataRecord::RemoveTopic { name: name.to_owned() })?;
        let topic = self.topics.remove(name).ok_or_else(unknown_topic)?;
        self.names.remove(&topic.id);
        for (index, partition) in (0..).zip(&topic.partitions) {
            partition.delete(name, index, topic.id).map_err(internal)?;
        }
        Ok(topic)
    }

    /// A producer id that was never given out.
    pub(crate) fn next_producer_id(&mut self) -> Result<i64, Refusal> {
        if self.next_producer_id == self.block_end {
            self.write(&MetadataRecord::ProducerIds { next: self.block_end + BLOCK })?;
            self.block_end += BLOCK;
        }
        self.next_producer_id += 1;
        Ok(self.next_producer_id - 1)
    }

    /// Closes all logs and says so in the folder.
    pub(crate) fn close(&self) -> Result<(), BrokerError> {
        for (_, _, partition) in self.partitions() {
            partition.close()?;
        }
        self.checkpoint()?;
        self.data.mark_clean(0)?;
        Ok(())
    }

    /// Stores how far logs are flushed, where they begin, and where compaction goes on.
    pub(crate) fn checkpoint(&self) -> Result<(), LogError> {
        let (mut flushed, mut starts, mut dirty) = (Vec::new(), Vec::new(), Vec::new());
        for (topic, partition, open) in self.partitions() {
            let at = |offset: i64| PartitionOffset { topic: topic.to_owned(), partition, offset };
            let state = open.lock();
            flushed.push(at(state.log.recovery_point()));
            starts.extend(state.log.checkpointed_start().map(at));
            dirty.extend((state.first_dirty() > 0).then(|| at(state.first_dirty())));
        }
        self.data.write_recovery_points(&flushed)?;
        self.data.write_log_starts(&starts)?;
        self.data.write_cleaner_offsets(&dirty)
    }

    /// All logs, the broker's own among them.
    fn partitions(&self) -> impl Iterator<Item = (&str, i32, &Partition)> {
        let topics = self.topics.values().flat_map(|topic| {
            let partitions = (0..).zip(&topic.partitions);
            partitions.map(|(index, open)| (topic.name.as_str(), index, open.as_ref()))
        });
        topics.chain([(LOG, 0, &self.metadata)])
    }

    fn add(
        &mut self,
        name: String,
        id: Uuid,
        partitions: i32,
        overrides: Overrides,
    ) -> Result<(), BrokerError> {
        let config = TopicConfig::new(&overrides).map_err(|error| wrong_config(&name, &error))?;
        let opened: Result<Vec<_>, _> = (0..partitions)
            .map(|index| Partition::open(&self.data, (&name, index), id, &config, &self.tails).map(Arc::new))
            .collect();
        let config = Arc::new(config);
        self.names.insert(id, name.clone());
        self.topics.insert(name.clone(), Topic { name, id, overrides, config, partitions: opened? });
        Ok(())
    }

    /// A change counts once it is on the disk.
    fn write(&self, record: &MetadataRecord) -> Result<(), Refusal> {
        let value = Bytes::from(serde_json::to_vec(record).map_err(internal)?);
        let now = now_ms();
        let mut builder = BatchBuilder::new(Compression::None, now);
        builder.push(now, None, Some(&value), &[]);
        let batch = builder.finish(Stamp::NONE, 0).map_err(internal)?;
        self.metadata.append(&batch, Append::COORDINATOR).map_err(|error| storage(&error))?;
        self.metadata.lock().log.flush().map_err(|error| storage(&error.into()))
    }
}

fn replayed(metadata: &Partition) -> Result<Vec<MetadataRecord>, BrokerError> {
    let mut records = Vec::new();
    let mut read = Vec::new();
    metadata.lock().batches(|bytes| read.push(bytes))?;
    let wrong = |source| BrokerError::Batch { log: LOG, source };
    for entry in read.into_iter().flat_map(closed_batches) {
        let Entry::Closed(batch) = entry.map_err(wrong)? else { continue };
        for record in open(&batch, OPENED).map_err(wrong)? {
            let value = record.value.unwrap_or_default();
            let decoded = serde_json::from_slice(&value);
            records.push(decoded.map_err(|source| BrokerError::Metadata {
                log: LOG,
                offset: record.offset,
                source,
            })?);
        }
    }
    Ok(records)
}

fn check_name(name: &str) -> Result<(), Refusal> {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let invalid = |message: String| Err(refusal(ErrorCode::INVALID_TOPIC_EXCEPTION, message));
    match name {
        "" => invalid("Topic name is invalid: the empty string is not allowed".to_owned()),
        "." | ".." => invalid(format!("Topic name is invalid: '{name}' is not allowed")),
        LOG => invalid(format!("Topic name is invalid: '{name}' is the broker's own")),
        _ if name.len() > LONGEST_NAME => invalid(format!(
            "Topic name is invalid: the length of '{name}' is longer than the max allowed length {LONGEST_NAME}"
        )),
        _ if !name.bytes().all(is_legal) => invalid(format!(
            "Topic name is invalid: '{name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"
        )),
        _ => Ok(()),
    }
}

fn check_partitions(partitions: i32) -> Result<(), Refusal> {
    let invalid = |message: String| Err(refusal(ErrorCode::INVALID_PARTITIONS, message));
    match partitions {
        1..=MOST_PARTITIONS => Ok(()),
        ..=0 => invalid("Number of partitions must be larger than 0.".to_owned()),
        _ => invalid(format!("Number of partitions must be at most {MOST_PARTITIONS}.")),
    }
}

pub(crate) fn refusal(code: ErrorCode, message: String) -> Refusal {
    Refusal { code, message }
}

fn unknown_topic() -> Refusal {
    let message = "This server does not host this topic-partition.".to_owned();
    refusal(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, message)
}

fn internal(error: impl std::error::Error) -> Refusal {
    refusal(ErrorCode::UNKNOWN_SERVER_ERROR, error.to_string())
}

fn storage(error: &AppendError) -> Refusal {
    refusal(ErrorCode::KAFKA_STORAGE_ERROR, error.to_string())
}

fn wrong_config(topic: &str, error: &crate::topic_config::TopicConfigError) -> BrokerError {
    BrokerError::TopicConfig { topic: topic.to_owned(), reason: error.to_string() }
}
