//! Answers about offsets.

use strait_replicator_core::group::Translated;
use strait_replicator_core::offset_map::{Located, NOT_STORED, Translation};
use strait_replicator_core::offsets::{Downstream, Offset, Upstream};

use super::LaneTask;
use crate::flow::assignment::PartitionName;
use crate::flow::translation::{Answer, Question};

impl LaneTask {
    pub(super) fn on_question(&self, question: Question) {
        let answers = question.offsets.iter().map(|(name, offset)| self.answer(name, *offset));
        // Who asked may be gone.
        let _ = question.answer.send(answers.collect());
    }

    fn answer(&self, name: &PartitionName, offset: i64) -> Answer {
        let slot = self.by_name.get(name).and_then(|index| self.slots[*index].as_ref());
        let Some(slot) = slot else { return Answer::Known(Translated::NotCopied) };
        let place = match slot.lane.map().locate(Upstream::offset(offset)) {
            Located::Known(translation) => return Answer::Known(translated(translation)),
            Located::InChunk(place) => place,
        };
        if place.stored_at != NOT_STORED {
            return Answer::Stored { at: place.stored_at };
        }
        match self.map_chunks.find(name, place) {
            Some(chunk) => Answer::Chunk(chunk.bytes.clone()),
            None => Answer::Known(Translated::NoMapping),
        }
    }
}

fn translated(translation: Translation<Downstream<Offset>>) -> Translated {
    match translation {
        Translation::Exact(offset) => Translated::Exact(offset.value()),
        Translation::NotYetReplicated(end) => Translated::NotYetCopied(end.value()),
        Translation::Forgotten => Translated::NoMapping,
    }
}
