//! Answers about offsets.

use strait_replicator_core::group::Translated;
use strait_replicator_core::offset_map::{Located, NOT_STORED, Translation};
use strait_replicator_core::offsets::{Downstream, Offset, Upstream};
use strait_wire::ids::Uuid;

use super::LaneTask;
use crate::flow::assignment::PartitionName;
use crate::flow::translation::{Answer, Direction, Question, StoredChunk};

impl LaneTask {
    pub(super) fn on_question(&self, question: Question) {
        let answers =
            question.offsets.iter().map(|(name, offset)| self.answer(question.direction, name, *offset));
        // Who asked may be gone.
        let _ = question.answer.send(answers.collect());
    }

    fn answer(&self, direction: Direction, name: &PartitionName, offset: i64) -> Answer {
        let slot = self.by_name.get(name).and_then(|index| self.slots[*index].as_ref());
        let Some(slot) = slot else { return Answer::Known(Translated::NotCopied) };
        let (map, topic_id) = (slot.lane.map(), slot.assignment.source.topic_id);
        let of = (name, topic_id);
        match direction {
            Direction::ToTarget => {
                self.locate(of, map.locate(Upstream::offset(offset)), Downstream::<Offset>::value)
            }
            Direction::ToSource => {
                self.locate(of, map.locate_back(Downstream::offset(offset)), Upstream::<Offset>::value)
            }
        }
    }

    fn locate<T>(
        &self,
        (name, source_topic_id): (&PartitionName, Uuid),
        located: Located<T>,
        value: impl Fn(T) -> i64,
    ) -> Answer {
        let place = match located {
            Located::Known(Translation::Exact(offset)) => {
                return Answer::Known(Translated::Exact(value(offset)));
            }
            Located::Known(Translation::NotYetReplicated(end)) => {
                return Answer::Known(Translated::NotYetCopied(value(end)));
            }
            Located::Known(Translation::Forgotten) => return Answer::Known(Translated::NoMapping),
            Located::InChunk(place) => place,
        };
        if place.stored_at != NOT_STORED {
            return Answer::Stored(StoredChunk { place, source_topic_id });
        }
        match self.map_chunks.find(name, place) {
            Some(chunk) => Answer::Chunk(chunk.bytes.clone()),
            None => Answer::Known(Translated::NoMapping),
        }
    }
}
