//! What a start finds: the metadata log says which topics there are; folders that belong to none are put aside.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use strait_broker_core::topic_config::TopicConfigs;
use strait_broker_log::{DataFolder, DiskStore, LogError, ReadBuffers, TailBudget};

use super::features::{CurrentFeatures, FinalizedFeatures};
use super::stray::{self, StrayError};
use super::{ChangeError, Controller, READ_BUFFERS, ScramUsers, State, TAIL_BYTES, broker_configs};
use crate::access::Access;
use crate::clock::now_ms;
use crate::group_configs::GroupConfigs;
use crate::metadata::{GROUP_RESOURCE, METADATA_TOPIC, MetadataError, MetadataLog, TOPIC_RESOURCE};
use crate::quotas::ClientQuotas;
use crate::settings::Settings;
use crate::topics::{Topic, Topics};

/// The data folder can't be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Stray(#[from] StrayError),
    #[error("a partition can't be opened: {reason}")]
    Partition { reason: String },
}

impl Controller {
    /// Opens all that the data folder holds. Logs that were not closed are checked, which takes a while.
    pub(crate) fn load(settings: Arc<Settings>) -> Result<Self, LoadError> {
        let folder = DataFolder::open(Arc::new(DiskStore), &settings.data)?;
        let (log, image) = MetadataLog::open(&folder, now_ms())?;
        broker_configs::put_in_force(&settings, &image);
        let topics = Arc::new(Topics::default());
        let controller = {
            let (levels, epoch) = (image.features().clone(), log.end_offset());
            let features = CurrentFeatures::new(FinalizedFeatures { levels, epoch });
            let (tail, state) = (Arc::new(TailBudget::new(TAIL_BYTES)), State { log, image: image.clone() });
            let buffers = Arc::new(ReadBuffers::new(READ_BUFFERS));
            let scram_users = ScramUsers::new(image.scram_users().clone());
            let access = Arc::new(Access::new(&settings));
            access.add(image.acls().values().cloned());
            let quotas = Arc::new(ClientQuotas::default());
            quotas.set(image.quotas());
            let group_configs = Arc::new(GroupConfigs::default());
            for group in image.resources(GROUP_RESOURCE) {
                group_configs.put(group, image.configs(GROUP_RESOURCE, group));
            }
            Self {
                settings,
                folder,
                topics,
                tail,
                buffers,
                access,
                quotas,
                group_configs,
                scram_users,
                features,
                state: Mutex::new(state),
            }
        };
        let known = image
            .topics()
            .flat_map(|(_, topic)| (0..topic.partitions).map(|index| (topic.name.clone(), index)));
        controller.put_aside(&known.collect())?;
        for (id, described) in image.topics() {
            let stored = image.configs(TOPIC_RESOURCE, &described.name);
            let stored = stored.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            let configs = TopicConfigs::stored(stored);
            let rules = controller.rules(&configs);
            let name = described.name.clone();
            let opened = controller.open_partitions((&name, id), 0..described.partitions, &rules);
            let failed = |error: ChangeError| LoadError::Partition { reason: error.to_string() };
            let partitions = opened.map_err(failed)?;
            controller.topics.put(Topic { id, name, partitions, configs });
        }
        for deleted in controller.folder.deleted_partitions()? {
            controller.remove_folder(&deleted);
        }
        Ok(controller)
    }

    /// Renames folders of partitions that the metadata does not know. Nothing is removed that might be wanted.
    fn put_aside(&self, known: &HashSet<(String, i32)>) -> Result<(), LoadError> {
        for found in self.folder.partitions()? {
            if !known.contains(&found) && found.0 != METADATA_TOPIC {
                stray::put_aside(&self.settings.data, (&found.0, found.1))?;
            }
        }
        Ok(())
    }
}
