//! The ledger: ranges of the source that are not at the target, in log, status and state topic.

use strait_replicator_core::lane::StateName;
use strait_replicator_core::state_record::{Key, Value};
use tracing::error;

use super::fetching::unix_ms;
use super::{Event, LaneTask};
use crate::configuration::OnRefused;
use crate::flow::assignment::PartitionName;
use crate::flow::dead_letter::{DeadLetter, DeadLetterError};
use crate::status::LedgerEntry;

/// A loss is in the ledger, and its partition may go on.
pub(super) struct LossEvent {
    index: usize,
    range: (i64, i64),
    result: Result<(), DeadLetterError>,
}

impl LaneTask {
    /// Puts the range into the ledger, and its records into the dead-letter topic where the flow has one.
    pub(super) fn leave_out(&mut self, index: usize, range: (i64, i64), reason: String) {
        let Some(slot) = self.slots[index].as_ref() else { return };
        let name = slot.assignment.name.clone();
        self.record_in_status(&name, StateName::Refused, range);
        let entry = self.loss_record(&name, StateName::Refused, range);
        let state = self.parts.state.clone();
        let dead_letter = (self.parts.flow.on_refused == OnRefused::DeadLetter).then(|| DeadLetter {
            source: self.parts.source.clone(),
            target: self.parts.target.clone(),
            topic: self.parts.flow.dead_letter_topic(),
            replication_factor: self.parts.flow.replication_factor,
            name,
            source_topic_id: slot.assignment.source.topic_id,
            range,
            reason,
        });
        self.events.push(Box::pin(async move {
            let sent = match dead_letter {
                Some(dead_letter) => dead_letter.send().await,
                None => Ok(()),
            };
            let result = match sent {
                Ok(()) => state.write(vec![entry]).await.map_err(DeadLetterError::from),
                Err(error) => Err(error),
            };
            Event::Loss(LossEvent { index, range, result })
        }));
    }

    pub(super) fn on_loss_event(&mut self, event: LossEvent) {
        if let Err(error) = event.result {
            error!(flow = %self.parts.flow.id(), %error, "a refused record can't be set aside, partition stays stopped");
            self.report(error.to_string());
            return;
        }
        let now_ms = self.now_ms();
        self.with_slot(event.index, |slot| {
            slot.rewriter.left_out().add(event.range.0, event.range.1);
            slot.lane.resume_without_refused(now_ms);
        });
    }

    /// Writes a range that is not copied into log, status and state topic.
    pub(super) fn record_loss(&mut self, name: &PartitionName, reason: StateName, range: (i64, i64)) {
        self.record_in_status(name, reason, range);
        let state = self.parts.state.clone();
        let entry = self.loss_record(name, reason, range);
        self.events.push(Box::pin(async move { Event::LossWritten(state.write(vec![entry]).await) }));
    }

    pub(super) fn record_loss_of(&mut self, index: usize, reason: StateName, range: (i64, i64)) {
        if let Some(name) = self.slots[index].as_ref().map(|slot| slot.assignment.name.clone()) {
            self.record_loss(&name, reason, range);
        }
    }

    fn record_in_status(&self, name: &PartitionName, reason: StateName, range: (i64, i64)) {
        let (first_offset, last_offset) = range;
        error!(
            flow = %self.parts.flow.id(), topic = %name.topic, partition = name.partition, %reason, first_offset,
            last_offset, "records of the source are not at the target"
        );
        let (topic, partition, reason) = (name.topic.clone(), name.partition, reason.to_string());
        let entry = LedgerEntry { topic, partition, reason, first_offset, last_offset, at_ms: unix_ms() };
        self.parts.status.record_loss(&self.parts.flow.id(), entry);
    }

    fn loss_record(
        &self,
        name: &PartitionName,
        reason: StateName,
        (first_offset, last_offset): (i64, i64),
    ) -> (Key, Value) {
        let key = Key::Loss {
            flow: self.parts.flow.id(),
            source_cluster_id: self.parts.source_cluster_id.clone(),
            topic: name.topic.clone(),
            partition: name.partition,
            first_offset,
        };
        (key, Value::Loss { reason: reason.to_string(), last_offset, at_ms: unix_ms() })
    }
}
