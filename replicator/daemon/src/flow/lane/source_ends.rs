//! Where the source ends, of partitions that are not fetched now: they show how far they are behind all the same.

use strait_client::{ClientError, ListOffsetsAt, PartitionOffsets};
use tracing::debug;

use super::{Event, LaneTask};
use crate::flow::assignment::PartitionName;

/// Ticks between looks.
const LOOK_TICKS: u64 = 20;
/// A fetch is answered sooner; a broker that is silent for so long tells nothing of its partitions.
const SILENT_MS: u64 = 2_000;

impl LaneTask {
    pub(super) fn look_for_source_ends(&mut self, ticks: u64) {
        if self.is_looking_for_ends || !ticks.is_multiple_of(LOOK_TICKS) {
            return;
        }
        let silent_since_ms = self.now_ms().saturating_sub(SILENT_MS);
        let mut untold = Vec::new();
        for slot in self.slots.iter().flatten() {
            let (_, side) = self.sources.get(slot.assignment.source.leader);
            if slot.wanted().is_none() || side.answered_at_ms < silent_since_ms {
                untold.push((slot.assignment.name.topic.clone(), slot.assignment.name.partition));
            }
        }
        if untold.is_empty() {
            return;
        }
        self.is_looking_for_ends = true;
        let (source, isolation) = (self.parts.source.clone(), self.parts.flow.isolation.into());
        self.events.push(Box::pin(async move {
            Event::SourceEnds(source.list_offsets(&untold, ListOffsetsAt::Latest, isolation).await)
        }));
    }

    pub(super) fn on_source_ends(&mut self, ends: Result<PartitionOffsets, ClientError>) {
        self.is_looking_for_ends = false;
        let ends = match ends {
            Ok(ends) => ends,
            Err(error) => {
                debug!(flow = %self.parts.flow.id(), %error, "where the source ends is not known");
                return;
            }
        };
        for ((topic, partition), end) in ends {
            let index = self.by_name.get(&PartitionName { topic, partition });
            if let (Some(slot), Ok(end)) = (index.and_then(|index| self.slots[*index].as_mut()), end) {
                slot.source_end = slot.source_end.max(end.offset);
            }
        }
    }
}
