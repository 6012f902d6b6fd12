//! What a start finds: the metadata log says which topics there are; folders that belong to none are put aside.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use strait_broker_core::features::ELIGIBLE_LEADER_REPLICAS;
use strait_broker_core::topic_config::TopicConfigs;
use strait_broker_log::{DataFolder, LogError, Store};

use super::features::{CurrentFeatures, FinalizedFeatures};
use super::open::OpenedTopic;
use super::stray::{self, StrayError};
use super::{Controller, ScramUsers, State, broker_configs, budgets, eligible_leaders};
use crate::access::Access;
use crate::clock::now_ms;
use crate::group_configs::GroupConfigs;
use crate::metadata::{
    GROUP_RESOURCE, METADATA_TOPIC, MetadataError, MetadataImage, MetadataLog, TOPIC_RESOURCE,
};
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
}

impl Controller {
    /// Opens all that the data folder holds. Logs that were not closed are checked, which takes a while.
    pub(crate) fn load(
        settings: Arc<Settings>,
        store: Arc<dyn Store>,
        open_files: usize,
    ) -> Result<Self, LoadError> {
        let folder = DataFolder::open(store, &settings.data)?;
        let (log, image) = MetadataLog::open(&folder, now_ms())?;
        let mut state = State { log, image };
        // A new cluster has the feature, and an older one gets it.
        if state.image.features().level(&ELIGIBLE_LEADER_REPLICAS) > 0 {
            state.commit(eligible_leaders::safety_records(&state.image, &settings))?;
        }
        let image = state.image.clone();
        broker_configs::put_in_force(&settings, &image);
        let access = Arc::new(Access::new(&settings));
        access.add(image.acls().values().cloned());
        let quotas = Arc::new(ClientQuotas::default());
        quotas.set(image.quotas());
        let group_configs = Arc::new(GroupConfigs::default());
        for group in image.resources(GROUP_RESOURCE) {
            group_configs.put(group, image.configs(GROUP_RESOURCE, group));
        }
        let (levels, epoch) = (image.features().clone(), state.log.end_offset());
        let controller = Self {
            settings,
            folder,
            topics: Arc::new(Topics::default()),
            budgets: budgets(open_files),
            access,
            quotas,
            group_configs,
            scram_users: ScramUsers::new(image.scram_users().clone()),
            features: CurrentFeatures::new(FinalizedFeatures { levels, epoch }),
            state: Mutex::new(state),
            checkpointing: Mutex::new(()),
        };
        let known = image
            .topics()
            .flat_map(|(_, topic)| (0..topic.partitions).map(|index| (topic.name.clone(), index)));
        let known: HashSet<(String, i32)> = known.collect();
        controller.put_aside(&known)?;
        controller.open_topics(&image);
        for deleted in controller.folder.deleted_partitions()? {
            controller.remove_folder(&deleted);
        }
        let is_known = |name: &(String, i32)| known.contains(name) || name.0 == METADATA_TOPIC;
        if !controller.folder.remembered().all(is_known) {
            // A topic that gets the name later must not find what was remembered of this one.
            controller.checkpoint()?;
        }
        Ok(controller)
    }

    fn open_topics(&self, image: &MetadataImage) {
        let configs = |name: &str| {
            let stored = image.configs(TOPIC_RESOURCE, name);
            TopicConfigs::stored(stored.iter().map(|(name, value)| (name.as_str(), value.as_str())))
        };
        let topics: Vec<_> = image
            .topics()
            .map(|(id, described)| {
                let configs = configs(&described.name);
                (id, described, self.rules(&configs), configs)
            })
            .collect();
        let wanted: Vec<(OpenedTopic<'_>, i32)> = topics
            .iter()
            .flat_map(|(id, described, rules, _)| {
                let topic = OpenedTopic { name: &described.name, id: *id, rules };
                (0..described.partitions).map(move |index| (topic, index))
            })
            .collect();
        let mut opened = self.open_known_partitions(&wanted).into_iter();
        drop(wanted);
        for (id, described, _, configs) in topics {
            let count = usize::try_from(described.partitions).unwrap_or(0);
            let partitions = opened.by_ref().take(count).collect();
            self.topics.put(Topic { id, name: described.name.clone(), partitions, configs });
        }
    }

    /// Renames folders of partitions that the metadata does not know. Nothing is removed that might be wanted.
    fn put_aside(&self, known: &HashSet<(String, i32)>) -> Result<(), LoadError> {
        for found in self.folder.partitions()? {
            if !known.contains(&found) && found.0 != METADATA_TOPIC {
                stray::put_aside(&self.folder, (&found.0, found.1))?;
            }
        }
        Ok(())
    }
}
