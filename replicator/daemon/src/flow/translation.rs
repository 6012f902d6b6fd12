//! Where offsets of one side lie at the other. The lane owns the maps and answers at once; what lies in a stored chunk is
//! looked up here.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{mem, vec};

use bytes::Bytes;
use strait_replicator_core::group::{ByPartition, Translated, each};
use strait_replicator_core::offset_map::{
    Chunk, ChunkError, ChunkPlace, Located, NOT_STORED, OffsetMap, Translation,
};
use strait_replicator_core::offsets::{Downstream, Offset, Upstream};
use strait_wire::ids::Uuid;
use tokio::sync::{mpsc, oneshot};
use tracing::warn;

use super::assignment::PartitionName;
use super::elsewhere::Elsewhere;
use super::map_topic::{MapTopic, MapTopicError};

/// Offsets asked about at once, so that the lane is not held up.
const AT_ONCE: usize = 2_000;
/// Questions that wait for the lane.
const WAITING: usize = 8;
/// Chunks that can't be read and were named.
const SAID: usize = 256;
/// Bytes of chunks held in memory.
const CACHED_BYTES: usize = 4 << 20;

/// Which way offsets are translated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    ToTarget,
    /// The way back.
    ToSource,
}

/// Offsets of partitions by their source names; each is the next that somebody will read.
pub(super) type Asked = (PartitionName, Vec<i64>);

/// Offsets to translate. The answers are in the same order, those of each partition together.
pub(crate) struct Question {
    pub(super) direction: Direction,
    pub(super) offsets: Vec<Asked>,
    pub(super) answer: oneshot::Sender<Vec<Vec<Answer>>>,
}

/// What the lane knows of an offset.
pub(super) enum Answer {
    Known(Translated),
    /// In this chunk, which is not stored yet.
    Chunk(Bytes),
    /// In this chunk, which is stored.
    Stored(ChunkAt),
}

/// A chunk that is stored, with the source topic that it is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ChunkAt {
    pub(super) place: ChunkPlace,
    pub(super) source_topic_id: Uuid,
}

/// Why an offset can't be looked up.
#[derive(Debug, thiserror::Error)]
enum LookUpError {
    #[error(transparent)]
    Topic(#[from] MapTopicError),
    #[error(transparent)]
    Chunk(#[from] ChunkError),
}

/// Chunks that were read.
#[derive(Default)]
struct Cache {
    /// The last used at the end.
    chunks: VecDeque<(PartitionName, ChunkAt, Chunk)>,
    bytes: usize,
    /// By the offset at which they are stored: why they could not be read, as it was said.
    failed: BTreeMap<i64, String>,
}

/// Asks a lane.
#[derive(Clone)]
pub(crate) struct Translator {
    questions: mpsc::Sender<Question>,
    chunks: MapTopic,
    cache: Arc<Mutex<Cache>>,
    /// For partitions that other workers copy.
    elsewhere: Option<Elsewhere>,
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
    pub(super) fn new(chunks: MapTopic, elsewhere: Option<Elsewhere>) -> (Self, mpsc::Receiver<Question>) {
        let (questions, asked) = mpsc::channel(WAITING);
        (Self { questions, chunks, cache: Arc::default(), elsewhere }, asked)
    }

    /// One answer for each offset of a partition, in order.
    pub(crate) async fn translate(
        &self,
        direction: Direction,
        offsets: ByPartition<Vec<i64>>,
    ) -> Result<ByPartition<vec::IntoIter<Translated>>, NotRunningError> {
        let mut translated: ByPartition<Vec<Translated>> = ByPartition::new();
        for asked in questions(&offsets) {
            let (answer, answered) = oneshot::channel();
            let question = Question { direction, offsets: asked.clone(), answer };
            self.questions.send(question).await.map_err(|_| NotRunningError)?;
            let mut answers = answered.await.map_err(|_| NotRunningError)?;
            self.ask_elsewhere(direction, &asked, &mut answers).await;
            for ((name, offsets), answers) in asked.into_iter().zip(answers) {
                let mut found = Vec::with_capacity(offsets.len());
                for (offset, answer) in offsets.into_iter().zip(answers) {
                    found.push(self.finish(direction, &name, offset, answer).await);
                }
                translated.entry(name.topic).or_default().entry(name.partition).or_default().extend(found);
            }
        }
        let in_turn = translated.into_iter().map(|(topic, partitions)| {
            let partitions = partitions.into_iter().map(|(partition, found)| (partition, found.into_iter()));
            (topic, partitions.collect())
        });
        Ok(in_turn.collect())
    }

    /// Puts in answers about partitions that other workers copy.
    async fn ask_elsewhere(&self, direction: Direction, asked: &[Asked], answers: &mut [Vec<Answer>]) {
        let Some(elsewhere) = &self.elsewhere else { return };
        let (places, asked): (Vec<usize>, Vec<Asked>) = asked
            .iter()
            .enumerate()
            .filter(|(_, (name, _))| elsewhere.has(name))
            .map(|(place, asked)| (place, asked.clone()))
            .unzip();
        if asked.is_empty() {
            return;
        }
        for (place, found) in places.into_iter().zip(elsewhere.answers(direction, &asked).await) {
            if let Some(known) = answers.get_mut(place) {
                *known = found;
            }
        }
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
            Answer::Chunk(bytes) => {
                let chunk = Chunk::decode(bytes).map_err(LookUpError::from);
                (NOT_STORED, chunk.and_then(|chunk| direction.look_up(&chunk, offset)))
            }
            Answer::Stored(stored) => match self.stored(name, stored).await {
                Ok(chunk) => (stored.place.stored_at, direction.look_up(&chunk, offset)),
                Err(error) => (stored.place.stored_at, Err(error.into())),
            },
        };
        match found {
            (_, Ok(target)) => Translated::Exact(target),
            (chunk, Err(error)) => {
                self.say(name, chunk, &error);
                Translated::NoMapping
            }
        }
    }

    /// What can't be read is said once for each chunk, not for each offset in it.
    fn say(&self, name: &PartitionName, chunk: i64, error: &LookUpError) {
        let reason = error.to_string();
        let mut cache = self.cache();
        if cache.failed.len() == SAID {
            cache.failed.clear();
        }
        if cache.failed.insert(chunk, reason.clone()).as_ref() != Some(&reason) {
            let (topic, partition) = (&name.topic, name.partition);
            warn!(topic, partition, chunk, %error, "a chunk of an offset map can't be read, its offsets are not translated");
        }
    }

    async fn stored(&self, name: &PartitionName, stored: ChunkAt) -> Result<Chunk, MapTopicError> {
        if let Some(chunk) = self.cache().get(name, stored) {
            return Ok(chunk);
        }
        let chunk = self.chunks.chunk(name, stored).await?;
        self.cache().add(name.clone(), stored, chunk.clone());
        Ok(chunk)
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cache {
    fn get(&mut self, name: &PartitionName, stored: ChunkAt) -> Option<Chunk> {
        let index = self.chunks.iter().position(|(of, known, _)| *known == stored && of == name)?;
        let found = self.chunks.remove(index)?;
        let chunk = found.2.clone();
        self.chunks.push_back(found);
        Some(chunk)
    }

    fn add(&mut self, name: PartitionName, stored: ChunkAt, chunk: Chunk) {
        self.bytes += chunk.resident_bytes();
        self.chunks.push_back((name, stored, chunk));
        while self.bytes > CACHED_BYTES
            && let Some((_, _, oldest)) = self.chunks.pop_front()
        {
            self.bytes -= oldest.resident_bytes();
        }
    }
}

/// Splits offsets so that no question has more of them than the lane answers at once.
fn questions(offsets: &ByPartition<Vec<i64>>) -> Vec<Vec<Asked>> {
    let (mut questions, mut question, mut room) = (Vec::new(), Vec::new(), AT_ONCE);
    for (topic, partition, offsets) in each(offsets) {
        let mut offsets = offsets.as_slice();
        while !offsets.is_empty() {
            let (now, later) = offsets.split_at(offsets.len().min(room));
            let name = PartitionName { topic: topic.to_owned(), partition };
            question.push((name, now.to_vec()));
            offsets = later;
            room -= now.len();
            if room == 0 {
                questions.push(mem::take(&mut question));
                room = AT_ONCE;
            }
        }
    }
    if !question.is_empty() {
        questions.push(question);
    }
    questions
}

/// Where a map says that an offset lies on the other side.
pub(super) type Place = Located<i64>;

impl Direction {
    pub(super) fn locate(self, map: &OffsetMap, offset: i64) -> Place {
        match self {
            Self::ToTarget => values(map.locate(Upstream::offset(offset)), Downstream::<Offset>::value),
            Self::ToSource => values(map.locate_back(Downstream::offset(offset)), Upstream::<Offset>::value),
        }
    }

    fn look_up(self, chunk: &Chunk, offset: i64) -> Result<i64, LookUpError> {
        Ok(match self {
            Self::ToTarget => chunk.target_of(offset),
            Self::ToSource => chunk.source_of(offset),
        }?)
    }
}

fn values<T>(located: Located<T>, value: impl Fn(T) -> i64) -> Place {
    match located {
        Located::Known(Translation::Exact(offset)) => Located::Known(Translation::Exact(value(offset))),
        Located::Known(Translation::NotYetReplicated(end)) => {
            Located::Known(Translation::NotYetReplicated(value(end)))
        }
        Located::Known(Translation::Forgotten) => Located::Known(Translation::Forgotten),
        Located::InChunk(place) => Located::InChunk(place),
    }
}

/// The answer of a map; a chunk is looked for with `find` where it is not stored yet.
pub(super) fn answer(
    located: Place,
    source_topic_id: Uuid,
    find: impl FnOnce(ChunkPlace) -> Option<Bytes>,
) -> Answer {
    match located {
        Located::Known(Translation::Exact(offset)) => Answer::Known(Translated::Exact(offset)),
        Located::Known(Translation::NotYetReplicated(end)) => Answer::Known(Translated::NotYetCopied(end)),
        Located::Known(Translation::Forgotten) => Answer::Known(Translated::NoMapping),
        Located::InChunk(place) if place.stored_at != NOT_STORED => {
            Answer::Stored(ChunkAt { place, source_topic_id })
        }
        Located::InChunk(place) => find(place).map_or(Answer::Known(Translated::NoMapping), Answer::Chunk),
    }
}
