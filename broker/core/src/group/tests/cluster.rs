//! Topics for tests.

use strait_wire::ids::Uuid;

use super::*;

/// Topics with their partitions.
#[derive(Clone, Debug, Default)]
pub(in crate::group) struct TestCluster {
    topics: BTreeMap<String, TopicShape>,
    version: u64,
    ids: u8,
    pub(in crate::group) times: ConsumerTimes,
}

impl TestCluster {
    /// Makes a topic, or gives it as many partitions.
    pub(in crate::group) fn put(&mut self, name: &str, partitions: i32) -> Uuid {
        self.version += 1;
        let known = self.topics.get(name).map(|topic| topic.id);
        let id = known.unwrap_or_else(|| {
            self.ids += 1;
            Uuid([self.ids; 16])
        });
        self.topics.insert(name.to_owned(), TopicShape { id, partitions });
        id
    }

    pub(in crate::group) fn remove(&mut self, name: &str) {
        self.version += 1;
        self.topics.remove(name);
    }
}

impl Cluster for TestCluster {
    fn topics_version(&self) -> u64 {
        self.version
    }

    fn topic(&self, name: &str) -> Option<TopicShape> {
        self.topics.get(name).copied()
    }

    fn topic_name(&self, id: Uuid) -> Option<String> {
        self.topics.iter().find(|(_, topic)| topic.id == id).map(|(name, _)| name.clone())
    }

    fn topic_names(&self) -> Vec<String> {
        self.topics.keys().cloned().collect()
    }

    fn consumer_times(&self, _group: &str) -> ConsumerTimes {
        self.times
    }
}
