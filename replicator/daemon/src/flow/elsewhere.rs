//! Offsets of partitions that other workers copy: looked up in what those wrote down at the target.

use std::sync::Arc;
use std::time::Duration;

use strait_client::Cluster;
use strait_replicator_core::group::Translated;
use strait_replicator_core::offset_map::{Located, OffsetMap, StoredChunk, Translation};
use strait_replicator_core::shares::Part;
use strait_replicator_core::state_record::{Key, State, StoredPosition, Value};
use strait_wire::ids::Uuid;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tracing::warn;

use super::assignment::PartitionName;
use super::map_topic::{MapTopic, StoredChunks};
use super::provenance::Ends;
use super::translation::{Answer, Asked, Direction, answer};
use crate::state_topic::{Isolation, StateError, StateTopic, StateView};

/// Between readings of all chunks, where one is asked for.
const CHUNKS_INTERVAL: Duration = Duration::from_secs(30);

/// Looks offsets of other workers' partitions up.
#[derive(Clone)]
pub(super) struct Elsewhere {
    part: Part,
    source_cluster_id: String,
    source: Cluster,
    state: StateTopic,
    map_topic: MapTopic,
    known: Arc<Mutex<Known>>,
}

/// What the target's topics say, as of the last look.
#[derive(Default)]
struct Known {
    view: StateView,
    chunks: StoredChunks,
    chunks_read_at: Option<Instant>,
}

impl Elsewhere {
    /// Nothing where the flow is not split.
    pub(super) fn new(part: &Part, ends: &Ends, state: StateTopic, map_topic: MapTopic) -> Option<Self> {
        part.share?;
        Some(Self {
            part: part.clone(),
            source_cluster_id: ends.source_cluster_id.clone(),
            source: ends.source.clone(),
            state,
            map_topic,
            known: Arc::default(),
        })
    }

    pub(super) fn has(&self, name: &PartitionName) -> bool {
        !self.part.has(&name.topic, name.partition)
    }

    /// One answer for each offset. What the target can't tell is not translated.
    pub(super) async fn answers(&self, direction: Direction, asked: &[Asked]) -> Vec<Vec<Answer>> {
        let mut known = self.known.lock().await;
        if let Err(error) = self.follow(&mut known).await {
            warn!(flow = %self.part, %error, "positions of other workers can't be read, their offsets are not translated");
            return asked.iter().map(|(_, offsets)| not_copied(offsets)).collect();
        }
        let metadata = self.source.metadata().await;
        let mut answers = Vec::with_capacity(asked.len());
        for (name, offsets) in asked {
            let topic_id = metadata.topics.get(&name.topic).map(|topic| topic.id);
            // Of a topic that was made again the old one's map says nothing.
            let position =
                self.position(&known.view.state, name).filter(|at| Some(at.source_topic_id) == topic_id);
            let Some((topic_id, mut map)) = position.map(|at| (at.source_topic_id, map_of(at))) else {
                answers.push(not_copied(offsets));
                continue;
            };
            if offsets.iter().any(|offset| is_forgotten(direction, &map, *offset)) {
                self.read_chunks(&mut known).await;
                map.restore_stored(chunks_of(&known.chunks, name, topic_id));
            }
            let answer = |offset: &i64| answer(direction.locate(&map, *offset), topic_id, |_| None);
            answers.push(offsets.iter().map(answer).collect());
        }
        answers
    }

    async fn follow(&self, known: &mut Known) -> Result<(), StateError> {
        self.state.catch_up(&mut known.view, Isolation::Committed).await
    }

    fn position<'a>(&self, state: &'a State, name: &PartitionName) -> Option<&'a StoredPosition> {
        let key = Key::Position {
            flow: self.part.flow.clone(),
            source_cluster_id: self.source_cluster_id.clone(),
            topic: name.topic.clone(),
            partition: name.partition,
        };
        match state.get(&key)? {
            Value::Position(position) => Some(position),
            _ => None,
        }
    }

    async fn read_chunks(&self, known: &mut Known) {
        if known.chunks_read_at.is_some_and(|at| at.elapsed() < CHUNKS_INTERVAL) {
            return;
        }
        known.chunks_read_at = Some(Instant::now());
        match self.map_topic.read().await {
            Ok(chunks) => known.chunks = chunks,
            Err(error) => {
                warn!(flow = %self.part, %error, "chunks of offset maps can't be read, their offsets are not translated");
            }
        }
    }
}

fn not_copied(offsets: &[i64]) -> Vec<Answer> {
    offsets.iter().map(|_| Answer::Known(Translated::NotCopied)).collect()
}

fn is_forgotten(direction: Direction, map: &OffsetMap, offset: i64) -> bool {
    map.chunks().len() == 0 && direction.locate(map, offset) == Located::Known(Translation::Forgotten)
}

fn chunks_of(chunks: &StoredChunks, name: &PartitionName, topic_id: Uuid) -> Vec<StoredChunk> {
    let of_partition = chunks.get(name).into_iter().flatten();
    of_partition.filter(|(of, _)| *of == topic_id).map(|(_, chunk)| chunk.clone()).collect()
}

/// The map that was stored with a position; a map that can't be read begins there.
fn map_of(position: &StoredPosition) -> OffsetMap {
    let new = || OffsetMap::new(position.source_offset, position.target_offset);
    let stored = (!position.map.is_empty()).then(|| OffsetMap::restore(&position.map).ok());
    let mut map = stored.flatten().unwrap_or_else(new);
    map.advance(position.source_offset);
    map
}
