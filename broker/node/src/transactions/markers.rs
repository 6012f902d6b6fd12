//! Markers into partitions; into those of `__consumer_offsets` through the groups, whose offsets then count.

use strait_broker_core::producer_state::Marker;
use strait_broker_core::topic_partition::TopicPartition;
use strait_broker_core::transactions::Markers;
use strait_wire::batch::ControlKind;
use strait_wire::error_code::ErrorCode;

use crate::clock::now_ms;
use crate::node::Node;
use crate::partition::{Absent, AppendError};
use crate::topics::GROUP_TOPIC;

/// A marker; its place and time are set when it is written.
pub(crate) fn marker(
    (producer_id, producer_epoch): (i64, i16),
    is_commit: bool,
    coordinator_epoch: i32,
    transaction_version: i16,
) -> Marker {
    let kind = if is_commit { ControlKind::Commit } else { ControlKind::Abort };
    let (offset, timestamp) = (-1, -1);
    Marker { producer_id, producer_epoch, kind, coordinator_epoch, offset, timestamp, transaction_version }
}

pub(super) fn of_transaction(markers: &Markers) -> Marker {
    let producer = (markers.producer_id, markers.producer_epoch);
    marker(producer, markers.is_commit, markers.coordinator_epoch, markers.version.level())
}

/// Writes a marker. A partition that is gone needs none.
pub(crate) fn write_marker(node: &Node, partition: &TopicPartition, marker: Marker) -> Result<(), ErrorCode> {
    let TopicPartition { topic, partition: index } = partition;
    let index = *index;
    let shard = usize::try_from(index).ok().and_then(|at| node.groups.shards().get(at));
    let written = match (topic.as_str(), shard) {
        (GROUP_TOPIC, Some(shard)) => shard.write_marker(marker),
        _ => match node.topics.partition(topic, index) {
            Some(partition) => partition.append_marker(marker, now_ms()),
            None => Ok(()),
        },
    };
    match written {
        Ok(()) | Err(AppendError::Absent(Absent::Deleted)) => Ok(()),
        Err(error) => {
            tracing::warn!(topic, partition = index, %error, "marker not written");
            Err(error.code())
        }
    }
}
