//! The task of a producer: it sends batches that are ready, at most so many requests to a broker at a time, and takes
//! the answers. It waits for nothing but the next event.

use std::collections::BTreeMap;
use std::sync::Arc;

use strait_wire::message::produce::ProduceResponse;
use tokio::task::JoinSet;
use tokio::time::sleep_until;

use super::accumulator::{Admits, Moment, Numbering, Ready};
use super::batch::Batch;
use super::delivery::Waiter;
use super::error::ProducerError;
use super::shared::{Shared, State};
use crate::admin::ProducerIdentity;
use crate::cluster::Cluster;
use crate::connection::Connection;
use crate::error::{ClientError, ConnectionError};
use crate::leaders::TopicPartition;
use crate::metadata::Metadata;
use crate::transaction::TransactionCoordinator;

/// After nothing happened for this long the task looks around all the same.
const IDLE_MS: i64 = 60_000;

/// Something that the task waited for.
pub(super) enum Event {
    Connected(i32, Result<Connection, ClientError>),
    Answered(u64, Result<ProduceResponse, ConnectionError>),
    Refreshed(Result<Arc<Metadata>, ClientError>),
    Identified(Result<ProducerIdentity, ClientError>),
    Added(Vec<TopicPartition>, Result<(), ClientError>),
}

/// A broker.
#[derive(Default)]
pub(super) struct Node {
    pub(super) connection: Option<Connection>,
    pub(super) connecting: bool,
    /// Not before this, after a failure.
    pub(super) connect_from_ms: i64,
    pub(super) failures: i32,
    pub(super) in_flight: usize,
    pub(super) last_drained: Option<TopicPartition>,
    /// Since when something could have gone and did not.
    pub(super) blocked_since_ms: Option<i64>,
}

/// A request that is out.
pub(super) struct Request {
    pub(super) node: i32,
    pub(super) batches: Vec<(TopicPartition, Batch<Waiter>)>,
}

pub(super) struct Sender {
    pub(super) shared: Arc<Shared>,
    pub(super) cluster: Cluster,
    pub(super) coordinator: Option<Arc<TransactionCoordinator>>,
    pub(super) events: JoinSet<Event>,
    pub(super) nodes: BTreeMap<i32, Node>,
    pub(super) out: BTreeMap<u64, Request>,
    pub(super) next_request: u64,
    pub(super) metadata: Arc<Metadata>,
    pub(super) refreshing: bool,
    pub(super) refresh_from_ms: i64,
    pub(super) refreshed_ms: i64,
    pub(super) wants_refresh: bool,
    pub(super) last_refresh_error: Option<String>,
    pub(super) identifying: bool,
}

/// Runs until the producer is dropped.
pub(super) async fn run(
    shared: Arc<Shared>,
    cluster: Cluster,
    coordinator: Option<Arc<TransactionCoordinator>>,
) {
    let metadata = shared.metadata.borrow().clone();
    let mut sender = Sender {
        shared,
        cluster,
        coordinator,
        events: JoinSet::new(),
        nodes: BTreeMap::new(),
        out: BTreeMap::new(),
        next_request: 0,
        metadata,
        refreshing: false,
        refresh_from_ms: 0,
        refreshed_ms: 0,
        wants_refresh: false,
        last_refresh_error: None,
        identifying: false,
    };
    loop {
        let next_ms = sender.step();
        sender.wait(next_ms).await;
    }
}

impl Sender {
    async fn wait(&mut self, next_ms: i64) {
        let until = self.shared.at(next_ms);
        let shared = self.shared.clone();
        tokio::select! {
            Some(event) = self.events.join_next() => {
                if let Ok(event) = event {
                    self.on_event(event);
                }
            }
            () = shared.wake.notified() => {}
            () = sleep_until(until) => {}
        }
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::Connected(node, outcome) => self.on_connected(node, outcome),
            Event::Answered(request, outcome) => self.on_answered(request, outcome),
            Event::Refreshed(outcome) => self.on_refreshed(outcome),
            Event::Identified(outcome) => self.on_identified(outcome),
            Event::Added(partitions, outcome) => self.on_added(partitions, outcome),
        }
    }

    /// Does all that can be done now, and says when there may be more to do.
    fn step(&mut self) -> i64 {
        let now_ms = self.shared.now_ms();
        self.expire(now_ms);
        self.settle_sequences();
        self.identify();
        self.add_partitions();
        let ready = self.with_moment(now_ms, |state, moment| state.accumulator.ready(moment));
        self.wants_refresh |= !ready.without_leader.is_empty();
        self.update_load(now_ms);
        for node in &ready.leaders {
            self.send_to(*node, now_ms);
        }
        self.refresh(now_ms);
        self.next_look_ms(now_ms, &ready)
    }

    fn next_look_ms(&self, now_ms: i64, ready: &Ready) -> i64 {
        let expiry_ms = self.next_expiry_ms().unwrap_or(i64::MAX);
        let connect =
            self.nodes.values().map(|node| node.connect_from_ms).filter(|from_ms| *from_ms > now_ms);
        let connect_ms = connect.min().unwrap_or(i64::MAX);
        let refresh_ms = if self.wants_refresh { self.refresh_from_ms.max(now_ms + 1) } else { i64::MAX };
        let batch_ms = now_ms.saturating_add(ready.look_again_ms.max(1));
        let aged_ms = self.refreshed_ms.saturating_add(self.shared.config.metadata_max_age_ms.max(1));
        let idle_ms = now_ms + IDLE_MS;
        [expiry_ms, connect_ms, refresh_ms, batch_ms, aged_ms, idle_ms].into_iter().fold(i64::MAX, i64::min)
    }

    /// Looks at the batches as they may go in this moment.
    pub(super) fn with_moment<T>(&self, now_ms: i64, look: impl FnOnce(&mut State, &Moment<'_>) -> T) -> T {
        let metadata = self.metadata.clone();
        let leader = |topic: &str, partition: i32| {
            let known = metadata.topics.get(topic)?.partitions.get(&partition)?;
            (known.leader >= 0).then_some((known.leader, known.leader_epoch))
        };
        let mut guard = self.shared.state();
        let state = &mut *guard;
        let numbering = match (self.shared.idempotent, state.identity) {
            (false, _) => Numbering::None,
            (true, None) => Numbering::Awaited,
            (true, Some(identity)) => Numbering::As(identity),
        };
        let added = state.transaction.added.clone();
        let admitted = |topic: &str, partition: i32| added.contains(topic, partition);
        let moment = Moment {
            now_ms,
            hurry: self.shared.hurry(state),
            numbering,
            leader: &leader,
            admitted: self.shared.is_transactional().then_some(&admitted as &Admits<'_>),
        };
        look(state, &moment)
    }

    /// Fails what an error makes useless: all that waits, and in time what is out.
    pub(super) fn fail(&mut self, error: ProducerError) {
        let told = {
            let mut state = self.shared.state();
            if self.shared.is_transactional() {
                state.transaction.on_failure(Arc::new(error.clone()), true);
            }
            state.failure.get_or_insert(error).clone()
        };
        self.shared.fail_all(&told);
    }
}
