//! When a checkpoint is published (`MirrorCheckpointTask.shouldCheckpointTopic`): the first of a partition, when the
//! group went back at the source, when the translated offset went forward. Never the same one again.

use std::collections::BTreeMap;

use litemap::LiteMap;
use strait_wire::mm2::{Checkpoint, CheckpointKey};

use super::by_partition::ByPartition;

/// Upstream and downstream offset.
type Offsets = (i64, i64);

/// What was published last.
#[derive(Clone, Debug, Default)]
pub struct CheckpointLog {
    by_group: BTreeMap<String, ByPartition<Offsets>>,
}

/// What was published last of a group in a topic of the target.
#[derive(Clone, Copy, Debug)]
pub struct PublishedTopic<'a>(Option<&'a LiteMap<i32, Offsets>>);

impl CheckpointLog {
    /// A checkpoint that is in the topic already. The last one of a partition counts.
    pub fn remember(&mut self, checkpoint: &Checkpoint) {
        let offsets = (checkpoint.upstream_offset, checkpoint.downstream_offset);
        let CheckpointKey { group_id, topic, partition } = checkpoint.key();
        let of_group = self.by_group.entry(group_id).or_default();
        of_group.entry(topic).or_default().insert(partition, offsets);
    }

    /// The topic says that a group is no longer in its place.
    pub fn forget(&mut self, place: &CheckpointKey) {
        let Some(of_group) = self.by_group.get_mut(&place.group_id) else { return };
        let Some(of_topic) = of_group.get_mut(&place.topic) else { return };
        of_topic.remove(&place.partition);
        if of_topic.is_empty() {
            of_group.remove(&place.topic);
        }
        if of_group.is_empty() {
            self.by_group.remove(&place.group_id);
        }
    }

    pub fn of(&self, group: &str, topic: &str) -> PublishedTopic<'_> {
        PublishedTopic(self.by_group.get(group).and_then(|of_group| of_group.get(topic)))
    }

    /// Published checkpoints of places that are no longer there at the source: groups that were deleted, offsets that
    /// expired. They are forgotten here. `there` gives the partitions of a group in a topic; of a group that `is_kept`
    /// nothing is gone.
    pub fn take_gone<'a, T: 'a>(
        &mut self,
        there: impl Fn(&str, &str) -> Option<&'a LiteMap<i32, T>>,
        is_kept: impl Fn(&str) -> bool,
    ) -> Vec<CheckpointKey> {
        let mut gone = Vec::new();
        for (group, of_group) in &self.by_group {
            let before = gone.len();
            for (topic, published) in of_group {
                let there = there(group, topic);
                let is_there = |partition: &i32| there.is_some_and(|there| there.contains_key(partition));
                let of_topic = published.keys().filter(|partition| !is_there(partition));
                gone.extend(of_topic.map(|partition| CheckpointKey {
                    group_id: group.clone(),
                    topic: topic.clone(),
                    partition: *partition,
                }));
            }
            if gone.len() > before && is_kept(group) {
                gone.truncate(before);
            }
        }
        for place in &gone {
            self.forget(place);
        }
        gone
    }
}

impl PublishedTopic<'_> {
    /// Whether a checkpoint of the partition says anything new.
    pub fn is_due(&self, partition: i32, upstream_offset: i64, downstream_offset: i64) -> bool {
        let Some((upstream, downstream)) = self.0.and_then(|published| published.get(&partition)) else {
            return true;
        };
        upstream_offset < *upstream || downstream_offset > *downstream
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint(upstream_offset: i64, downstream_offset: i64) -> Checkpoint {
        Checkpoint {
            group_id: "readers".to_owned(),
            topic: "east.orders".to_owned(),
            partition: 0,
            upstream_offset,
            downstream_offset,
            metadata: String::new(),
        }
    }

    fn is_due(log: &CheckpointLog, upstream: i64, downstream: i64) -> bool {
        log.of("readers", "east.orders").is_due(0, upstream, downstream)
    }

    #[test]
    fn only_news_are_published() {
        let mut log = CheckpointLog::default();
        assert!(is_due(&log, 250, 201));
        log.remember(&checkpoint(250, 201));
        for (upstream, downstream, due) in [
            (250, 201, false),
            (250, 176, false),
            (370, 176, false),
            (400, 376, true),
            (250, 202, true),
            (249, 201, true),
            (249, 150, true),
        ] {
            assert_eq!(is_due(&log, upstream, downstream), due, "{upstream} -> {downstream}");
        }
    }

    #[test]
    fn what_is_gone_is_named_once() {
        let mut log = CheckpointLog::default();
        log.remember(&checkpoint(1, 1));
        let there = LiteMap::from_iter([(0, ())]);
        let nowhere = |_: &str, _: &str| None::<&LiteMap<i32, ()>>;
        assert_eq!(log.take_gone(|_, _| Some(&there), |_| false), []);
        assert_eq!(log.take_gone(nowhere, |group| group == "readers"), []);
        assert_eq!(log.take_gone(nowhere, |_| false), [checkpoint(1, 1).key()]);
        assert_eq!(log.take_gone(nowhere, |_| false), []);
        assert!(is_due(&log, 1, 1));
        log.remember(&checkpoint(2, 2));
        log.forget(&checkpoint(2, 2).key());
        assert!(is_due(&log, 1, 1));
    }
}
