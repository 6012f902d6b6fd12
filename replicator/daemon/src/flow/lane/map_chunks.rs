//! Chunks of offset maps on their way to their topic. They are stored before the position that no longer has them. A
//! chunk that can't be stored does not hold positions up: its offsets will not be translated after a restart.

use strait_replicator_core::offset_map::{ChunkPlace, SealedChunk};
use tracing::warn;

use super::LaneTask;
use crate::flow::assignment::PartitionName;
use crate::flow::map_topic::{MapTopic, PartitionChunk};
use crate::internal_topic::InternalTopicError;
use crate::last_failure::LastFailure;

/// Chunks that wait to be stored; of more the oldest are given up.
const MOST_UNSTORED: usize = 4_096;
/// Publications of positions between looks at what the source no longer holds.
const FORGET_INTERVAL: u64 = 60;

/// Chunks that are not stored yet, the oldest first.
#[derive(Default)]
pub(super) struct MapChunks {
    unstored: Vec<PartitionChunk>,
    publications: u64,
    last_failure: LastFailure,
}

/// What became of chunks that were to be stored.
pub(super) type Stored = Result<Vec<i64>, InternalTopicError>;

/// Stores chunks, if there are any.
pub(super) async fn store(topic: MapTopic, chunks: Vec<PartitionChunk>) -> Stored {
    if chunks.is_empty() { Ok(Vec::new()) } else { topic.store(&chunks).await }
}

impl MapChunks {
    /// The bytes of a chunk that is not stored yet.
    pub(super) fn find(&self, name: &PartitionName, place: ChunkPlace) -> Option<&SealedChunk> {
        let found = self.unstored.iter().find(|of| of.name == *name && of.chunk.place.from == place.from);
        found.map(|of| &of.chunk)
    }
}

impl LaneTask {
    /// Takes in chunks that were sealed.
    pub(super) fn keep_chunks(&mut self, index: usize, chunks: Vec<SealedChunk>) {
        let Some(slot) = self.slots[index].as_ref() else { return };
        let (name, source_topic_id) = (&slot.assignment.name, slot.assignment.source.topic_id);
        let of_partition =
            chunks.into_iter().map(|chunk| PartitionChunk { name: name.clone(), source_topic_id, chunk });
        self.map_chunks.unstored.extend(of_partition);
        let too_many = self.map_chunks.unstored.len().saturating_sub(MOST_UNSTORED);
        if too_many > 0 {
            warn!(flow = %self.parts.flow.id(), chunks = too_many, "chunks of offset maps could not be stored and are given up");
            for of in self.map_chunks.unstored.drain(..too_many) {
                let index = self.by_name.get(&of.name).copied();
                if let Some(slot) = index.and_then(|index| self.slots[index].as_mut()) {
                    slot.lane.on_chunk_given_up(&of.chunk.place);
                }
            }
        }
    }

    /// What is to be stored now.
    pub(super) fn unstored_chunks(&self) -> Vec<PartitionChunk> {
        self.map_chunks.unstored.clone()
    }

    pub(super) fn on_chunks_stored(&mut self, stored: Stored) {
        let offsets = match stored {
            Ok(offsets) => offsets,
            Err(error) => {
                if let Some(error) = self.map_chunks.last_failure.news(&error) {
                    warn!(flow = %self.parts.flow.id(), error, "chunks of offset maps can't be stored, retrying");
                }
                return;
            }
        };
        self.map_chunks.last_failure.end();
        let count = offsets.len().min(self.map_chunks.unstored.len());
        let chunks: Vec<PartitionChunk> = self.map_chunks.unstored.drain(..count).collect();
        for (of, stored_at) in chunks.into_iter().zip(offsets) {
            let index = self.by_name.get(&of.name).copied();
            if let Some(slot) = index.and_then(|index| self.slots[index].as_mut()) {
                slot.lane.on_chunk_stored(ChunkPlace { stored_at, ..of.chunk.place });
            }
        }
    }

    /// Chunks of what the source no longer holds, and those that became part of larger ones, now and then.
    pub(super) fn forgotten_chunks(&mut self) -> Vec<(PartitionName, i64)> {
        self.map_chunks.publications += 1;
        if !self.map_chunks.publications.is_multiple_of(FORGET_INTERVAL) {
            return Vec::new();
        }
        let mut forgotten = Vec::new();
        for slot in self.slots.iter_mut().flatten() {
            let firsts = slot.lane.forget_below(slot.source_begin);
            forgotten.extend(firsts.into_iter().map(|first| (slot.assignment.name.clone(), first)));
        }
        forgotten
    }
}
