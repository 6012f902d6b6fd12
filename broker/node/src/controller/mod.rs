//! Changes of the cluster's metadata, one at a time: checked, written to the metadata log, then made true.

// Why a change is refused.
mod error;
// Names of topics.
mod name;
// Making topics.
mod assignment;
mod create;
// Removing them.
mod delete;
// More partitions.
mod widen;
// Settings of topics, of the broker, of groups.
mod broker_configs;
mod configs;
mod keyed_configs;
// Access rules, and users of SCRAM.
mod acls;
mod scram;
// What clients may use, and what the cluster can.
mod eligible_leaders;
mod features;
mod quotas;
// Producer ids in blocks.
mod producer_ids;
// What the data folder holds at a start.
mod load;
// Logs of partitions.
mod open;
// Folders of no topic.
mod stray;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use strait_broker_core::topic_config::TopicConfigs;
use strait_broker_log::{Budget, DataFolder, LogError, PartitionOffset, ReadBuffers, Remembered};

pub(crate) use assignment::check_replicas;
pub(crate) use create::{NewTopic, check_partitions};
pub(crate) use error::{ChangeError, denial};
pub(crate) use features::{CurrentFeatures, FeatureChangeError};
pub(crate) use scram::{SaltedPassword, ScramChange, ScramUsers};

pub use load::LoadError;
pub use stray::StrayError;

use crate::access::Access;
use crate::clock::now_ms;
use crate::group_configs::GroupConfigs;
use crate::metadata::{METADATA_TOPIC, MetadataError, MetadataImage, MetadataLog, MetadataRecord};
use crate::parallel;
use crate::partition::Budgets;
use crate::partition::Partition;
use crate::quotas::ClientQuotas;
use crate::settings::{Settings, TopicRules, topic_rules};
use crate::topics::Topics;

/// Bytes of the newest batches of all logs that are kept in memory.
const TAIL_BYTES: usize = 64 << 20;
/// Buffers of 1 MiB for reading files that are kept.
const READ_BUFFERS: usize = 8;

/// What all logs share. `open_files` is how many files the broker may have open in all: connections need some.
fn budgets(open_files: usize) -> Budgets {
    Budgets {
        tail: Arc::new(Budget::new(TAIL_BYTES)),
        files: Arc::new(Budget::new(open_files / 2)),
        buffers: Arc::new(ReadBuffers::new(READ_BUFFERS)),
    }
}

/// The owner of the metadata log.
#[derive(Debug)]
pub(crate) struct Controller {
    settings: Arc<Settings>,
    folder: DataFolder,
    topics: Arc<Topics>,
    budgets: Budgets,
    access: Arc<Access>,
    quotas: Arc<ClientQuotas>,
    group_configs: Arc<GroupConfigs>,
    scram_users: ScramUsers,
    features: CurrentFeatures,
    state: Mutex<State>,
    /// One writes the checkpoints at a time.
    checkpointing: Mutex<()>,
}

#[derive(Debug)]
struct State {
    log: MetadataLog,
    image: MetadataImage,
}

impl State {
    /// Writes records and takes them into account.
    fn commit(&mut self, records: Vec<MetadataRecord>) -> Result<(), MetadataError> {
        if records.is_empty() {
            return Ok(());
        }
        self.log.append(&records, now_ms())?;
        records.into_iter().for_each(|record| self.image.replay(record));
        Ok(())
    }
}

impl Controller {
    pub(crate) fn topics(&self) -> &Arc<Topics> {
        &self.topics
    }

    pub(crate) fn access(&self) -> &Arc<Access> {
        &self.access
    }

    pub(crate) fn quotas(&self) -> &Arc<ClientQuotas> {
        &self.quotas
    }

    pub(crate) fn group_configs(&self) -> &Arc<GroupConfigs> {
        &self.group_configs
    }

    /// Where the metadata log ends.
    pub(crate) fn metadata_end_offset(&self) -> i64 {
        self.state().log.end_offset()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the settings of a topic mean.
    fn rules(&self, configs: &TopicConfigs) -> TopicRules {
        topic_rules(&self.settings.in_force(), configs)
    }

    /// Stores what shortens the next start.
    pub(crate) fn checkpoint(&self) -> Result<(), LogError> {
        self.checkpoint_with(&self.state())
    }

    fn checkpoint_with(&self, state: &State) -> Result<(), LogError> {
        let (mut recovery_points, mut log_starts) = (Vec::new(), Vec::new());
        let (mut first_dirty, mut high_watermarks) = (Vec::new(), Vec::new());
        for partition in self.topics.all().iter().flat_map(|topic| topic.partitions.iter()) {
            let Some(checkpoints) = self.checkpoints_of(partition) else { continue };
            let at = |offset| PartitionOffset {
                topic: partition.topic.clone(),
                partition: partition.index,
                offset,
            };
            recovery_points.push(at(checkpoints.recovery_point));
            high_watermarks.push(at(checkpoints.high_watermark));
            log_starts.extend(checkpoints.log_start.map(at));
            first_dirty.extend(checkpoints.cleaner_offset.map(at));
        }
        let (topic, partition, offset) = (METADATA_TOPIC.to_owned(), 0, state.log.recovery_point());
        recovery_points.push(PartitionOffset { topic, partition, offset });
        let _one = self.checkpointing.lock().unwrap_or_else(PoisonError::into_inner);
        self.folder.write_recovery_points(&recovery_points)?;
        self.folder.write_log_starts(&log_starts)?;
        self.folder.write_cleaner_offsets(&first_dirty)?;
        self.folder.write_high_watermarks(&high_watermarks)
    }

    /// Of a partition that could not be opened, what was stored before.
    fn checkpoints_of(&self, partition: &Partition) -> Option<Remembered> {
        let stored = || self.folder.remembered_of(&partition.topic, partition.index);
        partition.checkpoints().or_else(|| if partition.is_offline { stored() } else { None })
    }

    /// Stores where logs begin whose records were deleted.
    pub(crate) fn checkpoint_log_starts(&self) -> Result<(), LogError> {
        let _one = self.checkpointing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut log_starts = Vec::new();
        for partition in self.topics.all().iter().flat_map(|topic| topic.partitions.iter()) {
            let offset = self.checkpoints_of(partition).and_then(|checkpoints| checkpoints.log_start);
            let (topic, partition) = (partition.topic.clone(), partition.index);
            log_starts.extend(offset.map(|offset| PartitionOffset { topic, partition, offset }));
        }
        self.folder.write_log_starts(&log_starts)
    }

    /// Closes all logs, and marks a clean stop if all could be closed.
    pub(crate) fn close(&self) -> Result<(), LogError> {
        let topics = self.topics.all();
        let partitions: Vec<&Arc<Partition>> = topics.iter().flat_map(|topic| &topic.partitions).collect();
        let closed = parallel::flush_each(&partitions, |partition| partition.close());
        let closed = closed.into_iter().collect::<Result<Vec<()>, _>>().map(drop);
        let log_closed = self.state().log.close();
        self.checkpoint()?;
        closed.and(log_closed)?;
        match partitions.iter().any(|partition| partition.is_offline) {
            true => Ok(()),
            false => self.folder.mark_clean(0),
        }
    }
}
