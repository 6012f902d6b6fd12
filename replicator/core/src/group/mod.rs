//! Groups on both sides: which are followed, what is published of them, what is committed at the target.

// When a checkpoint is published.
mod checkpoints;
// What is committed at the target, and why not.
mod sync;

pub use checkpoints::CheckpointLog;
pub use sync::{
    GroupOutcome, GroupState, PartitionSync, TargetGroup, TargetPartition, Translated, sync_group,
};
