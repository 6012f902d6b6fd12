//! The lane: one task on one thread that fetches, rewrites and produces, and owns every partition's machine.

// New, moved and ended partitions.
mod assigning;
// Opening connections, and what follows when that fails.
mod connecting;
// Fetches and their answers.
mod fetching;
// Positions for MirrorMaker 2.
mod hand_over;
// Answers about offsets.
mod translating;
// Where losses are written down.
mod ledger;
// Chunks of offset maps.
mod map_chunks;
// Records that are not copied, and whether the partition goes on.
mod losses;
// Offset syncs for MirrorMaker 2's tools.
mod offset_syncs;
// Produce requests and their answers.
mod producing;
// How fast a count grows.
mod rate;
// What the daemon shows, and positions on their way to the state topic.
mod reporting;
// Where the source ends, of what is not fetched now.
mod source_ends;
// Looking at the target before anything is sent.
mod tails;
// The steps of the flow's transaction.
mod transacting;
// The flow's transaction, for what sequences can't protect.
mod transaction;
// Partitions behind an open transaction of the source.
mod waiting;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use strait_client::{ClientError, Cluster, Connection, ConnectionError, PartitionOffsets};
use strait_replicator_core::lane::{FetchSession, Identities, Position, Settings};
use strait_replicator_core::shares::Part;
use strait_wire::ids::Uuid;
use strait_wire::message::fetch::FetchResponse;
use strait_wire::message::produce::ProduceResponse;
use tokio::sync::{Mutex, Notify, mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::assignment::{Assignment, PartitionName};
use super::brokers::Brokers;
use super::map_topic::{MapTopic, StoredChunks};
use super::owner::Lease;
use super::provenance::{Provenance, Verdicts};
use super::slot::Slot;
use super::translation::Question;
use crate::configuration::{Flow, Limits};
use crate::internal_topic::{InternalTopic, InternalTopicError};
use crate::last_failure::LastFailure;
use crate::state_topic::{StateError, StateTopic};
use crate::status::DaemonStatus;
pub(super) use fetching::unix_ms;
use hand_over::{HandOver, Handed};
use ledger::LossEvent;
use losses::SourceRange;
use map_chunks::{MapChunks, Stored};
use offset_syncs::OffsetSyncs;
pub(super) use reporting::stored;
pub(super) use transaction::{TransactionError, coordinator, initialize};

use reporting::Totals;
use tails::TailsRead;
use transaction::{Transaction, TransactionEvent};
use waiting::OpenTransaction;

/// Between looks at what waits for time only.
const TICK: Duration = Duration::from_millis(100);
/// For what is in flight when the flow stops.
const DRAIN: Duration = Duration::from_secs(10);

/// What a lane is made with.
pub(super) struct LaneParts {
    pub(super) flow: Flow,
    /// What of the flow it copies.
    pub(super) part: Part,
    pub(super) source: Cluster,
    pub(super) target: Cluster,
    pub(super) source_cluster_id: String,
    pub(super) target_cluster_id: String,
    pub(super) settings: Settings,
    pub(super) identities: Identities,
    /// Cluster ids of origins by number.
    pub(super) origins: Vec<String>,
    pub(super) provenance: Rc<Mutex<Provenance>>,
    pub(super) state: StateTopic,
    pub(super) generation: i64,
    pub(super) lease: watch::Receiver<Lease>,
    pub(super) limits: Limits,
    /// Age from which on records go in transactions.
    pub(super) old_after_ms: i64,
    pub(super) assignments: mpsc::Receiver<Vec<Assignment>>,
    pub(super) questions: mpsc::Receiver<Question>,
    pub(super) offset_syncs: Option<InternalTopic>,
    /// Where positions for MirrorMaker 2 are kept.
    pub(super) hand_over: Option<InternalTopic>,
    pub(super) map_topic: MapTopic,
    /// Chunks that were stored before the start, or are of partitions that are gone for now.
    pub(super) chunks: StoredChunks,
    /// Told when leaders or topics seem to have changed.
    pub(super) refresh: Arc<Notify>,
    pub(super) status: DaemonStatus,
}

/// Why a lane ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LaneEnd {
    /// It was told to.
    Stopped,
    /// Another instance owns the flow now.
    Fenced,
    /// Only the state topic can tell how far it got.
    MustReload,
}

#[derive(Default)]
struct SourceSide {
    session: FetchSession,
    outstanding: bool,
    /// When a fetch was answered last.
    answered_at_ms: u64,
}

#[derive(Default)]
struct TargetSide {
    in_flight: usize,
    ready: VecDeque<usize>,
    /// Slots whose tail shall be read.
    recovering: BTreeSet<usize>,
    is_reading_tails: bool,
}

/// A partition in a produce request.
#[derive(Clone, Copy, Debug)]
struct Taken {
    index: usize,
}

enum Event {
    SourceConnected(i32, Result<Connection, ClientError>),
    TargetConnected(i32, Result<Connection, ClientError>),
    Fetched(i32, Result<FetchResponse, ConnectionError>),
    Produced(i32, Vec<Taken>, Result<ProduceResponse, ConnectionError>),
    Tails(i32, TailsRead),
    Classified(usize, Result<super::provenance::Classified, StateError>),
    Transaction(TransactionEvent),
    Loss(LossEvent),
    PositionsWritten(Stored, Result<(), StateError>),
    LossWritten(Result<(), StateError>),
    OffsetSyncsWritten(Result<(), InternalTopicError>),
    HandedOver(Handed, Result<(), InternalTopicError>),
    SourceRange(SourceRange),
    SourceEnds(Result<PartitionOffsets, ClientError>),
    OpenTransactions(Vec<OpenTransaction>),
}

/// The task's state.
pub(super) struct LaneTask {
    parts: LaneParts,
    started: Instant,
    slots: Vec<Option<Slot>>,
    by_name: HashMap<PartitionName, usize>,
    by_topic_id: HashMap<(Uuid, i32), usize>,
    /// How far partitions were copied that are gone, or have no leader, for now.
    parked: HashMap<PartitionName, Position>,
    sources: Brokers<SourceSide>,
    targets: Brokers<TargetSide>,
    events: FuturesUnordered<LocalBoxFuture<'static, Event>>,
    verdicts: Verdicts,
    transaction: Transaction,
    held_bytes: usize,
    fetches_outstanding: usize,
    /// Bytes that the rate limit allows now; below zero it is waited.
    allowance: f64,
    totals: Totals,
    positions_in_write: bool,
    is_looking_for_ends: bool,
    offset_syncs: OffsetSyncs,
    hand_over: HandOver,
    map_chunks: MapChunks,
    /// As often state that was lost was written again, as far as this was heard of.
    restored: u64,
    ticks: u64,
    last_failure: LastFailure,
    end: Option<LaneEnd>,
    stopping: bool,
}

impl LaneTask {
    pub(super) fn new(parts: LaneParts) -> Self {
        Self {
            parts,
            started: Instant::now(),
            slots: Vec::new(),
            by_name: HashMap::new(),
            by_topic_id: HashMap::new(),
            parked: HashMap::new(),
            sources: Brokers::default(),
            targets: Brokers::default(),
            events: FuturesUnordered::new(),
            verdicts: Verdicts::default(),
            transaction: Transaction::default(),
            held_bytes: 0,
            fetches_outstanding: 0,
            allowance: 0.0,
            totals: Totals::default(),
            positions_in_write: false,
            is_looking_for_ends: false,
            offset_syncs: OffsetSyncs::default(),
            hand_over: HandOver::default(),
            map_chunks: MapChunks::default(),
            restored: 0,
            ticks: 0,
            last_failure: LastFailure::default(),
            end: None,
            stopping: false,
        }
    }

    /// Copies until the planner is gone, then drains what is in flight.
    pub(super) async fn run(mut self) -> LaneEnd {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut deadline = None;
        while self.end.is_none() {
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
                Some(question) = self.parts.questions.recv() => self.on_question(question),
                _ = tick.tick() => self.on_tick(),
            }
        }
        self.show_status();
        // Who may have been taken over meanwhile leaves positions alone.
        if self.end.is_none() && self.owns_flow() {
            self.publish_positions_at_end().await;
            self.hand_over_at_end().await;
        }
        self.end.unwrap_or(LaneEnd::Stopped)
    }

    /// Milliseconds of a clock that only goes forward.
    fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Nothing is in flight or in an open transaction.
    fn is_idle(&self) -> bool {
        let is_written = self.transaction.is_idle() && !self.is_handing_over();
        is_written && self.slots.iter().flatten().all(|slot| slot.lane.is_idle())
    }

    /// Whether this instance may write now.
    fn owns_flow(&mut self) -> bool {
        let lease = *self.parts.lease.borrow();
        if lease.is_fenced {
            self.end = Some(LaneEnd::Fenced);
        }
        !lease.is_fenced && lease.is_valid_at(Instant::now())
    }

    /// Starts everything that can start now.
    fn advance(&mut self) {
        self.connect();
        if self.owns_flow() {
            self.read_tails();
            self.advance_transaction();
            self.produce();
        }
        if !self.stopping {
            self.fetch();
        }
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::SourceConnected(id, result) => self.on_source_connected(id, result),
            Event::TargetConnected(id, result) => self.on_target_connected(id, result),
            Event::Fetched(id, result) => self.on_fetched(id, result),
            Event::Produced(id, taken, result) => self.on_produced(id, &taken, result),
            Event::Tails(id, read) => self.on_tails(id, read),
            Event::Classified(index, result) => self.on_classified(index, result),
            Event::Transaction(event) => self.on_transaction_event(event),
            Event::Loss(event) => self.on_loss_event(event),
            Event::SourceRange(range) => self.on_source_range(range),
            Event::SourceEnds(ends) => self.on_source_ends(ends),
            Event::LossWritten(Ok(())) => {}
            Event::LossWritten(Err(error)) => self.report(format!("ledger: {error}")),
            Event::PositionsWritten(stored, result) => self.on_positions_written(stored, result),
            Event::OffsetSyncsWritten(result) => self.on_offset_syncs_written(result),
            Event::HandedOver(handed, result) => self.on_handed_over(handed, result),
            Event::OpenTransactions(found) => self.on_open_transactions(found),
        }
    }

    /// Brings everything that is derived from a slot up to date with it.
    fn touch(&mut self, index: usize) {
        let Some(slot) = self.slots[index].as_mut() else { return };
        let (_, source) = self.sources.get(slot.assignment.source.leader);
        let wanted = slot.wanted();
        if source.session.wanted(index) != wanted {
            source.session.want(index, wanted);
        }
        let (_, target) = self.targets.get(slot.assignment.target.leader);
        if slot.lane.is_recovering() {
            target.recovering.insert(index);
        }
        match slot.lane.wants() {
            strait_replicator_core::lane::Wants::Nothing => {}
            strait_replicator_core::lane::Wants::Produce => {
                if !std::mem::replace(&mut slot.ready, true) {
                    target.ready.push_back(index);
                }
            }
            strait_replicator_core::lane::Wants::Transaction => {
                if !self.transaction.takes(index, slot.lane.generation()) {
                    self.transaction.want(index);
                } else if !std::mem::replace(&mut slot.ready, true) {
                    target.ready.push_back(index);
                }
            }
        }
    }

    /// Does something with a slot, keeps the count of held bytes, and touches it.
    fn with_slot<T>(&mut self, index: usize, act: impl FnOnce(&mut Slot) -> T) -> Option<T> {
        let slot = self.slots.get_mut(index)?.as_mut()?;
        let held = slot.lane.held_bytes();
        let result = act(slot);
        self.held_bytes = (self.held_bytes + slot.lane.held_bytes()).saturating_sub(held);
        self.touch(index);
        Some(result)
    }

    fn on_tick(&mut self) {
        self.ticks += 1;
        let ticks = self.ticks;
        self.refill_allowance();
        self.refresh_recovering();
        self.report_at(ticks);
        self.publish_offset_syncs(ticks);
        self.look_for_open_transactions(ticks);
        self.look_for_source_ends(ticks);
    }

    /// Machines that wait for time only are looked at again.
    fn refresh_recovering(&mut self) {
        for index in 0..self.slots.len() {
            if self.slots[index].as_ref().is_some_and(|slot| slot.lane.is_recovering()) {
                self.touch(index);
            }
        }
    }
}
