//! Produce requests and their answers.

use strait_client::{ConnectionError, TRANSACTIONAL_PRODUCE_VERSION};
use strait_replicator_core::lane::{BatchOutcome, Wants};
use strait_wire::error_code::ErrorCode;
use strait_wire::message::produce::{ProduceRequest, ProduceResponse};
use tracing::info;

use super::{Event, LaneTask, Taken};
use crate::flow::produce::{self, Outcomes};

const PRODUCE_TIMEOUT_MS: i32 = 30_000;

impl LaneTask {
    pub(super) fn produce(&mut self) {
        let ids: Vec<i32> = self.targets.iter_mut().map(|(id, _)| id).collect();
        for id in ids {
            while self.produce_to(id) {}
        }
    }

    /// Sends one request to a broker; false when there is nothing to send or no room.
    fn produce_to(&mut self, id: i32) -> bool {
        let (broker, side) = self.targets.get(id);
        let Some(connection) = broker.connection.clone() else { return false };
        if side.in_flight >= self.parts.limits.requests_in_flight || side.ready.is_empty() {
            return false;
        }
        let (batches, taken, transactional) = self.take_batches(id);
        if batches.is_empty() {
            return false;
        }
        let assignments = || {
            taken
                .iter()
                .filter_map(|taken: &Taken| self.slots[taken.index].as_ref())
                .map(|slot| &slot.assignment)
        };
        let mut highest = connection.version_of::<ProduceRequest>().unwrap_or(3);
        if transactional {
            highest = highest.min(TRANSACTIONAL_PRODUCE_VERSION);
        }
        let version = produce::version(highest, assignments());
        let mut request =
            produce::build_request(assignments().zip(batches).collect(), version, PRODUCE_TIMEOUT_MS);
        if transactional {
            request.transactional_id = self.transaction.id();
        }
        self.targets.get(id).1.in_flight += 1;
        let pending = connection.submit(&request, version);
        self.events.push(Box::pin(async move {
            let result = match pending {
                Ok(pending) => pending.await,
                Err(error) => Err(error),
            };
            Event::Produced(id, taken, result)
        }));
        true
    }

    /// One batch of each ready partition up to a request's size, all in the transaction or all not.
    fn take_batches(&mut self, id: i32) -> (Vec<strait_wire::batch::StampedBatch>, Vec<Taken>, bool) {
        let (_, side) = self.targets.get(id);
        let mut ready = std::mem::take(&mut side.ready);
        let (mut batches, mut taken, mut bytes, mut kind) = (Vec::new(), Vec::new(), 0, None);
        for _ in 0..ready.len() {
            if bytes >= self.parts.limits.fetch_bytes {
                break;
            }
            let Some(index) = ready.pop_front() else { break };
            let Some(slot) = self.slots[index].as_mut() else { continue };
            slot.ready = false;
            if slot.assignment.target.leader != id {
                continue;
            }
            let wants = slot.lane.wants();
            let in_transaction = self.transaction.takes(index, slot.lane.generation());
            if wants == Wants::Nothing || (wants == Wants::Transaction && !in_transaction) {
                continue;
            }
            if *kind.get_or_insert(wants) != wants {
                slot.ready = true;
                ready.push_back(index);
                continue;
            }
            if let Some(outgoing) = slot.lane.take_outgoing(&self.parts.identities, in_transaction) {
                bytes += outgoing.size;
                batches.push(outgoing.batch);
                taken.push(Taken { index });
            }
            if slot.lane.wants() == wants {
                slot.ready = true;
                ready.push_back(index);
            }
        }
        let indexes: Vec<usize> = taken.iter().map(|taken: &Taken| taken.index).collect();
        self.targets.get(id).1.ready.extend(ready);
        for index in indexes {
            self.touch(index);
        }
        (batches, taken, kind == Some(Wants::Transaction))
    }

    pub(super) fn on_produced(
        &mut self,
        id: i32,
        taken: &[Taken],
        result: Result<ProduceResponse, ConnectionError>,
    ) {
        let now_ms = self.now_ms();
        let (broker, side) = self.targets.get(id);
        side.in_flight = side.in_flight.saturating_sub(1);
        if let Err(error) = &result {
            broker.on_failed(now_ms);
            self.report(format!("target broker {id}: {error}"));
        }
        let outcomes = result.as_ref().ok().map(Outcomes::new);
        for taken in taken {
            let outcome = match (&outcomes, self.slots[taken.index].as_ref()) {
                (Some(outcomes), Some(slot)) => outcomes.of(&slot.assignment),
                _ => BatchOutcome::Ambiguous,
            };
            self.on_outcome(taken.index, outcome);
        }
    }

    fn on_outcome(&mut self, index: usize, outcome: BatchOutcome) {
        let now_ms = self.now_ms();
        let was_stopped = self.slots[index].as_ref().is_none_or(|slot| slot.lane.state().is_stopped());
        let progress = self.with_slot(index, |slot| {
            let progress = slot.lane.on_outcome(outcome, now_ms);
            if slot.lag_records() == 0 {
                slot.caught_up_at_ms = now_ms;
            }
            progress
        });
        self.totals.add(progress.unwrap_or_default());
        if !matches!(outcome, BatchOutcome::Acked { .. }) {
            self.transaction.on_failure(index);
        }
        if let BatchOutcome::Refused { code } = outcome
            && !was_stopped
        {
            self.on_refused(index, code);
        }
    }

    fn on_refused(&mut self, index: usize, code: ErrorCode) {
        let Some(slot) = self.slots[index].as_ref() else { return };
        let name = &slot.assignment.name;
        let is_stopped = slot.lane.state().is_stopped();
        if !is_stopped {
            info!(flow = %self.parts.flow.id(), topic = %name.topic, partition = name.partition, %code, "target refuses, its tail is read");
        }
        self.parts.refresh.notify_one();
        if is_stopped {
            self.on_record_refused(index);
        }
    }
}
