//! Topics that there are, by name and by id. Readers never wait for a change that goes to disk.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use strait_broker_core::topic_config::TopicConfigs;
use strait_wire::ids::Uuid;

use crate::partition::Partition;

pub(crate) const GROUP_TOPIC: &str = "__consumer_offsets";
pub(crate) const TRANSACTION_TOPIC: &str = "__transaction_state";

/// A topic with its partitions. A changed topic is a new value.
#[derive(Clone, Debug)]
pub(crate) struct Topic {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    /// By their index.
    pub(crate) partitions: Vec<Arc<Partition>>,
    /// Settings of its own.
    pub(crate) configs: TopicConfigs,
}

impl Topic {
    /// The broker's own topics.
    pub(crate) fn is_internal(&self) -> bool {
        is_internal(&self.name)
    }

    pub(crate) fn partition(&self, index: i32) -> Option<&Arc<Partition>> {
        usize::try_from(index).ok().and_then(|index| self.partitions.get(index))
    }
}

pub(crate) fn is_internal(topic: &str) -> bool {
    topic == GROUP_TOPIC || topic == TRANSACTION_TOPIC
}

#[derive(Debug, Default)]
struct Maps {
    by_name: BTreeMap<String, Arc<Topic>>,
    by_id: HashMap<Uuid, Arc<Topic>>,
    /// Grows with each change.
    version: u64,
}

/// All topics.
#[derive(Debug, Default)]
pub(crate) struct Topics {
    maps: RwLock<Maps>,
}

impl Topics {
    fn maps(&self) -> RwLockReadGuard<'_, Maps> {
        self.maps.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn by_name(&self, name: &str) -> Option<Arc<Topic>> {
        self.maps().by_name.get(name).cloned()
    }

    pub(crate) fn by_id(&self, id: Uuid) -> Option<Arc<Topic>> {
        self.maps().by_id.get(&id).cloned()
    }

    /// Another number after each change.
    pub(crate) fn version(&self) -> u64 {
        self.maps().version
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.maps().by_name.keys().cloned().collect()
    }

    /// In the order of their names.
    pub(crate) fn all(&self) -> Vec<Arc<Topic>> {
        self.maps().by_name.values().cloned().collect()
    }

    pub(crate) fn partition(&self, topic: &str, index: i32) -> Option<Arc<Partition>> {
        self.by_name(topic)?.partition(index).cloned()
    }

    /// Adds a topic or puts it in the place of the one with its name.
    pub(crate) fn put(&self, topic: Topic) {
        let topic = Arc::new(topic);
        let mut maps = self.maps.write().unwrap_or_else(PoisonError::into_inner);
        maps.version += 1;
        maps.by_id.insert(topic.id, Arc::clone(&topic));
        maps.by_name.insert(topic.name.clone(), topic);
    }

    pub(crate) fn remove(&self, topic: &Topic) {
        let mut maps = self.maps.write().unwrap_or_else(PoisonError::into_inner);
        maps.version += 1;
        maps.by_name.remove(&topic.name);
        maps.by_id.remove(&topic.id);
    }
}
