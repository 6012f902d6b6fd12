//! Fetches and their answers.

use std::collections::BTreeMap;

use strait_client::{Connection, ConnectionError};
use strait_replicator_core::lane::PartitionState;
use strait_wire::error_code::ErrorCode;
use strait_wire::ids::Uuid;
use strait_wire::message::fetch::{
    EpochEndOffset as DivergingEpoch, FetchRequest, FetchResponse, PartitionData,
};
use tracing::{debug, error};

use super::losses::EpochEnd;
use super::{Event, LaneTask};
use crate::flow::assignment::PartitionName;
use crate::flow::fetch::{self, FetchLimits};
use crate::flow::provenance::Classified;
use crate::flow::slot::{Intake, IntakeError};
use crate::state_topic::StateError;

/// How long a broker holds a fetch open when all partitions are asked for, and when some are not.
const MAX_WAIT_MS: (i32, i32) = (100, 20);

/// The partitions of one answer that have an error code, by code.
type Refusals = BTreeMap<i16, Vec<usize>>;

impl LaneTask {
    pub(super) fn fetch(&mut self) {
        let mut fetches = Vec::new();
        for (id, (broker, side)) in self.sources.iter_mut() {
            if let Some(connection) = &broker.connection
                && !side.outstanding
                && side.session.wanted_count() > 0
            {
                fetches.push((id, connection.clone()));
            }
        }
        for (id, connection) in fetches {
            if self.may_fetch() {
                self.fetch_from(id, &connection);
            }
        }
    }

    /// Memory and the rate limit have room for one more answer.
    fn may_fetch(&self) -> bool {
        let limits = &self.parts.limits;
        let expected = self.held_bytes + (self.fetches_outstanding + 1) * limits.fetch_bytes;
        let has_room = self.held_bytes + self.fetches_outstanding == 0 || expected <= limits.memory_bytes;
        has_room && (self.parts.flow.rate_limit_bytes == 0 || self.allowance >= 0.0)
    }

    fn fetch_from(&mut self, id: i32, connection: &Connection) {
        let led = self
            .slots
            .iter()
            .flatten()
            .filter(|slot| slot.assignment.source.leader == id && !slot.lane.state().is_stopped());
        let led = led.count();
        let (_, side) = self.sources.get(id);
        let limits = FetchLimits {
            max_wait_ms: if side.session.wanted_count() == led { MAX_WAIT_MS.0 } else { MAX_WAIT_MS.1 },
            max_bytes: i32::try_from(self.parts.limits.fetch_bytes).unwrap_or(i32::MAX),
            partition_max_bytes: i32::try_from(self.parts.limits.partition_fetch_bytes).unwrap_or(i32::MAX),
            isolation: self.parts.flow.isolation,
        };
        let session = side.session.build();
        let slots = &self.slots;
        let assignment_of = |index: usize| Some(&slots.get(index)?.as_ref()?.assignment);
        let highest = connection.version_of::<FetchRequest>().unwrap_or(4);
        let version = fetch::version(highest, slots.iter().flatten().map(|slot| &slot.assignment));
        let request = fetch::build_request(&session, assignment_of, version, limits);
        side.outstanding = true;
        self.fetches_outstanding += 1;
        let pending = connection.submit(&request, version);
        self.events.push(Box::pin(async move {
            let result = match pending {
                Ok(pending) => pending.await,
                Err(error) => Err(error),
            };
            Event::Fetched(id, result)
        }));
    }

    pub(super) fn on_fetched(&mut self, id: i32, result: Result<FetchResponse, ConnectionError>) {
        let now_ms = self.now_ms();
        self.fetches_outstanding -= 1;
        let (broker, side) = self.sources.get(id);
        side.outstanding = false;
        let response = match result {
            Ok(response) => response,
            Err(error) => {
                side.session.reset();
                broker.on_failed(now_ms);
                self.report(format!("source broker {id}: {error}"));
                return;
            }
        };
        let code = ErrorCode(response.error_code);
        if !code.is_ok() {
            side.session.reset();
            debug!(flow = %self.parts.flow.id(), broker = id, %code, "fetch session begins anew");
            return;
        }
        side.session.on_response(response.session_id);
        side.answered_at_ms = now_ms;
        let mut refusals = Refusals::new();
        for topic in response.responses {
            for data in topic.partitions {
                let Some(index) = self.slot_of(&topic.topic, topic.topic_id, data.partition_index) else {
                    continue;
                };
                if let Some(asked) = self.sources.get(id).1.session.sent(index)
                    && let Err(code) = self.on_partition(index, asked.fetch_offset, &data)
                {
                    refusals.entry(code.0).or_default().push(index);
                }
            }
        }
        self.report_refusals(&refusals);
    }

    fn slot_of(&self, topic: &str, topic_id: Uuid, partition: i32) -> Option<usize> {
        if topic_id != Uuid::ZERO {
            return self.by_topic_id.get(&(topic_id, partition)).copied();
        }
        let name = PartitionName { topic: topic.to_owned(), partition };
        self.by_name.get(&name).copied()
    }

    /// One partition's part of an answer; an error code that asks for another try.
    fn on_partition(&mut self, index: usize, offset: i64, data: &PartitionData) -> Result<(), ErrorCode> {
        let Some(slot) = self.slots[index].as_ref() else { return Ok(()) };
        if slot.is_asking || slot.lane.fetch_offset() != Some(offset) {
            return Ok(());
        }
        let code = ErrorCode(data.error_code);
        if code == ErrorCode::OFFSET_OUT_OF_RANGE {
            self.on_out_of_range(index);
        } else if !code.is_ok() {
            self.on_partition_refused(index, code);
            return Err(code);
        } else if data.diverging_epoch.epoch >= 0 {
            let DivergingEpoch { epoch, end_offset, .. } = data.diverging_epoch;
            self.on_epoch_ended(index, EpochEnd { epoch, end_offset });
        } else {
            self.take_in(index, offset, data);
        }
        Ok(())
    }

    fn take_in(&mut self, index: usize, offset: i64, data: &PartitionData) {
        let now_ms = self.now_ms();
        let bytes = data.records.as_ref().map_or(0, strait_wire::record_data::RecordData::len);
        self.allowance -= bytes as f64;
        let old_before_ms = unix_ms() - self.parts.old_after_ms;
        let verdicts = std::mem::take(&mut self.verdicts);
        let intake = Intake { verdicts: &verdicts, old_before_ms };
        let taken = self.with_slot(index, |slot| {
            let taken = slot.take_in(data, offset, intake);
            if slot.lag_records() == 0 {
                slot.caught_up_at_ms = now_ms;
            }
            slot.note_progress(now_ms);
            taken
        });
        self.verdicts = verdicts;
        match taken {
            None | Some(Ok(())) => {}
            Some(Err(IntakeError::UnknownProducers(unknown))) => self.classify(index, unknown),
            Some(Err(IntakeError::Poison(poison))) => self.on_poison(index, &poison),
            Some(Err(IntakeError::Batch(error))) => {
                let state = PartitionState::Poisoned { detail: error.to_string() };
                self.with_slot(index, |slot| slot.lane.stop(state));
                self.say_stopped(index, "the source's answer can't be read");
            }
        }
    }

    fn on_partition_refused(&mut self, index: usize, code: ErrorCode) {
        if code == ErrorCode::TOPIC_AUTHORIZATION_FAILED {
            let now_ms = self.now_ms();
            let state = PartitionState::Unauthorized { code };
            self.with_slot(index, |slot| slot.lane.on_tail_failed(now_ms, state));
        }
    }

    /// One line for each error code of an answer, as a broker that moves refuses thousands of partitions at once.
    fn report_refusals(&mut self, refusals: &Refusals) {
        for (code, indexes) in refusals {
            let name = indexes.first().and_then(|index| Some(&self.slots[*index].as_ref()?.assignment.name));
            let Some(PartitionName { topic, partition }) = name else { continue };
            let others = match indexes.len() - 1 {
                0 => String::new(),
                others => format!(" and {others} more partitions"),
            };
            self.report(format!("source answers {} for {topic}-{partition}{others}", ErrorCode(*code)));
        }
    }

    /// Asks who some producers are; the partition is fetched again afterwards.
    fn classify(&mut self, index: usize, unknown: Vec<i64>) {
        self.with_slot(index, |slot| slot.is_asking = true);
        let provenance = self.parts.provenance.clone();
        self.events.push(Box::pin(async move {
            let result = provenance.lock().await.classify(&unknown).await;
            Event::Classified(index, result)
        }));
    }

    pub(super) fn on_classified(&mut self, index: usize, result: Result<Classified, StateError>) {
        match result {
            Ok(classified) => {
                self.verdicts.learn(classified.verdicts);
                self.parts.origins = classified.origins;
                self.parts.identities.extend(&classified.identities);
            }
            Err(error) => {
                error!(
                    flow = %self.parts.flow.id(), %error,
                    "the source's state topic can't be read, so that flows' own records can't be told apart"
                );
                self.report(format!("source: {error}"));
            }
        }
        self.with_slot(index, |slot| slot.is_asking = false);
    }
}

/// Milliseconds since 1970.
pub(in crate::flow) fn unix_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
