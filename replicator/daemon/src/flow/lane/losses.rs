//! Records that are not copied: said in log and ledger, and the flow's policy decides whether the partition goes on.

use strait_client::{BrokerError, ClientError, Cluster, IsolationLevel, ListOffsetsAt};
use strait_replicator_core::lane::{PartitionState, Side, StateName};
use strait_replicator_core::rewrite::Poison;
use strait_wire::codec::Request;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::list_offsets::ListOffsetsRequest;
use tracing::warn;

use super::{Event, LaneTask};
use crate::configuration::{OnLoss, OnRefused};
use crate::flow::slot::Slot;
use crate::status::LedgerEntry;

/// Where a leader's epoch ended, as the source tells.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct EpochEnd {
    pub(super) epoch: i32,
    pub(super) end_offset: i64,
}

/// The ends of a partition's log at the source, asked for because a fetch was refused.
pub(super) struct SourceRange {
    index: usize,
    epoch_end: Option<EpochEnd>,
    log_range: Result<(i64, i64), ClientError>,
}

impl Slot {
    /// Refused records that are in the ledger are not tried again.
    pub(super) fn leave_out(&mut self, loss: &LedgerEntry) {
        if loss.reason == StateName::Refused.as_str() && loss.last_offset >= loss.first_offset {
            self.rewriter.left_out().add(loss.first_offset, loss.last_offset);
        }
    }
}

impl LaneTask {
    /// The position lies outside the source's log, whose ends the answer does not tell: they are asked for.
    pub(super) fn on_out_of_range(&mut self, index: usize) {
        self.ask_source_range(index, None);
    }

    /// The source's leader epoch of the batch before the position ended earlier: the log was cut, and may have grown.
    pub(super) fn on_epoch_ended(&mut self, index: usize, end: EpochEnd) {
        self.ask_source_range(index, Some(end));
    }

    fn ask_source_range(&mut self, index: usize, epoch_end: Option<EpochEnd>) {
        let Some(slot) = self.slots[index].as_mut() else { return };
        slot.is_asking = true;
        let place = [(slot.assignment.name.topic.clone(), slot.assignment.name.partition)];
        self.touch(index);
        let source = self.parts.source.clone();
        self.events.push(Box::pin(async move {
            let log_range = log_range(&source, &place).await;
            Event::SourceRange(SourceRange { index, epoch_end, log_range })
        }));
    }

    /// Retention took records, or the log was truncated.
    pub(super) fn on_source_range(&mut self, range: SourceRange) {
        let SourceRange { index, epoch_end, log_range } = range;
        let offset = self.with_slot(index, |slot| {
            slot.is_asking = false;
            slot.lane.fetch_offset()
        });
        let Some(offset) = offset.flatten() else { return };
        match log_range {
            Ok((_, log_end)) if epoch_end.is_some_and(|end| log_end > end.end_offset) => {
                self.on_source_diverged(index, epoch_end.unwrap_or_default());
            }
            Ok((log_start, _)) if log_start > offset => self.on_retention_gap(index, log_start),
            Ok((_, log_end)) if log_end < offset => self.on_source_truncated(index, log_end),
            Ok(_) => self.parts.refresh.notify_one(),
            Err(error) => self.report(format!("source: {error}")),
        }
    }

    fn on_retention_gap(&mut self, index: usize, log_start: i64) {
        let lost = self.with_slot(index, |slot| slot.lane.on_retention_gap(log_start)).flatten();
        let Some((first_lost, last_lost)) = lost else {
            self.say_stopped(index, "retention took records");
            return;
        };
        if last_lost < first_lost {
            return;
        }
        self.record_loss_of(index, StateName::RetentionGap, (first_lost, last_lost));
        if self.parts.flow.on_retention_gap == OnLoss::Stop {
            let state = PartitionState::RetentionGap { first_lost, last_lost };
            self.with_slot(index, |slot| slot.lane.stop(state));
            self.say_stopped(index, "retention took records");
        }
    }

    /// The source ends before the position: what it holds from there on will be other records.
    fn on_source_truncated(&mut self, index: usize, source_end: i64) {
        let Some(position) = self.slots[index].as_ref().map(|slot| slot.lane.position().source_offset) else {
            return;
        };
        if self.parts.flow.on_truncated == OnLoss::Stop {
            let (first_offset, last_offset) = (source_end, position - 1);
            let state = PartitionState::Truncated { side: Side::Source, first_offset, last_offset };
            self.with_slot(index, |slot| slot.lane.stop(state));
            self.say_stopped(index, "the source's log was truncated");
            return;
        }
        self.record_loss_of(index, StateName::Truncated, (source_end, position - 1));
        self.go_on_at(index, source_end);
    }

    /// The source replaced what was copied by other records of a later leader.
    fn on_source_diverged(&mut self, index: usize, EpochEnd { epoch, end_offset }: EpochEnd) {
        let Some(slot) = self.slots[index].as_ref() else { return };
        let position = slot.lane.position().source_offset;
        if self.parts.flow.on_diverged == OnLoss::Stop {
            let detail = format!(
                "the source's leader epoch {epoch} ends at {end_offset}, and records up to {position} were copied: \
                 {end_offset} to {} were replaced",
                position - 1
            );
            self.with_slot(index, |slot| slot.lane.stop(PartitionState::Diverged { detail }));
            self.say_stopped(index, "the source's history changed");
            return;
        }
        self.record_loss_of(index, StateName::Diverged, (end_offset, position - 1));
        self.go_on_at(index, end_offset);
    }

    fn go_on_at(&mut self, index: usize, source_offset: i64) {
        let now_ms = self.now_ms();
        self.with_slot(index, |slot| {
            slot.lane.move_to(source_offset);
            slot.lane.resume(now_ms);
        });
    }

    /// Called after the target's tail was read.
    pub(super) fn on_target_truncated(&mut self, index: usize) {
        let Some(slot) = self.slots[index].as_ref() else { return };
        if !matches!(slot.lane.state(), PartitionState::Truncated { side: Side::Target, .. }) {
            return;
        }
        if self.parts.flow.on_truncated == OnLoss::Stop {
            self.say_stopped(index, "the target lost records");
            return;
        }
        let now_ms = self.now_ms();
        let position = slot.lane.position().source_offset;
        let copied_again_from = self
            .with_slot(index, |slot| {
                let tail = slot.last_tail.clone();
                slot.lane.accept_truncated_target(&tail, now_ms)
            })
            .flatten();
        match copied_again_from {
            Some(from) => warn!(
                flow = %self.parts.flow.id(), from, to = position - 1,
                "the target lost records, they are copied again"
            ),
            None => self.record_loss_of(index, StateName::Truncated, (-1, position - 1)),
        }
    }

    /// A single record of the source that the target does not take.
    pub(super) fn on_record_refused(&mut self, index: usize) {
        let refused = self.slots[index].as_ref().and_then(|slot| slot.lane.refused());
        match refused {
            Some(refused) if self.parts.flow.on_refused != OnRefused::Stop => {
                let reason = format!("the target answers {}", refused.code);
                self.leave_out(index, (refused.offset, refused.offset), reason);
            }
            Some(_) | None => self.say_stopped(index, "the target refuses a record"),
        }
    }

    /// Records that can't be read or rewritten.
    pub(super) fn on_poison(&mut self, index: usize, poison: &Poison) {
        self.with_slot(index, |slot| slot.lane.on_poison(poison));
        if self.parts.flow.on_refused == OnRefused::Stop {
            self.say_stopped(index, "records can't be copied");
        } else {
            self.leave_out(index, poison.range(), poison.to_string());
        }
    }
}

/// First offset of a partition's log and the one behind its last record.
async fn log_range(source: &Cluster, place: &[(String, i32)]) -> Result<(i64, i64), ClientError> {
    let (first, end) = tokio::join!(
        source.list_offsets(place, ListOffsetsAt::Earliest, IsolationLevel::ReadUncommitted),
        source.list_offsets(place, ListOffsetsAt::Latest, IsolationLevel::ReadUncommitted),
    );
    let offset = |listed: strait_client::PartitionOffsets| {
        let missing = BrokerError { code: ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, message: None };
        let answer = listed.into_iter().next().map_or(Err(missing), |(_, answer)| answer);
        let refused = |error| ClientError::Broker { api: ListOffsetsRequest::KEY, error };
        answer.map(|at| at.offset).map_err(refused)
    };
    Ok((offset(first?)?, offset(end?)?))
}
