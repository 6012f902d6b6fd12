//! Groups on both sides: which are followed, what is published of them, what is committed at the target.

// By topic and partition.
mod by_partition;
// When a checkpoint is published.
mod checkpoints;
// What is committed at the target, and why not.
mod sync;

pub use by_partition::{ByPartition, each};
pub use checkpoints::{CheckpointLog, PublishedTopic};
pub use sync::{GroupOutcome, GroupState, PartitionSync, TargetGroup, Translated, sync_group};
