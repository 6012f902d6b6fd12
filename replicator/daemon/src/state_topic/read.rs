//! Reading what was written since the last look.

use std::time::Duration;

use bytes::Bytes;
use strait_client::{IsolationLevel, ListOffsetsAt};
use strait_replicator_core::rewrite::AbortedTransactions;
use strait_replicator_core::state_record::{Key, State, Value};
use strait_wire::batch::{ClosedBatch, DecompressionLimit, Entry, closed_batches, open};
use strait_wire::error_code::ErrorCode;
use strait_wire::ids::Uuid;
use strait_wire::message::fetch::{FetchPartition, FetchRequest, FetchTopic, PartitionData};
use tokio::time::Instant;
use tracing::warn;

use super::{Leader, STATE_PARTITION, STATE_TOPIC, StateError, StateTopic};

const FETCH_BYTES: i32 = 4 << 20;
/// How long a fetch waits for a transaction to end.
const FETCH_WAIT_MS: i32 = 200;
/// What one opened batch may need.
const OPEN_LIMIT: DecompressionLimit = DecompressionLimit(64 << 20);
/// How long an open transaction is waited for.
const BLOCKED_LIMIT: Duration = Duration::from_secs(60);
/// From this version on a fetch says which epoch it read last, and is told where that ended (KIP-595).
const LAST_EPOCH_VERSION: i16 = 12;
/// From this version on topics travel by id.
const TOPIC_ID_VERSION: i16 = 13;

/// Which records count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Isolation {
    /// All that are written outside of transactions; open ones are not waited for.
    OutsideTransactions,
    /// All but those of aborted transactions; open ones are waited for.
    Committed,
}

/// What one reader knows of the topic.
#[derive(Default)]
pub(crate) struct StateView {
    pub(crate) state: State,
    pub(super) topic_id: Uuid,
    pub(super) next_offset: i64,
    /// Of the batch before `next_offset`; -1 when there is none.
    pub(super) leader_epoch: i32,
    /// It comes from a copy: the topic must be asked whether it still continues what was copied.
    pub(super) is_unproven: bool,
}

impl StateView {
    pub(super) fn new(topic_id: Uuid) -> Self {
        Self { topic_id, leader_epoch: -1, ..Self::default() }
    }
}

impl StateTopic {
    /// Reads up to what is the end at the call.
    pub(crate) async fn catch_up(
        &self,
        view: &mut StateView,
        isolation: Isolation,
    ) -> Result<(), StateError> {
        let caught_up = self.try_catch_up(view, isolation).await;
        if caught_up.is_err() {
            self.find_leader().await?;
        }
        caught_up
    }

    async fn try_catch_up(&self, view: &mut StateView, isolation: Isolation) -> Result<(), StateError> {
        let leader = self.leader().await?;
        if view.topic_id != leader.topic_id || view.next_offset == 0 {
            *view = self.first_view(leader.topic_id);
        }
        let end = self.end().await?;
        let started = Instant::now();
        while view.next_offset < end || view.is_unproven {
            let before = view.next_offset;
            let data = match fetch(&leader, view, isolation).await {
                Err(StateError::Refused { code: ErrorCode::OFFSET_OUT_OF_RANGE }) if view.is_unproven => None,
                fetched => Some(fetched?).filter(|data| data.diverging_epoch.epoch < 0),
            };
            let Some(data) = data else {
                self.forget_copy(view.topic_id);
                *view = StateView::new(view.topic_id);
                continue;
            };
            view.is_unproven = false;
            take_in(view, &data, isolation)?;
            if view.next_offset == before && started.elapsed() > BLOCKED_LIMIT {
                return Err(StateError::Blocked { waited: BLOCKED_LIMIT });
            }
        }
        Ok(())
    }

    async fn end(&self) -> Result<i64, StateError> {
        let partition = [(STATE_TOPIC.to_owned(), STATE_PARTITION)];
        let offsets = self
            .cluster
            .list_offsets(&partition, ListOffsetsAt::Latest, IsolationLevel::ReadUncommitted)
            .await?;
        match offsets.into_iter().next() {
            Some((_, Ok(at))) => Ok(at.offset),
            Some((_, Err(error))) => Err(StateError::Refused { code: error.code }),
            None => Err(StateError::Missing),
        }
    }
}

async fn fetch(leader: &Leader, view: &StateView, isolation: Isolation) -> Result<PartitionData, StateError> {
    let highest = leader.connection.version_of::<FetchRequest>()?;
    let by_id = highest >= TOPIC_ID_VERSION && leader.topic_id != Uuid::ZERO;
    let version = if by_id { highest } else { highest.min(TOPIC_ID_VERSION - 1) };
    let partition = FetchPartition {
        partition: STATE_PARTITION,
        fetch_offset: view.next_offset,
        last_fetched_epoch: if version < LAST_EPOCH_VERSION { -1 } else { view.leader_epoch },
        partition_max_bytes: FETCH_BYTES,
        ..FetchPartition::default()
    };
    let mut topic = FetchTopic { partitions: vec![partition], ..FetchTopic::default() };
    if by_id {
        topic.topic_id = leader.topic_id;
    } else {
        STATE_TOPIC.clone_into(&mut topic.topic);
    }
    let request = FetchRequest {
        max_wait_ms: if view.is_unproven { 0 } else { FETCH_WAIT_MS },
        min_bytes: 1,
        max_bytes: FETCH_BYTES,
        isolation_level: i8::from(isolation == Isolation::Committed),
        session_epoch: -1,
        topics: vec![topic],
        ..FetchRequest::default()
    };
    let response = leader.connection.call_at(&request, version).await?;
    let partition = response.responses.into_iter().flat_map(|topic| topic.partitions).next();
    let partition = partition.ok_or(StateError::Missing)?;
    let code = ErrorCode(partition.error_code);
    if code.is_ok() { Ok(partition) } else { Err(StateError::Refused { code }) }
}

fn take_in(view: &mut StateView, data: &PartitionData, isolation: Isolation) -> Result<(), StateError> {
    let bytes = data.records.as_ref().map_or_else(Bytes::new, |records| records.clone().into_bytes());
    let listed = data.aborted_transactions.iter().flatten();
    let mut aborted =
        AbortedTransactions::new(listed.map(|aborted| (aborted.producer_id, aborted.first_offset)));
    for entry in closed_batches(bytes) {
        let offset = view.next_offset;
        let Entry::Closed(batch) = entry.map_err(|source| StateError::Batch { offset, source })? else {
            continue;
        };
        batch.verify_crc().map_err(|source| StateError::Batch { offset, source: source.into() })?;
        let is_aborted =
            aborted.covers(&batch).map_err(|source| StateError::Unreadable { offset, source })?;
        let attributes = batch.header().attributes;
        let is_left_out = attributes.is_transactional() && isolation == Isolation::OutsideTransactions;
        if !attributes.is_control() && !is_aborted && !is_left_out {
            apply(&mut view.state, &batch, offset)?;
        }
        view.next_offset = offset.max(batch.header().next_offset());
        view.leader_epoch = batch.header().partition_leader_epoch;
    }
    Ok(())
}

/// Records before `from` came with a batch of which the rest is new.
fn apply(state: &mut State, batch: &ClosedBatch, from: i64) -> Result<(), StateError> {
    let opened = open(batch, OPEN_LIMIT).map_err(|source| StateError::Batch { offset: from, source })?;
    for record in opened.into_iter().filter(|record| record.offset >= from) {
        let offset = record.offset;
        let Some(key) = record.key else {
            warn!(topic = STATE_TOPIC, offset, "a record without a key is not ours and is left out");
            continue;
        };
        let wrong = |source| StateError::Record { offset, source };
        let key = Key::decode(key).map_err(wrong)?;
        let value = record.value.map(Value::decode).transpose().map_err(wrong)?;
        state.apply(key, value);
    }
    Ok(())
}
