//! What all handlers share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use strait_broker_log::{DataFolder, DiskStore};
use tracing::info;

use crate::catalog::{Catalog, Refusal, Topic};
use crate::configuration::Configuration;
use crate::error::BrokerError;
use crate::folder::Folder;
use crate::group_coordinator::{GroupCoordinator, OFFSETS_TOPIC};
use crate::partition::Partition;
use crate::topic_config::Overrides;

/// Where clients connect to.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// A broker that is open.
#[derive(Debug)]
pub(crate) struct Broker {
    pub(crate) configuration: Configuration,
    pub(crate) cluster_id: String,
    pub(crate) endpoint: Endpoint,
    pub(crate) groups: GroupCoordinator,
    catalog: Mutex<Catalog>,
    _folder: Folder,
}

impl Broker {
    /// Opens the folder and everything in it.
    pub(crate) fn open(configuration: Configuration, endpoint: Endpoint) -> Result<Self, BrokerError> {
        let folder = Folder::open(&configuration.data_dir)?;
        let data = DataFolder::open(Arc::new(DiskStore), &folder.path)?;
        if !folder.is_new && !data.is_clean() {
            info!("the last stop was not clean: logs are checked");
        }
        let mut catalog = Catalog::open(data)?;
        let offsets = offsets_partition(&mut catalog)?;
        Ok(Self {
            configuration,
            cluster_id: folder.cluster_id.clone(),
            endpoint,
            groups: GroupCoordinator::open(offsets)?,
            catalog: Mutex::new(catalog),
            _folder: folder,
        })
    }

    pub(crate) fn catalog(&self) -> MutexGuard<'_, Catalog> {
        self.catalog.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A topic by name; made when it is missing and that is allowed.
    pub(crate) fn topic_or_create(&self, name: &str, may_create: bool) -> Result<Option<Topic>, Refusal> {
        let mut catalog = self.catalog();
        if let Some(topic) = catalog.topic(name) {
            return Ok(Some(topic.clone()));
        }
        if !may_create || !self.configuration.auto_create_topics {
            return Ok(None);
        }
        catalog.create(name, self.configuration.default_partitions, Overrides::new(), false)?;
        info!(topic = name, "topic is created for a client that asked for it");
        Ok(catalog.topic(name).cloned())
    }

    pub(crate) fn partition(&self, topic: &str, index: i32) -> Option<Arc<Partition>> {
        let catalog = self.catalog();
        catalog.topic(topic)?.partitions.get(usize::try_from(index).ok()?).cloned()
    }
}

fn offsets_partition(catalog: &mut Catalog) -> Result<Arc<Partition>, BrokerError> {
    let wrong = |reason: String| BrokerError::TopicConfig { topic: OFFSETS_TOPIC.to_owned(), reason };
    if catalog.topic(OFFSETS_TOPIC).is_none() {
        let configs = [("cleanup.policy", "compact"), ("segment.bytes", "104857600")];
        let configs = configs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        catalog.create(OFFSETS_TOPIC, 1, configs.into(), false).map_err(|refusal| wrong(refusal.message))?;
    }
    let topic = catalog.topic(OFFSETS_TOPIC);
    topic
        .and_then(|topic| topic.partitions.first().cloned())
        .ok_or_else(|| wrong("it has no partition".to_owned()))
}
