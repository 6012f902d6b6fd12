//! Positions for MirrorMaker 2, so that it can go on where this flow stopped: how far each partition is acknowledged at
//! the target, as often as positions are published, and at the end.

use std::collections::HashMap;

use strait_replicator_core::mirror_maker::{DEDICATED_CONNECTOR, SourcePartition, position_value};
use tracing::{info, warn};

use super::{Event, LaneTask};
use crate::flow::assignment::PartitionName;
use crate::flow::lane::unix_ms;
use crate::internal_topic::{InternalTopicError, KeyedRecord};
use crate::last_failure::LastFailure;

/// Positions on their way.
#[derive(Default)]
pub(super) struct HandOver {
    is_writing: bool,
    /// Next source offsets as the topic has them.
    written: HashMap<PartitionName, i64>,
    last_failure: LastFailure,
}

/// Next source offsets that were to be written.
pub(super) type Handed = Vec<(PartitionName, i64)>;

impl LaneTask {
    pub(super) fn is_handing_over(&self) -> bool {
        self.hand_over.is_writing
    }

    /// Writes positions that moved, unless the topic is still busy with the last ones.
    pub(super) fn publish_hand_over(&mut self) {
        let Some(topic) = self.parts.hand_over.clone() else { return };
        if self.hand_over.is_writing || !self.owns_flow() {
            return;
        }
        let (handed, records) = self.due_hand_over();
        if records.is_empty() {
            return;
        }
        self.hand_over.is_writing = true;
        self.events.push(Box::pin(async move {
            Event::HandedOver(handed, topic.write_by_key(records, unix_ms()).await)
        }));
    }

    pub(super) fn on_handed_over(&mut self, handed: Handed, result: Result<(), InternalTopicError>) {
        self.hand_over.is_writing = false;
        match result {
            Ok(()) => {
                self.hand_over.written.extend(handed);
                self.hand_over.last_failure.end();
            }
            Err(error) => {
                if let Some(error) = self.hand_over.last_failure.news(&error) {
                    warn!(flow = %self.parts.flow.id(), error, "positions for MirrorMaker 2 can't be written, retrying");
                }
            }
        }
    }

    pub(super) async fn hand_over_at_end(&mut self) {
        let Some(topic) = self.parts.hand_over.clone().filter(|_| self.owns_flow()) else { return };
        let (handed, records) = self.due_hand_over();
        if !records.is_empty()
            && let Err(error) = topic.write_by_key(records, unix_ms()).await
        {
            warn!(
                flow = %self.parts.flow.id(), topic = topic.name, %error,
                "last positions for MirrorMaker 2 are not written, it would copy records again"
            );
            return;
        }
        self.hand_over.written.extend(handed);
        let partitions = self.hand_over.written.len();
        info!(flow = %self.parts.flow.id(), topic = topic.name, partitions, "positions are handed over to MirrorMaker 2");
    }

    /// What differs from what is in the topic: a partition that is gone for now counts as long as it may come back.
    fn due_hand_over(&self) -> (Handed, Vec<KeyedRecord>) {
        let copied = self.slots.iter().flatten().map(|slot| (&slot.assignment.name, slot.lane.position()));
        let due = copied.chain(&self.parked).filter_map(|(name, position)| {
            let next_offset = position.source_offset;
            let is_written = self.hand_over.written.get(name) == Some(&next_offset);
            (!is_written).then(|| (name.clone(), next_offset))
        });
        let due: Handed = due.collect();
        let records =
            due.iter().map(|(name, next_offset)| self.position_for_mirror_maker(name, *next_offset));
        let records = records.collect();
        (due, records)
    }

    fn position_for_mirror_maker(&self, name: &PartitionName, next_offset: i64) -> KeyedRecord {
        let flow = &self.parts.flow;
        let connector = match flow.mirror_maker_connector.as_str() {
            "" => DEDICATED_CONNECTOR,
            connector => connector,
        };
        let (topic, partition) = (name.topic.as_str(), name.partition);
        let of = SourcePartition { connector, cluster: &flow.source, topic, partition };
        (of.key(), position_value(next_offset))
    }
}
