//! New, moved and ended partitions.

use strait_replicator_core::lane::{PartitionState, StateName};

use super::LaneTask;
use crate::configuration::OnLoss;
use crate::flow::assignment::Assignment;
use crate::flow::slot::Slot;

impl LaneTask {
    /// Takes over a full list: new partitions begin, known ones follow their leaders, others end.
    pub(super) fn on_assignments(&mut self, assignments: Vec<Assignment>) {
        let mut present = vec![false; self.slots.len()];
        for assignment in assignments {
            let index = self.assign(assignment);
            match present.get_mut(index) {
                Some(seen) => *seen = true,
                None => present.resize(index + 1, true),
            }
        }
        for (index, present) in present.into_iter().enumerate() {
            if !present {
                self.remove(index);
            }
        }
        let slots = &self.slots;
        self.sources.retain(|id| slots.iter().flatten().any(|slot| slot.assignment.source.leader == id));
        self.targets.retain(|id| slots.iter().flatten().any(|slot| slot.assignment.target.leader == id));
    }

    fn assign(&mut self, assignment: Assignment) -> usize {
        let Some(index) = self.by_name.get(&assignment.name).copied() else { return self.begin(assignment) };
        let Some(slot) = self.slots[index].as_ref() else { return self.begin(assignment) };
        if slot.assignment.source.topic_id == assignment.source.topic_id {
            self.follow(index, assignment);
            return index;
        }
        if !slot.lane.is_idle() {
            // The batches on their way belong to the old topic: the new one begins when they are answered.
            let stopped_at = slot.lane.position().source_offset;
            self.with_slot(index, |slot| slot.lane.stop(PartitionState::Recreated { stopped_at }));
            self.parts.refresh.notify_one();
            return index;
        }
        self.remove(index);
        self.begin(assignment)
    }

    /// A partition that was here before goes on where it was, or tells where the old one of its name ended.
    fn unpark(&mut self, assignment: Assignment) -> Assignment {
        let Some(parked) = self.parked.remove(&assignment.name) else { return assignment };
        if parked.source_topic_id == assignment.source.topic_id {
            return Assignment { position: parked, adopt_sequences: false, ..assignment };
        }
        // What of the old topic was not copied has no known end.
        self.record_loss(&assignment.name, StateName::Recreated, (parked.source_offset, -1));
        Assignment { recreated_at: Some(parked.source_offset), ..assignment }
    }

    /// A known partition, perhaps led by others now.
    fn follow(&mut self, index: usize, assignment: Assignment) {
        let now_ms = self.now_ms();
        let Some(slot) = self.slots[index].as_mut() else { return };
        if slot.assignment.source.leader != assignment.source.leader {
            self.sources.get(slot.assignment.source.leader).1.session.want(index, None);
        }
        let moved = slot.assignment.target.leader != assignment.target.leader
            || slot.assignment.target.topic_id != assignment.target.topic_id;
        if moved {
            slot.ready = false;
        }
        let flow = &self.parts.flow;
        slot.update(assignment, flow);
        if moved {
            self.with_slot(index, |slot| slot.lane.reset(now_ms));
        } else {
            self.touch(index);
        }
    }

    fn begin(&mut self, assignment: Assignment) -> usize {
        let assignment = self.unpark(assignment);
        let index = self.slots.len();
        let (name, topic_id) = (assignment.name.clone(), assignment.source.topic_id);
        self.by_topic_id.insert((topic_id, name.partition), index);
        self.by_name.insert(name, index);
        let mut slot = Slot::new(assignment, self.parts.settings, &self.parts.flow, self.now_ms());
        let topic_id = slot.assignment.source.topic_id;
        let chunks = self.parts.chunks.remove(&slot.assignment.name).unwrap_or_default();
        let of_topic = chunks.into_iter().filter(|(of, _)| *of == topic_id).map(|(_, chunk)| chunk);
        slot.lane.restore_chunks(of_topic.collect());
        for loss in self.parts.status.losses_of(&self.parts.flow.id(), &slot.assignment.name) {
            slot.leave_out(&loss);
        }
        if self.transaction.is_unavailable() {
            slot.without_transactions();
        }
        if let Some(stopped_at) = slot.assignment.recreated_at
            && self.parts.flow.on_recreated == OnLoss::Stop
        {
            slot.lane.stop(PartitionState::Recreated { stopped_at });
        }
        self.slots.push(Some(slot));
        self.touch(index);
        index
    }

    fn remove(&mut self, index: usize) {
        let Some(slot) = self.slots[index].as_mut() else { return };
        let (position, chunks) = slot.lane.position_to_store();
        self.keep_chunks(index, chunks);
        let Some(slot) = self.slots[index].take() else { return };
        let (name, topic_id) = (slot.assignment.name.clone(), slot.assignment.source.topic_id);
        let chunks = slot.lane.map().stored().into_iter().map(|chunk| (topic_id, chunk)).collect();
        self.parts.chunks.insert(name.clone(), chunks);
        self.parked.insert(name, position);
        self.held_bytes = self.held_bytes.saturating_sub(slot.lane.held_bytes());
        self.totals.repeated += slot.lane.repeated();
        self.by_name.remove(&slot.assignment.name);
        self.by_topic_id.remove(&(slot.assignment.source.topic_id, slot.assignment.name.partition));
        let (_, source) = self.sources.get(slot.assignment.source.leader);
        source.session.want(index, None);
        // Its name is gone, so that it can't be taken out of a session that goes on.
        source.session.reset();
        self.transaction.on_failure(index);
    }
}
