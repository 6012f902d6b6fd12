//! Answers about offsets.

use strait_replicator_core::group::Translated;
use strait_replicator_core::offset_map::Translation;
use strait_replicator_core::offsets::Upstream;

use super::LaneTask;
use crate::flow::translation::Question;

impl LaneTask {
    pub(super) fn on_question(&self, question: Question) {
        let answers = question.offsets.iter().map(|(name, offset)| {
            let slot = self.by_name.get(name).and_then(|index| self.slots[*index].as_ref());
            slot.map_or(Translated::NotCopied, |slot| {
                translated(slot.lane.map().translate(Upstream::offset(*offset)))
            })
        });
        // Who asked may be gone.
        let _ = question.answer.send(answers.collect());
    }
}

fn translated(
    translation: Translation<
        strait_replicator_core::offsets::Downstream<strait_replicator_core::offsets::Offset>,
    >,
) -> Translated {
    match translation {
        Translation::Exact(offset) => Translated::Exact(offset.value()),
        Translation::NotYetReplicated(end) => Translated::NotYetCopied(end.value()),
        Translation::Forgotten => Translated::NoMapping,
    }
}
