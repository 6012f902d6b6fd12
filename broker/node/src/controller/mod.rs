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
// Settings of topics and of the broker.
mod configs;
// Producer ids in blocks.
mod producer_ids;
// What the data folder holds at a start.
mod load;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use strait_broker_log::{DataFolder, LogError, PartitionOffset};
use strait_wire::ids::Uuid;

pub(crate) use configs::{ConfigChange, ConfigOperation};
pub(crate) use create::NewTopic;
pub(crate) use error::ChangeError;

pub use load::LoadError;

use crate::clock::now_ms;
use crate::metadata::{BROKER_RESOURCE, METADATA_TOPIC, MetadataImage, MetadataLog, MetadataRecord};
use crate::partition::{Opening, Partition};
use crate::settings::{Settings, TopicRules};
use crate::topics::Topics;

/// The owner of the metadata log.
#[derive(Debug)]
pub(crate) struct Controller {
    settings: Arc<Settings>,
    folder: DataFolder,
    topics: Arc<Topics>,
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

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Settings that the broker was given while it ran.
    pub(crate) fn broker_configs(&self) -> BTreeMap<String, String> {
        self.state().image.configs(BROKER_RESOURCE, &self.settings.node_id().to_string())
    }

    fn open_partitions(
        &self,
        (topic, topic_id): (&str, Uuid),
        indexes: std::ops::Range<i32>,
        rules: &TopicRules,
    ) -> Result<Vec<Arc<Partition>>, LogError> {
        let producer_expiration_ms = self.settings.number("producer.id.expiration.ms");
        let opening =
            |index| Opening { topic, topic_id, index, rules, now_ms: now_ms(), producer_expiration_ms };
        indexes.map(|index| Partition::open(&self.folder, opening(index)).map(Arc::new)).collect()
    }

    /// Stores what shortens the next start, and marks a clean stop.
    pub(crate) fn close(&self) -> Result<(), LogError> {
        let (mut recovery_points, mut log_starts) = (Vec::new(), Vec::new());
        for partition in self.topics.all().iter().flat_map(|topic| topic.partitions.iter()) {
            let Some((recovery_point, start)) = partition.close()? else { continue };
            let at = |offset| PartitionOffset {
                topic: partition.topic.clone(),
                partition: partition.index,
                offset,
            };
            recovery_points.push(at(recovery_point));
            log_starts.extend(start.map(at));
        }
        let mut state = self.state();
        state.log.close()?;
        let (topic, partition, offset) = (METADATA_TOPIC.to_owned(), 0, state.log.recovery_point());
        recovery_points.push(PartitionOffset { topic, partition, offset });
        self.folder.write_recovery_points(&recovery_points)?;
        self.folder.write_log_starts(&log_starts)?;
        self.folder.mark_clean(0)
    }
}
