//! Answers about offsets.

use strait_replicator_core::group::Translated;

use super::LaneTask;
use crate::flow::translation::{Answer, Asked, Direction, Question, answer};

impl LaneTask {
    pub(super) fn on_question(&self, question: Question) {
        let answers = question.offsets.iter().map(|asked| self.answers(question.direction, asked));
        // Who asked may be gone.
        let _ = question.answer.send(answers.collect());
    }

    fn answers(&self, direction: Direction, (name, offsets): &Asked) -> Vec<Answer> {
        let slot = self.by_name.get(name).and_then(|index| self.slots[*index].as_ref());
        let Some(slot) = slot else {
            return offsets.iter().map(|_| Answer::Known(Translated::NotCopied)).collect();
        };
        let (map, topic_id) = (slot.lane.map(), slot.assignment.source.topic_id);
        let unstored = |place| self.map_chunks.find(name, place).map(|chunk| chunk.bytes.clone());
        let answer = |offset: &i64| answer(direction.locate(map, *offset), topic_id, unstored);
        offsets.iter().map(answer).collect()
    }
}
