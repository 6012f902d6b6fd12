//! Answers about offsets.

use strait_replicator_core::group::Translated;

use super::LaneTask;
use crate::flow::assignment::PartitionName;
use crate::flow::translation::{Answer, Direction, Question, answer};

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
        let unstored = |place| self.map_chunks.find(name, place).map(|chunk| chunk.bytes.clone());
        answer(direction.locate(map, offset), topic_id, unstored)
    }
}
