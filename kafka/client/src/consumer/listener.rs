//! What a program is told when partitions come and go.

use crate::consumer::record::Offsets;
use crate::leaders::TopicPartition;

/// Called by `poll`, `unsubscribe` and `close` (`ConsumerRebalanceListener`).
pub trait RebalanceListener: Send {
    /// These came. Returns offsets to begin at; partitions that are not named begin where the group committed.
    fn on_partitions_assigned(&mut self, partitions: &[TopicPartition]) -> Vec<(TopicPartition, i64)> {
        let _ = partitions;
        Vec::new()
    }

    /// These are about to go to other members. Returns offsets to commit before they do.
    fn on_partitions_revoked(&mut self, partitions: &[TopicPartition]) -> Offsets {
        let _ = partitions;
        Offsets::new()
    }

    /// These went without notice: nothing can be committed for them any more.
    fn on_partitions_lost(&mut self, partitions: &[TopicPartition]) {
        let _ = partitions;
    }
}

struct Deaf;

impl RebalanceListener for Deaf {}

/// The program's listener, or nobody.
pub(super) struct Listener(Box<dyn RebalanceListener>);

impl Default for Listener {
    fn default() -> Self {
        Self(Box::new(Deaf))
    }
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Listener")
    }
}

impl Listener {
    pub(super) fn new(listener: impl RebalanceListener + 'static) -> Self {
        Self(Box::new(listener))
    }

    pub(super) fn on_assigned(&mut self, partitions: &[TopicPartition]) -> Vec<(TopicPartition, i64)> {
        self.0.on_partitions_assigned(partitions)
    }

    pub(super) fn on_revoked(&mut self, partitions: &[TopicPartition]) -> Offsets {
        self.0.on_partitions_revoked(partitions)
    }

    pub(super) fn on_lost(&mut self, partitions: &[TopicPartition]) {
        self.0.on_partitions_lost(partitions);
    }
}
