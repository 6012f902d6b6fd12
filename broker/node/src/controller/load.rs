//! What a start finds: the metadata log says which topics there are; folders that belong to none are put aside.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use strait_broker_log::{DataFolder, DiskStore, LogError};

use super::{Controller, State};
use crate::clock::now_ms;
use crate::metadata::{METADATA_TOPIC, MetadataError, MetadataLog, TOPIC_RESOURCE};
use crate::random::{self, NoRandomnessError};
use crate::settings::{Settings, topic_rules};
use crate::topics::{Topic, Topics};

/// The data folder can't be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    NoRandomness(#[from] NoRandomnessError),
    #[error("can't rename {}: {source}", path.display())]
    Stray { path: PathBuf, source: std::io::Error },
}

impl Controller {
    /// Opens all that the data folder holds. Logs that were not closed are checked, which takes a while.
    pub(crate) fn load(settings: Arc<Settings>) -> Result<Self, LoadError> {
        let folder = DataFolder::open(Arc::new(DiskStore), &settings.data)?;
        let (log, image) = MetadataLog::open(&folder, now_ms())?;
        let topics = Arc::new(Topics::default());
        let controller =
            Self { settings, folder, topics, state: Mutex::new(State { log, image: image.clone() }) };
        let known = image
            .topics()
            .flat_map(|(_, topic)| (0..topic.partitions).map(|index| (topic.name.clone(), index)));
        controller.put_aside(known.collect())?;
        for (id, described) in image.topics() {
            let configs = image.configs(TOPIC_RESOURCE, &described.name);
            let rules = topic_rules(&controller.settings, &configs);
            let name = described.name.clone();
            let partitions = controller.open_partitions((&name, id), 0..described.partitions, &rules)?;
            controller.topics.put(Topic { id, name, partitions, configs });
        }
        for deleted in controller.folder.deleted_partitions()? {
            controller.remove_folder(&deleted);
        }
        Ok(controller)
    }

    /// Renames folders of partitions that the metadata does not know. Nothing is removed that might be wanted.
    fn put_aside(&self, known: HashSet<(String, i32)>) -> Result<(), LoadError> {
        for (topic, index) in self.folder.partitions()? {
            let found = (topic, index);
            if known.contains(&found) || found.0 == METADATA_TOPIC {
                continue;
            }
            let path = self.settings.data.join(format!("{}-{}", found.0, found.1));
            let stray = stray_folder(&path, &random::uuid()?.to_string());
            tracing::warn!(folder = %path.display(), renamed = %stray.display(), "no topic has this folder");
            std::fs::rename(&path, &stray).map_err(|source| LoadError::Stray { path, source })?;
        }
        Ok(())
    }
}

fn stray_folder(path: &Path, unique: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{unique}-stray"));
    name.into()
}
