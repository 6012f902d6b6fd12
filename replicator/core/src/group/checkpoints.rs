//! When a checkpoint is published (`MirrorCheckpointTask.shouldCheckpointTopic`): the first of a partition, when the
//! group went back at the source, when the translated offset went forward. Never the same one again.

use std::collections::BTreeMap;

use strait_wire::mm2::{Checkpoint, CheckpointKey};

/// What was published last.
#[derive(Clone, Debug, Default)]
pub struct CheckpointLog {
    /// Upstream and downstream offset.
    published: BTreeMap<CheckpointKey, (i64, i64)>,
}

impl CheckpointLog {
    /// A checkpoint that is in the topic already. The last one of a partition counts.
    pub fn remember(&mut self, checkpoint: &Checkpoint) {
        let offsets = (checkpoint.upstream_offset, checkpoint.downstream_offset);
        self.published.insert(checkpoint.key(), offsets);
    }

    /// The topic says that a group is no longer in its place.
    pub fn forget(&mut self, place: &CheckpointKey) {
        self.published.remove(place);
    }

    /// Whether a checkpoint says anything new.
    pub fn is_due(&self, checkpoint: &Checkpoint) -> bool {
        let Some((upstream, downstream)) = self.published.get(&checkpoint.key()) else { return true };
        checkpoint.upstream_offset < *upstream || checkpoint.downstream_offset > *downstream
    }

    /// Published checkpoints of places that are no longer there at the source: groups that were deleted, offsets that
    /// expired. They are forgotten here.
    pub fn take_gone(&mut self, is_there: impl Fn(&CheckpointKey) -> bool) -> Vec<CheckpointKey> {
        let gone: Vec<CheckpointKey> =
            self.published.keys().filter(|place| !is_there(place)).cloned().collect();
        for place in &gone {
            self.published.remove(place);
        }
        gone
    }

    /// The translated offset that was published last.
    pub fn downstream(&self, place: &CheckpointKey) -> Option<i64> {
        self.published.get(place).map(|(_, downstream)| *downstream)
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

    #[test]
    fn only_news_are_published() {
        let mut log = CheckpointLog::default();
        assert!(log.is_due(&checkpoint(250, 201)));
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
            assert_eq!(log.is_due(&checkpoint(upstream, downstream)), due, "{upstream} -> {downstream}");
        }
    }

    #[test]
    fn what_is_gone_is_named_once() {
        let mut log = CheckpointLog::default();
        log.remember(&checkpoint(1, 1));
        assert_eq!(log.take_gone(|_| true), []);
        assert_eq!(log.take_gone(|_| false).len(), 1);
        assert_eq!(log.take_gone(|_| false), []);
        assert!(log.is_due(&checkpoint(1, 1)));
        log.remember(&checkpoint(2, 2));
        log.forget(&checkpoint(2, 2).key());
        assert!(log.is_due(&checkpoint(1, 1)));
    }
}
