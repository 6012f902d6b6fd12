//! The lane: one task on one thread that fetches, rewrites and produces, and owns every partition's machine.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use strait_client::{ClientError, Cluster, Connection, ConnectionError};
use strait_replicator_core::lane::{
    BatchOutcome, FetchSession, PartitionState, Position, Settings, Side, Tail,
};
use strait_wire::error_code::ErrorCode;
use strait_wire::ids::Uuid;
use strait_wire::message::fetch::{FetchRequest, FetchResponse, PartitionData};
use strait_wire::message::produce::{ProduceRequest, ProduceResponse};
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tracing::{debug, error, info, warn};

use super::assignment::{Assignment, PartitionName};
use super::brokers::Brokers;
use super::fetch::{self, FetchLimits};
use super::produce::{self, Outcomes};
use super::slot::Slot;
use super::tail::{TailError, TailReader};
use crate::configuration::Limits;
use crate::status::{DaemonStatus, LedgerEntry, PartitionStatus};

/// Between looks at what waits for time only.
const TICK: Duration = Duration::from_millis(100);
/// Ticks between updates of the shown status.
const STATUS_TICKS: u64 = 5;
/// How long a broker holds a fetch open when all partitions are asked for, and when some are not.
const MAX_WAIT_MS: (i32, i32) = (500, 20);
const PRODUCE_TIMEOUT_MS: i32 = 30_000;
/// For what is in flight when the flow stops.
const DRAIN: Duration = Duration::from_secs(10);

/// What a lane is made with.
pub(super) struct LaneParts {
    pub(super) flow: String,
    pub(super) source: Cluster,
    pub(super) target: Cluster,
    pub(super) settings: Settings,
    pub(super) limits: Limits,
    pub(super) position_interval: Duration,
    pub(super) assignments: mpsc::Receiver<Vec<Assignment>>,
    pub(super) positions: mpsc::Sender<Vec<(PartitionName, Position)>>,
    /// Told when leaders or topics seem to have changed.
    pub(super) refresh: Arc<Notify>,
    pub(super) status: DaemonStatus,
}

#[derive(Default)]
struct SourceSide {
    session: FetchSession,
    /// Generation and offset asked for of each partition in the session.
    asked: BTreeMap<usize, Asked>,
    outstanding: bool,
}

#[derive(Clone, Copy)]
struct Asked {
    generation: u64,
    offset: i64,
}

#[derive(Default)]
struct TargetSide {
    in_flight: usize,
    ready: VecDeque<usize>,
}

enum Event {
    SourceConnected(i32, Result<Connection, ClientError>),
    TargetConnected(i32, Result<Connection, ClientError>),
    Fetched(i32, Result<FetchResponse, ConnectionError>),
    Produced(i32, Vec<usize>, Result<ProduceResponse, ConnectionError>),
    Tail(usize, u64, Result<Tail, TailError>),
}

/// The task's state.
pub(super) struct LaneTask {
    parts: LaneParts,
    started: Instant,
    slots: Vec<Option<Slot>>,
    by_name: HashMap<PartitionName, usize>,
    by_source: HashMap<(String, Uuid, i32), usize>,
    sources: Brokers<SourceSide>,
    targets: Brokers<TargetSide>,
    events: FuturesUnordered<LocalBoxFuture<'static, Event>>,
    held_bytes: usize,
    records_total: u64,
    bytes_total: u64,
    last_error: Option<String>,
    stopping: bool,
}

impl LaneTask {
    pub(super) fn new(parts: LaneParts) -> Self {
        Self {
            parts,
            started: Instant::now(),
            slots: Vec::new(),
            by_name: HashMap::new(),
            by_source: HashMap::new(),
            sources: Brokers::default(),
            targets: Brokers::default(),
            events: FuturesUnordered::new(),
            held_bytes: 0,
            records_total: 0,
            bytes_total: 0,
            last_error: None,
            stopping: false,
        }
    }

    /// Copies until the planner is gone, then drains what is in flight.
    pub(super) async fn run(mut self) {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut ticks = 0_u64;
        let mut deadline = None;
        loop {
            self.advance();
            if self.stopping && (self.is_idle() || deadline.is_some_and(|at| Instant::now() >= at)) {
                break;
            }
            tokio::select! {
                Some(event) = self.events.next(), if !self.events.is_empty() => self.on_event(event),
                assignments = self.parts.assignments.recv(), if !self.stopping => match assignments {
                    Some(assignments) => self.on_assignments(assignments),
                    None => { self.stopping = true; deadline = Some(Instant::now() + DRAIN); }
                },
                _ = tick.tick() => { ticks += 1; self.on_tick(ticks); }
            }
        }
        self.show_status();
        self.publish_positions_at_end().await;
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn is_idle(&self) -> bool {
        self.slots.iter().flatten().all(|slot| slot.lane.is_idle())
    }

    /// Starts everything that can start now.
    fn advance(&mut self) {
        self.connect();
        self.read_tails();
        self.produce();
        if !self.stopping {
            self.fetch();
        }
    }

    fn connect(&mut self) {
        let now_ms = self.now_ms();
        for (id, (broker, _)) in
            self.sources.iter_mut().filter(|(_, (broker, _))| broker.wants_connection(now_ms))
        {
            broker.connecting = true;
            let cluster = self.parts.source.clone();
            self.events
                .push(Box::pin(async move { Event::SourceConnected(id, cluster.dedicated(id).await) }));
        }
        for (id, (broker, _)) in
            self.targets.iter_mut().filter(|(_, (broker, _))| broker.wants_connection(now_ms))
        {
            broker.connecting = true;
            let cluster = self.parts.target.clone();
            self.events
                .push(Box::pin(async move { Event::TargetConnected(id, cluster.dedicated(id).await) }));
        }
    }

    fn read_tails(&mut self) {
        let now_ms = self.now_ms();
        for index in 0..self.slots.len() {
            let Some(slot) = &mut self.slots[index] else { continue };
            let target = &slot.assignment.target;
            let Some(connection) = self.targets.get(target.leader).0.connection.clone() else { continue };
            if !slot.lane.poll_tail(now_ms) {
                continue;
            }
            let generation = slot.lane.generation();
            let reader = TailReader {
                connection,
                target: target.clone(),
                partition: slot.assignment.name.partition,
                producer_id: self.parts.settings.producer_id,
            };
            self.events.push(Box::pin(async move { Event::Tail(index, generation, reader.read().await) }));
        }
    }

    fn produce(&mut self) {
        for (id, (broker, side)) in self.targets.iter_mut() {
            let Some(connection) = &broker.connection else { continue };
            while side.in_flight < self.parts.limits.requests_in_flight && !side.ready.is_empty() {
                let mut batches = Vec::new();
                let mut bytes = 0;
                let mut taken = Vec::new();
                for _ in 0..side.ready.len() {
                    if bytes >= self.parts.limits.fetch_bytes {
                        break;
                    }
                    let Some(index) = side.ready.pop_front() else { break };
                    let Some(slot) = self.slots[index].as_mut() else { continue };
                    slot.ready = false;
                    if slot.assignment.target.leader != id {
                        continue;
                    }
                    if let Some(outgoing) = slot.lane.take_outgoing() {
                        bytes += outgoing.size;
                        batches.push((index, outgoing.batch));
                        taken.push(index);
                    }
                    if slot.lane.has_outgoing() {
                        slot.ready = true;
                        side.ready.push_back(index);
                    }
                }
                if batches.is_empty() {
                    break;
                }
                let assignments = || {
                    taken.iter().filter_map(|index| self.slots[*index].as_ref()).map(|slot| &slot.assignment)
                };
                let highest = connection.version_of::<ProduceRequest>().unwrap_or(3);
                let version = produce::version(highest, assignments());
                let batches = batches
                    .into_iter()
                    .filter_map(|(index, batch)| Some((&self.slots[index].as_ref()?.assignment, batch)))
                    .collect();
                let request = produce::build_request(batches, version, PRODUCE_TIMEOUT_MS);
                side.in_flight += 1;
                let pending = connection.submit(&request, version);
                self.events.push(Box::pin(async move {
                    let result = match pending {
                        Ok(pending) => pending.await,
                        Err(error) => Err(error),
                    };
                    Event::Produced(id, taken, result)
                }));
            }
        }
    }

    fn fetch(&mut self) {
        if self.held_bytes > 0
            && self.held_bytes + self.parts.limits.fetch_bytes > self.parts.limits.memory_bytes
        {
            return;
        }
        let mut fetches = Vec::new();
        for (id, (broker, side)) in self.sources.iter_mut() {
            if let Some(connection) = &broker.connection
                && !side.outstanding
            {
                fetches.push((id, connection.clone()));
            }
        }
        for (id, connection) in fetches {
            self.fetch_from(id, &connection);
        }
    }

    fn fetch_from(&mut self, id: i32, connection: &Connection) {
        let mut wanted = BTreeMap::new();
        let mut asked = BTreeMap::new();
        let mut led = 0;
        for (index, slot) in self.slots.iter().enumerate() {
            let Some(slot) = slot.as_ref().filter(|slot| slot.assignment.source.leader == id) else {
                continue;
            };
            led += usize::from(!slot.lane.state().is_stopped());
            if let Some(partition) = slot.wanted() {
                asked.insert(
                    index,
                    Asked { generation: slot.lane.generation(), offset: partition.fetch_offset },
                );
                wanted.insert(index, partition);
            }
        }
        if wanted.is_empty() {
            return;
        }
        let limits = FetchLimits {
            max_wait_ms: if wanted.len() == led { MAX_WAIT_MS.0 } else { MAX_WAIT_MS.1 },
            max_bytes: i32::try_from(self.parts.limits.fetch_bytes).unwrap_or(i32::MAX),
            partition_max_bytes: i32::try_from(self.parts.limits.partition_fetch_bytes).unwrap_or(i32::MAX),
        };
        let assignment_of = |index: usize| Some(&self.slots.get(index)?.as_ref()?.assignment);
        let highest = connection.version_of::<FetchRequest>().unwrap_or(4);
        let version = fetch::version(highest, wanted.keys().filter_map(|index| assignment_of(*index)));
        let (_, side) = self.sources.get(id);
        let session = side.session.build(&wanted);
        let request = fetch::build_request(&session, assignment_of, version, limits);
        side.asked = asked;
        side.outstanding = true;
        let pending = connection.submit(&request, version);
        self.events.push(Box::pin(async move {
            let result = match pending {
                Ok(pending) => pending.await,
                Err(error) => Err(error),
            };
            Event::Fetched(id, result)
        }));
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::SourceConnected(id, result) => self.on_connected(Side::Source, id, result),
            Event::TargetConnected(id, result) => self.on_connected(Side::Target, id, result),
            Event::Fetched(id, result) => self.on_fetched(id, result),
            Event::Produced(id, taken, result) => self.on_produced(id, taken, result),
            Event::Tail(index, generation, result) => self.on_tail(index, generation, result),
        }
    }

    fn on_connected(&mut self, side: Side, id: i32, result: Result<Connection, ClientError>) {
        let now_ms = self.now_ms();
        let broker = match side {
            Side::Source => &mut self.sources.get(id).0,
            Side::Target => &mut self.targets.get(id).0,
        };
        match result {
            Ok(connection) => broker.on_connected(connection),
            Err(error) => {
                broker.on_failed(now_ms);
                self.report(format!("{side} broker {id}: {error}"));
            }
        }
    }

    /// Says an error once, and asks the planner to look at the clusters again.
    fn report(&mut self, message: String) {
        if self.last_error.as_ref() != Some(&message) {
            warn!(flow = %self.parts.flow, error = %message, "flow meets an error and retries");
        }
        self.last_error = Some(message);
        self.parts.refresh.notify_one();
    }

    fn on_fetched(&mut self, id: i32, result: Result<FetchResponse, ConnectionError>) {
        let now_ms = self.now_ms();
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
            debug!(flow = %self.parts.flow, broker = id, %code, "fetch session begins anew");
            return;
        }
        side.session.on_response(response.session_id);
        let asked = std::mem::take(&mut side.asked);
        for topic in &response.responses {
            for data in &topic.partitions {
                let key = (topic.topic.clone(), topic.topic_id, data.partition_index);
                if let Some(index) = self.by_source.get(&key).copied()
                    && let Some(asked) = asked.get(&index)
                {
                    self.on_partition(index, *asked, data);
                }
            }
        }
    }

    fn on_partition(&mut self, index: usize, asked: Asked, data: &PartitionData) {
        let Some(slot) = self.slots[index].as_mut() else { return };
        if slot.lane.generation() != asked.generation || slot.lane.fetch_offset().is_none() {
            return;
        }
        let code = ErrorCode(data.error_code);
        if code == ErrorCode::OFFSET_OUT_OF_RANGE {
            self.on_out_of_range(index, asked.offset, data);
            return;
        }
        if !code.is_ok() {
            let name = slot.assignment.name.clone();
            self.report(format!("source answers {code} for {}-{}", name.topic, name.partition));
            return;
        }
        let held = slot.lane.held_bytes();
        if let Err(error) = slot.take_in(data, asked.offset) {
            let name = slot.assignment.name.clone();
            error!(flow = %self.parts.flow, topic = %name.topic, partition = name.partition, %error, "partition stops");
            slot.lane.stop(PartitionState::Poisoned { detail: error.to_string() });
        }
        self.held_bytes = (self.held_bytes + slot.lane.held_bytes()).saturating_sub(held);
        self.make_ready(index);
    }

    /// The position lies outside the source's log: retention took records, or the log was truncated.
    fn on_out_of_range(&mut self, index: usize, offset: i64, data: &PartitionData) {
        let Some(slot) = self.slots[index].as_mut() else { return };
        let name = slot.assignment.name.clone();
        if data.log_start_offset > offset {
            if let Some((first_offset, last_offset)) = slot.lane.on_retention_gap(data.log_start_offset) {
                error!(
                    flow = %self.parts.flow, topic = %name.topic, partition = name.partition,
                    first_offset, last_offset, "retention took records before they were copied"
                );
                self.parts.status.record_loss(
                    &self.parts.flow,
                    LedgerEntry {
                        topic: name.topic,
                        partition: name.partition,
                        reason: "retention_gap".to_owned(),
                        first_offset,
                        last_offset,
                    },
                );
            }
            return;
        }
        if data.high_watermark >= 0 && data.high_watermark < offset {
            let missing = offset - data.high_watermark;
            error!(
                flow = %self.parts.flow, topic = %name.topic, partition = name.partition,
                position = offset, source_end = data.high_watermark, "source log is truncated, partition stops"
            );
            slot.lane.stop(PartitionState::Truncated { side: Side::Source, missing });
            return;
        }
        self.parts.refresh.notify_one();
    }

    fn make_ready(&mut self, index: usize) {
        let Some(slot) = self.slots[index].as_mut() else { return };
        if !slot.ready && slot.lane.has_outgoing() {
            slot.ready = true;
            self.targets.get(slot.assignment.target.leader).1.ready.push_back(index);
        }
    }

    fn on_produced(&mut self, id: i32, taken: Vec<usize>, result: Result<ProduceResponse, ConnectionError>) {
        let now_ms = self.now_ms();
        let (broker, side) = self.targets.get(id);
        side.in_flight = side.in_flight.saturating_sub(1);
        let outcomes = match &result {
            Ok(response) => Some(Outcomes::new(response)),
            Err(error) => {
                broker.on_failed(now_ms);
                let message = format!("target broker {id}: {error}");
                self.report(message);
                None
            }
        };
        for index in taken {
            let Some(slot) = self.slots[index].as_mut() else { continue };
            let outcome =
                outcomes.as_ref().map_or(BatchOutcome::Ambiguous, |outcomes| outcomes.of(&slot.assignment));
            let held = slot.lane.held_bytes();
            let progress = slot.lane.on_outcome(outcome, now_ms);
            self.held_bytes = (self.held_bytes + slot.lane.held_bytes()).saturating_sub(held);
            self.records_total += u64::try_from(progress.records).unwrap_or(0);
            self.bytes_total += progress.bytes as u64;
            if let BatchOutcome::Refused { code } = outcome {
                self.on_refused(index, code);
            }
            self.make_ready(index);
        }
    }

    fn on_refused(&mut self, index: usize, code: ErrorCode) {
        let Some(slot) = self.slots[index].as_ref() else { return };
        let name = &slot.assignment.name;
        let (topic, partition, detail) = (name.topic.clone(), name.partition, slot.lane.state().to_string());
        if slot.lane.state().is_stopped() {
            error!(flow = %self.parts.flow, %topic, partition, %code, detail, "target refuses, partition stops");
        } else {
            info!(flow = %self.parts.flow, %topic, partition, %code, "target refuses, its tail is read");
        }
        self.parts.refresh.notify_one();
    }

    fn on_tail(&mut self, index: usize, generation: u64, result: Result<Tail, TailError>) {
        let now_ms = self.now_ms();
        let Some(slot) = self.slots[index].as_mut() else { return };
        if slot.lane.generation() != generation {
            return;
        }
        let name = slot.assignment.name.clone();
        match result {
            Ok(tail) => {
                slot.lane.on_tail(tail);
                let position = slot.lane.position();
                debug!(
                    flow = %self.parts.flow, topic = %name.topic, partition = name.partition, ?tail, ?position,
                    state = slot.lane.state().name(), "target's tail is read"
                );
                if slot.lane.state().is_stopped() {
                    let detail = slot.lane.state().to_string();
                    error!(flow = %self.parts.flow, topic = %name.topic, partition = name.partition, detail, "partition stops");
                }
            }
            Err(error) => {
                let state = match &error {
                    TailError::Refused { code, .. } if *code == ErrorCode::TOPIC_AUTHORIZATION_FAILED => {
                        PartitionState::Unauthorized { code: *code }
                    }
                    _ => PartitionState::Unreachable { detail: error.to_string() },
                };
                slot.lane.on_tail_failed(now_ms, state);
                self.report(format!("tail of {}-{}: {error}", name.topic, name.partition));
            }
        }
    }

    /// Takes over a full list: new partitions begin, known ones follow their leaders, others end.
    fn on_assignments(&mut self, assignments: Vec<Assignment>) {
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
        self.sources.get(assignment.source.leader);
        self.targets.get(assignment.target.leader);
        let known = self.by_name.get(&assignment.name).copied();
        if let Some(index) = known
            && let Some(slot) = self.slots[index].as_mut()
            && slot.assignment.source.topic_id == assignment.source.topic_id
        {
            let moved = slot.assignment.target.leader != assignment.target.leader
                || slot.assignment.target.topic_id != assignment.target.topic_id;
            slot.assignment.source = assignment.source;
            slot.assignment.target = assignment.target;
            if moved {
                let now_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
                slot.lane.reset(now_ms);
            }
            return index;
        }
        if let Some(index) = known {
            self.remove(index);
        }
        let index = self.slots.len();
        let (name, source) = (assignment.name.clone(), assignment.source.clone());
        self.by_source.insert((String::new(), source.topic_id, name.partition), index);
        self.by_source.insert((source.topic, Uuid::ZERO, name.partition), index);
        self.by_name.insert(name, index);
        self.slots.push(Some(Slot::new(assignment, self.parts.settings)));
        index
    }

    fn remove(&mut self, index: usize) {
        let Some(slot) = self.slots[index].take() else { return };
        self.held_bytes = self.held_bytes.saturating_sub(slot.lane.held_bytes());
        self.by_name.remove(&slot.assignment.name);
        self.by_source.retain(|_, known| *known != index);
    }

    fn on_tick(&mut self, ticks: u64) {
        if ticks.is_multiple_of(STATUS_TICKS) {
            self.show_status();
        }
        let interval_ticks = (self.parts.position_interval.as_millis() / TICK.as_millis()).max(1);
        if u128::from(ticks).is_multiple_of(interval_ticks) {
            self.publish_positions();
        }
    }

    /// Hands changed positions to the writer, unless it is still busy with the last ones.
    fn publish_positions(&mut self) {
        let Ok(permit) = self.parts.positions.clone().try_reserve_owned() else { return };
        let changed = self.changed_positions();
        if !changed.is_empty() {
            permit.send(changed);
        }
    }

    async fn publish_positions_at_end(&mut self) {
        let changed = self.changed_positions();
        if !changed.is_empty() && self.parts.positions.send(changed).await.is_err() {
            warn!(flow = %self.parts.flow, "last positions are not written, the next start reads the target's tail");
        }
    }

    fn changed_positions(&mut self) -> Vec<(PartitionName, Position)> {
        let slots = self.slots.iter_mut().flatten();
        slots
            .filter_map(|slot| Some((slot.assignment.name.clone(), slot.lane.take_changed_position()?)))
            .collect()
    }

    fn show_status(&self) {
        let partitions: Vec<PartitionStatus> = self.slots.iter().flatten().map(Slot::status).collect();
        let lag_records = partitions.iter().map(|partition| partition.lag_records).sum();
        let state = flow_state(&partitions).to_owned();
        self.parts.status.update(&self.parts.flow, |flow| {
            flow.state = state;
            flow.records_total = self.records_total;
            flow.bytes_total = self.bytes_total;
            flow.lag_records = lag_records;
            flow.partition_count = partitions.len();
            flow.partitions = partitions;
            flow.last_error.clone_from(&self.last_error);
        });
    }
}

/// The state of the worst partition: the first that does not run, or `running`.
fn flow_state(partitions: &[PartitionStatus]) -> &str {
    let odd = partitions.iter().find(|partition| partition.state != "running");
    odd.map_or(if partitions.is_empty() { "waiting" } else { "running" }, |partition| &partition.state)
}
