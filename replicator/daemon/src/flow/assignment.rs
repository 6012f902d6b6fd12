//! What the planner tells the lane: which partitions to copy, from whom, to whom.

use strait_replicator_core::lane::Position;
use strait_wire::ids::Uuid;

/// A partition of the source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PartitionName {
    pub(crate) topic: String,
    pub(crate) partition: i32,
}

/// One end of a copied partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) topic: String,
    /// Zero where the cluster has no topic ids.
    pub(crate) topic_id: Uuid,
    pub(crate) leader: i32,
    pub(crate) leader_epoch: i32,
}

/// One partition to copy.
#[derive(Clone, Debug)]
pub(crate) struct Assignment {
    pub(crate) name: PartitionName,
    pub(crate) source: End,
    pub(crate) target: End,
    /// Where to begin; used when the lane does not have the partition yet.
    pub(crate) position: Position,
    /// The position has no history at the target.
    pub(crate) adopt_sequences: bool,
    /// The source topic was made again; copying of the old one stopped at this offset.
    pub(crate) recreated_at: Option<i64>,
    pub(crate) target_max_message_bytes: usize,
    pub(crate) target_log_append_time: bool,
    /// Records may vanish from the source's log one by one, so that they can't be counted again.
    pub(crate) source_is_compacted: bool,
}
