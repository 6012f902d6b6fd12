//! Changes of the cluster's metadata, one at a time: checked, written to the metadata log, then made true.

// Why a change is refused.
mod error;
// Names of topics.
mod name;
// Making topics.
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
mod features;
mod quotas;
// Producer ids in blocks.
mod producer_ids;
// What the data folder holds at a start.
mod load;
// Folders of no topic.
mod stray;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use strait_broker_core::topic_config::TopicConfigs;
use strait_broker_log::{DataFolder, LogError, PartitionOffset, ReadBuffers, TailBudget};
use strait_wire::ids::Uuid;

pub(crate) use create::{NewTopic, check_partitions};
pub(crate) use error::{ChangeError, denial};
pub(crate) use features::{CurrentFeatures, FeatureChangeError};
pub(crate) use scram::{SaltedPassword, ScramChange, ScramUsers};

pub use load::LoadError;
pub use stray::StrayError;

use crate::access::Access;
use crate::clock::now_ms;
use crate::group_configs::GroupConfigs;
use crate::metadata::{METADATA_TOPIC, MetadataImage, MetadataLog, MetadataRecord};
use crate::partition::{OpenError, Opening, Partition};
use crate::quotas::ClientQuotas;
use crate::settings::{Settings, TopicRules, topic_rules};
use crate::topics::Topics;

/// Bytes of the newest batches of all logs that are kept in memory.
const TAIL_BYTES: usize = 64 << 20;
/// Buffers of 1 MiB for reading files that are kept.
const READ_BUFFERS: usize = 8;

/// The owner of the metadata log.
#[derive(Debug)]
pub(crate) struct Controller {
    settings: Arc<Settings>,
    folder: DataFolder,
    topics: Arc<Topics>,
    tail: Arc<TailBudget>,
    buffers: Arc<ReadBuffers>,
    access: Arc<Access>,
    quotas: Arc<ClientQuotas>,
    group_configs: Arc<GroupConfigs>,
    scram_users: ScramUsers,
    features: CurrentFeatures,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    log: MetadataLog,
    image: MetadataImage,
}

impl State {
    /// Writes records and takes them into account.
    fn commit(&mut self, records: Vec<MetadataRecord>) -> Result<(), ChangeError> {
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

    fn open_partitions(
        &self,
        (topic, topic_id): (&str, Uuid),
        indexes: std::ops::Range<i32>,
        rules: &TopicRules,
    ) -> Result<Vec<Arc<Partition>>, ChangeError> {
        let producer_expiration_ms = self.settings.number("producer.id.expiration.ms");
        let opening = |index| Opening {
            topic,
            topic_id,
            index,
            rules,
            now_ms: now_ms(),
            producer_expiration_ms,
            tail: &self.tail,
            buffers: &self.buffers,
        };
        indexes.map(|index| self.open_partition(opening(index)).map(Arc::new)).collect()
    }

    /// Opens a partition. A folder of an older topic of this name is put aside first.
    fn open_partition(&self, opening: Opening<'_>) -> Result<Partition, ChangeError> {
        let found = match Partition::open(&self.folder, opening) {
            Ok(partition) => return Ok(partition),
            Err(OpenError::Log(error)) => return Err(error.into()),
            Err(OpenError::OtherTopic { found }) => found,
        };
        stray::put_aside(&self.settings.data, (opening.topic, opening.index))?;
        match Partition::open(&self.folder, opening) {
            Ok(partition) => Ok(partition),
            Err(OpenError::Log(error)) => Err(error.into()),
            Err(OpenError::OtherTopic { .. }) => Err(ChangeError::OtherTopic { found }),
        }
    }

    /// Stores what shortens the next start.
    pub(crate) fn checkpoint(&self) -> Result<(), LogError> {
        let (mut recovery_points, mut log_starts) = (Vec::new(), Vec::new());
        let (mut first_dirty, mut high_watermarks) = (Vec::new(), Vec::new());
        for partition in self.topics.all().iter().flat_map(|topic| topic.partitions.iter()) {
            let Some(checkpoints) = partition.checkpoints() else { continue };
            let at = |offset| PartitionOffset {
                topic: partition.topic.clone(),
                partition: partition.index,
                offset,
            };
            recovery_points.push(at(checkpoints.recovery_point));
            high_watermarks.push(at(checkpoints.high_watermark));
            log_starts.extend(checkpoints.log_start.map(at));
            first_dirty.extend(checkpoints.first_dirty.map(at));
        }
        let (topic, partition, offset) = (METADATA_TOPIC.to_owned(), 0, self.state().log.recovery_point());
        recovery_points.push(PartitionOffset { topic, partition, offset });
        self.folder.write_recovery_points(&recovery_points)?;
        self.folder.write_log_starts(&log_starts)?;
        self.folder.write_cleaner_offsets(&first_dirty)?;
        self.folder.write_high_watermarks(&high_watermarks)
    }

    /// Closes all logs and marks a clean stop.
    pub(crate) fn close(&self) -> Result<(), LogError> {
        for partition in self.topics.all().iter().flat_map(|topic| topic.partitions.iter()) {
            partition.close()?;
        }
        self.state().log.close()?;
        self.checkpoint()?;
        self.folder.mark_clean(0)
    }
}
