//! OffsetFetch.

use strait_wire::error_code::ErrorCode;
use strait_wire::message::offset_fetch::{
    OffsetFetchRequestGroup, OffsetFetchResponseGroup, OffsetFetchResponsePartitions,
    OffsetFetchResponseTopics,
};

use super::groups::Groups;
use crate::group_offsets::Stability;

impl Groups {
    /// Answers one group of an OffsetFetch; without topics all that was committed. With `require_stable` an offset
    /// that an open transaction could change is `UNSTABLE_OFFSET_COMMIT`.
    pub fn fetch(&self, request: &OffsetFetchRequestGroup, require_stable: bool) -> OffsetFetchResponseGroup {
        let group = request.group_id.as_str();
        let consumer = self.consumer.get(group);
        let checked = consumer
            .map_or(Ok(()), |known| known.check_fetch(request.member_id.as_deref(), request.member_epoch));
        if let Err(error) = checked {
            let group_id = group.to_owned();
            return OffsetFetchResponseGroup { group_id, error_code: error.0, ..Default::default() };
        }
        let topics = match &request.topics {
            None => self.fetch_all(group, require_stable),
            Some(topics) => {
                let topics = topics.iter().map(|topic| OffsetFetchResponseTopics {
                    name: topic.name.clone(),
                    topic_id: topic.topic_id,
                    partitions: topic
                        .partition_indexes
                        .iter()
                        .map(|partition| self.fetch_one(group, &topic.name, *partition, require_stable))
                        .collect(),
                });
                topics.collect()
            }
        };
        OffsetFetchResponseGroup { group_id: group.to_owned(), topics, error_code: 0 }
    }

    fn fetch_all(&self, group: &str, require_stable: bool) -> Vec<OffsetFetchResponseTopics> {
        let mut topics: Vec<OffsetFetchResponseTopics> = Vec::new();
        for (topic, partition, offset) in self.offsets.of_group(group) {
            let fetched = self.fetch_one(group, topic, partition, require_stable);
            match topics.last_mut().filter(|last| last.name == topic) {
                Some(last) => last.partitions.push(fetched),
                None => topics.push(OffsetFetchResponseTopics {
                    name: topic.to_owned(),
                    topic_id: offset.topic_id,
                    partitions: vec![fetched],
                }),
            }
        }
        topics
    }

    fn fetch_one(
        &self,
        group: &str,
        topic: &str,
        partition: i32,
        require_stable: bool,
    ) -> OffsetFetchResponsePartitions {
        let none = OffsetFetchResponsePartitions {
            partition_index: partition,
            committed_offset: -1,
            metadata: Some(String::new()),
            ..OffsetFetchResponsePartitions::default()
        };
        if require_stable && self.offsets.stability(group, topic, partition) == Stability::Pending {
            let error_code = ErrorCode::UNSTABLE_OFFSET_COMMIT.0;
            return OffsetFetchResponsePartitions { error_code, ..none };
        }
        self.offsets.get(group, topic, partition).map_or(none, |committed| OffsetFetchResponsePartitions {
            partition_index: partition,
            committed_offset: committed.offset,
            committed_leader_epoch: committed.leader_epoch,
            metadata: Some(committed.metadata.clone()),
            error_code: 0,
        })
    }
}
