//! Where offsets of one side lie at the other. The lane owns the maps and answers at once; what lies in a stored chunk is
//! looked up here.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use strait_replicator_core::group::Translated;
use strait_replicator_core::offset_map::{Chunk, ChunkError};
use tokio::sync::{mpsc, oneshot};
use tracing::warn;

use super::assignment::PartitionName;
use super::map_topic::{MapTopic, MapTopicError};

/// Offsets asked about at once, so that the lane is not held up.
const AT_ONCE: usize = 2_000;
/// Questions that wait for the lane.
const WAITING: usize = 8;
/// Bytes of chunks held in memory.
const CACHED_BYTES: usize = 4 << 20;

/// Which way offsets are translated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    ToTarget,
    /// The way back.
    ToSource,
}

/// Offsets to translate, of partitions by their source names; each is the next that somebody will read.
pub(crate) struct Question {
    pub(super) direction: Direction,
    pub(super) offsets: Vec<(PartitionName, i64)>,
    pub(super) answer: oneshot::Sender<Vec<Answer>>,
}

/// What the lane knows of an offset.
pub(super) enum Answer {
    Known(Translated),
    /// In this chunk, which is not stored yet.
    Chunk(Bytes),
    /// In the chunk that is stored at this offset.
    Stored {
        at: i64,
    },
}

/// Chunks by the offset at which they are stored, the last used at the end.
#[derive(Default)]
struct Cache {
    chunks: VecDeque<(i64, Chunk)>,
    bytes: usize,
}

/// Asks a lane.
#[derive(Clone)]
pub(crate) struct Translator {
    questions: mpsc::Sender<Question>,
    chunks: MapTopic,
    cache: Arc<Mutex<Cache>>,
}

impl std::fmt::Debug for Translator {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Translator")
    }
}

/// The lane is gone.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the flow is not running")]
pub(crate) struct NotRunningError;

impl Translator {
    pub(super) fn new(chunks: MapTopic) -> (Self, mpsc::Receiver<Question>) {
        let (questions, asked) = mpsc::channel(WAITING);
        (Self { questions, chunks, cache: Arc::default() }, asked)
    }

    /// One answer for each offset, in order.
    pub(crate) async fn translate(
        &self,
        direction: Direction,
        offsets: Vec<(PartitionName, i64)>,
    ) -> Result<Vec<Translated>, NotRunningError> {
        let mut translated = Vec::with_capacity(offsets.len());
        for chunk in offsets.chunks(AT_ONCE) {
            let (answer, answered) = oneshot::channel();
            let question = Question { direction, offsets: chunk.to_vec(), answer };
            self.questions.send(question).await.map_err(|_| NotRunningError)?;
            let answers = answered.await.map_err(|_| NotRunningError)?;
            for ((name, offset), answer) in chunk.iter().zip(answers) {
                translated.push(self.finish(direction, name, *offset, answer).await);
            }
        }
        Ok(translated)
    }

    async fn finish(
        &self,
        direction: Direction,
        name: &PartitionName,
        offset: i64,
        answer: Answer,
    ) -> Translated {
        let found = match answer {
            Answer::Known(translated) => return translated,
            Answer::Chunk(bytes) => direction.look_up(Chunk::decode(bytes), offset, -1),
            Answer::Stored { at } => match self.stored(at).await {
                Ok(chunk) => direction.look_up(Ok(chunk), offset, at),
                Err(error) => Err(error),
            },
        };
        match found {
            Ok(target) => Translated::Exact(target),
            Err(error) => {
                warn!(topic = name.topic, partition = name.partition, offset, %error, "an offset can't be translated");
                Translated::NoMapping
            }
        }
    }

    async fn stored(&self, at: i64) -> Result<Chunk, MapTopicError> {
        if let Some(chunk) = self.cache().get(at) {
            return Ok(chunk);
        }
        let chunk = self.chunks.chunk(at).await?;
        self.cache().add(at, chunk.clone());
        Ok(chunk)
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cache {
    fn get(&mut self, at: i64) -> Option<Chunk> {
        let index = self.chunks.iter().position(|(known, _)| *known == at)?;
        let found = self.chunks.remove(index)?;
        let chunk = found.1.clone();
        self.chunks.push_back(found);
        Some(chunk)
    }

    fn add(&mut self, at: i64, chunk: Chunk) {
        self.bytes += chunk.resident_bytes();
        self.chunks.push_back((at, chunk));
        while self.bytes > CACHED_BYTES
            && let Some((_, oldest)) = self.chunks.pop_front()
        {
            self.bytes -= oldest.resident_bytes();
        }
    }
}

impl Direction {
    fn look_up(self, chunk: Result<Chunk, ChunkError>, offset: i64, at: i64) -> Result<i64, MapTopicError> {
        let found = chunk.and_then(|chunk| match self {
            Self::ToTarget => chunk.target_of(offset),
            Self::ToSource => chunk.source_of(offset),
        });
        found.map_err(|source| MapTopicError::Chunk { offset: at, source })
    }
}
