//! Looking at the target before anything is sent: after a start and after every failure.

use std::time::Duration;

use strait_replicator_core::lane::{PartitionState, Tail};
use strait_wire::error_code::ErrorCode;
use tracing::{debug, error, warn};

use super::{Event, LaneTask};
use crate::flow::tail::{TailAsked, TailError, TailReader};

/// Partitions in one look.
const TAILS_AT_ONCE: usize = 2_000;
/// A look that takes longer is given up.
const TAIL_DEADLINE: Duration = Duration::from_secs(60);

pub(super) struct TailsRead {
    asked: Vec<TailAsked>,
    result: Result<Vec<Result<Tail, TailError>>, TailsError>,
}

#[derive(Debug, thiserror::Error)]
enum TailsError {
    #[error(transparent)]
    Tail(#[from] TailError),
    #[error("the target's tails are not read within {TAIL_DEADLINE:?}")]
    Deadline,
}

impl LaneTask {
    pub(super) fn read_tails(&mut self) {
        let now_ms = self.now_ms();
        for (id, (broker, side)) in self.targets.iter_mut() {
            let Some(connection) = &broker.connection else { continue };
            if side.is_reading_tails || side.recovering.is_empty() {
                continue;
            }
            let mut asked = Vec::new();
            side.recovering.retain(|index| {
                let Some(slot) = self.slots[*index].as_mut() else { return false };
                if slot.assignment.target.leader != id || !slot.lane.is_recovering() {
                    return false;
                }
                if asked.len() == TAILS_AT_ONCE || !slot.lane.poll_tail(now_ms) {
                    return true;
                }
                asked.push(TailAsked {
                    index: *index,
                    generation: slot.lane.generation(),
                    target: slot.assignment.target.clone(),
                    partition: slot.assignment.name.partition,
                    from: slot.lane.position().target_offset,
                    search: !slot.assignment.adopt_sequences,
                    batches: slot.lane.searches_batches(),
                });
                false
            });
            if asked.is_empty() {
                continue;
            }
            side.is_reading_tails = true;
            let reader =
                TailReader { connection: connection.clone(), identities: self.parts.identities.clone() };
            self.events.push(Box::pin(async move {
                let read = tokio::time::timeout(TAIL_DEADLINE, reader.read(&asked)).await;
                let result = match read {
                    Ok(tails) => tails.map_err(TailsError::from),
                    Err(_) => Err(TailsError::Deadline),
                };
                Event::Tails(id, TailsRead { asked, result })
            }));
        }
    }

    pub(super) fn on_tails(&mut self, id: i32, read: TailsRead) {
        self.targets.get(id).1.is_reading_tails = false;
        match read.result {
            Ok(tails) => {
                for (asked, tail) in read.asked.iter().zip(tails) {
                    self.on_tail(asked, tail);
                }
            }
            Err(error) => {
                let now_ms = self.now_ms();
                let detail = format!("target broker {id}: {error}");
                for asked in &read.asked {
                    let state = PartitionState::Unreachable { detail: detail.clone() };
                    self.with_slot(asked.index, |slot| {
                        if slot.lane.generation() == asked.generation {
                            slot.lane.on_tail_failed(now_ms, state);
                        }
                    });
                }
                self.report(detail);
            }
        }
    }

    fn on_tail(&mut self, asked: &TailAsked, tail: Result<Tail, TailError>) {
        let now_ms = self.now_ms();
        let Some(slot) = self.slots[asked.index].as_mut() else { return };
        if slot.lane.generation() != asked.generation {
            return;
        }
        match tail {
            Ok(tail) => {
                let flow = self.parts.flow.id();
                self.with_slot(asked.index, |slot| {
                    let before = slot.lane.repeated();
                    slot.lane.on_tail(&tail, now_ms);
                    let repeated = slot.lane.repeated() - before;
                    if repeated > 0 {
                        let name = &slot.assignment.name;
                        warn!(flow, topic = %name.topic, partition = name.partition, repeated, "so many records at most are written again");
                    }
                    slot.assignment.adopt_sequences = false;
                    let (name, position) = (&slot.assignment.name, slot.lane.position());
                    debug!(topic = %name.topic, partition = name.partition, ?tail, ?position, "target's tail is read");
                    slot.last_tail = tail;
                });
                self.on_target_truncated(asked.index);
            }
            Err(error) => {
                let state = match &error {
                    TailError::Refused { code, .. } if *code == ErrorCode::TOPIC_AUTHORIZATION_FAILED => {
                        PartitionState::Unauthorized { code: *code }
                    }
                    _ => PartitionState::Unreachable { detail: error.to_string() },
                };
                self.with_slot(asked.index, |slot| slot.lane.on_tail_failed(now_ms, state));
                self.report(error.to_string());
            }
        }
    }

    pub(super) fn say_stopped(&self, index: usize, what: &str) {
        let Some(slot) = self.slots[index].as_ref().filter(|slot| slot.lane.state().is_stopped()) else {
            return;
        };
        let (name, state) = (&slot.assignment.name, slot.lane.state());
        error!(
            flow = %self.parts.flow.id(), topic = %name.topic, partition = name.partition, state = state.name().as_str(),
            position = slot.lane.position().source_offset, detail = %state, "{what}, partition stops"
        );
    }
}
