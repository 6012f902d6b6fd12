//! Reading what was written since the last look.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use strait_replicator_core::rewrite::AbortedTransactions;
use strait_replicator_core::state_record::{Key, State, StateRecordError, Value};
use strait_wire::batch::{ClosedBatch, DecompressionLimit, Entry, closed_batches, open};
use strait_wire::error_code::ErrorCode;
use strait_wire::ids::Uuid;
use strait_wire::message::fetch::{FetchPartition, FetchRequest, FetchTopic, PartitionData};
use strait_wire::message::list_offsets::{ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic};
use tokio::time::Instant;
use tracing::{error, warn};

use super::{Leader, STATE_PARTITION, StateError, StateTopic};
use crate::store::Progress;

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

/// What ListOffsets takes for a time to give the ends of the log.
const LATEST: i64 = -1;
const EARLIEST: i64 = -2;

/// Which records count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Isolation {
    /// All that are written outside of transactions; open ones are not waited for.
    OutsideTransactions,
    /// All but those of aborted transactions; open ones are waited for.
    Committed,
}

/// Records of others that are said one by one.
const SAID_RECORDS: u32 = 10;

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
    /// Records at the topic's beginning are gone, and nothing is known of them.
    pub(crate) has_gap: bool,
    /// Records at the topic's beginning are gone that a copy knows.
    pub(crate) is_bridged: bool,
    /// Where the topic begins, once it was read.
    log_start: Option<i64>,
    /// Values that are none of ours under keys of ours, and where they are. What was known before still counts.
    pub(crate) unreadable: BTreeMap<Key, (i64, StateRecordError)>,
    /// Records without a key of ours.
    foreign: u32,
}

impl StateView {
    pub(super) fn new(topic_id: Uuid) -> Self {
        Self { topic_id, leader_epoch: -1, ..Self::default() }
    }

    /// What a copy of the topic says.
    pub(super) fn copied(topic_id: Uuid, state: State, progress: Progress) -> Self {
        let Progress { next_offset, leader_epoch, has_gap } = progress;
        Self { state, topic_id, next_offset, leader_epoch, has_gap, is_unproven: true, ..Self::default() }
    }
}

impl StateTopic {
    /// Reads up to what is the end at the call; from the beginning where the topic lost what was read of it.
    pub(crate) async fn catch_up(
        &self,
        view: &mut StateView,
        isolation: Isolation,
    ) -> Result<(), StateError> {
        match self.follow(view, isolation).await {
            Err(StateError::Lost { .. }) => {
                *view = StateView::default();
                self.follow(view, isolation).await
            }
            caught_up => caught_up,
        }
    }

    /// Reads up to what is the end at the call. Where the topic lost what was read of it, that is an error and the view stays.
    pub(crate) async fn follow(&self, view: &mut StateView, isolation: Isolation) -> Result<(), StateError> {
        let caught_up = self.try_catch_up(view, isolation).await;
        if caught_up.is_err() {
            self.find_leader().await?;
        }
        caught_up
    }

    async fn try_catch_up(&self, view: &mut StateView, isolation: Isolation) -> Result<(), StateError> {
        let leader = self.leader().await?;
        if view.next_offset == 0 {
            *view = self.first_view(leader.topic_id);
        } else if view.topic_id != leader.topic_id {
            return Err(self.lost("it was made again".to_owned()));
        }
        let end = bound(self.name(), &leader, LATEST).await?;
        let started = Instant::now();
        while view.next_offset < end || view.is_unproven {
            let before = view.next_offset;
            let data = match fetch(self.name(), &leader, view, isolation).await {
                Err(StateError::Refused { code: ErrorCode::OFFSET_OUT_OF_RANGE }) => {
                    self.begin_behind(&leader, view).await?;
                    continue;
                }
                fetched => fetched?,
            };
            if data.diverging_epoch.epoch >= 0 {
                self.forget_copy(view.topic_id);
                *view = StateView::new(view.topic_id);
                continue;
            }
            if view.log_start.is_some_and(|known| data.log_start_offset > known) {
                return Err(self.lost(format!("records before offset {} are gone", data.log_start_offset)));
            }
            if view.is_unproven && data.log_start_offset > 0 {
                self.leave_gap(view, data.log_start_offset);
            }
            view.log_start = Some(data.log_start_offset);
            view.is_unproven = false;
            take_in(self.name(), view, &data, isolation)?;
            if view.next_offset == before && started.elapsed() > BLOCKED_LIMIT {
                return Err(StateError::Blocked { waited: BLOCKED_LIMIT });
            }
        }
        Ok(())
    }

    /// What is to be read next is not there: goes on where the topic begins now.
    async fn begin_behind(&self, leader: &Leader, view: &mut StateView) -> Result<(), StateError> {
        let begin = bound(self.name(), leader, EARLIEST).await?;
        let from = view.next_offset;
        if from > 0 && !view.is_unproven {
            return Err(self.lost(format!("it begins at offset {begin}, {from} is to be read next")));
        }
        if from > begin {
            self.forget_copy(view.topic_id);
            *view = StateView::new(view.topic_id);
            return Ok(());
        }
        self.leave_gap(view, begin);
        (view.next_offset, view.leader_epoch, view.is_unproven) = (begin, -1, false);
        Ok(())
    }

    /// What is before an offset was deleted; a copy may know it.
    fn leave_gap(&self, view: &mut StateView, offset: i64) {
        let (topic, partition, is_copied) = (self.name(), STATE_PARTITION, view.is_unproven);
        warn!(
            topic,
            partition, offset, is_copied, "records of the state topic before this offset were deleted"
        );
        view.is_bridged |= is_copied;
        view.has_gap |= !is_copied;
    }

    fn lost(&self, reason: String) -> StateError {
        StateError::Lost { topic: self.name(), reason }
    }
}

/// An offset of the topic, as the leader says at once: a topic that is gone must not be waited for.
async fn bound(name: &str, leader: &Leader, timestamp: i64) -> Result<i64, StateError> {
    let partition =
        ListOffsetsPartition { partition_index: STATE_PARTITION, current_leader_epoch: -1, timestamp };
    let topic = ListOffsetsTopic { name: name.to_owned(), partitions: vec![partition] };
    let request = ListOffsetsRequest { replica_id: -1, topics: vec![topic], ..ListOffsetsRequest::default() };
    let response = leader.connection.call(&request).await?;
    let answer = response.topics.into_iter().flat_map(|topic| topic.partitions).next();
    let answer = answer.ok_or(StateError::Missing)?;
    let code = ErrorCode(answer.error_code);
    if code.is_ok() { Ok(answer.offset) } else { Err(StateError::Refused { code }) }
}

async fn fetch(
    name: &str,
    leader: &Leader,
    view: &StateView,
    isolation: Isolation,
) -> Result<PartitionData, StateError> {
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
        name.clone_into(&mut topic.topic);
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

fn take_in(
    topic: &'static str,
    view: &mut StateView,
    data: &PartitionData,
    isolation: Isolation,
) -> Result<(), StateError> {
    let bytes = data.records.as_ref().map_or_else(Bytes::new, |records| records.clone().into_bytes());
    let listed = data.aborted_transactions.iter().flatten();
    let mut aborted =
        AbortedTransactions::new(listed.map(|aborted| (aborted.producer_id, aborted.first_offset)));
    for entry in closed_batches(bytes) {
        let offset = view.next_offset;
        let Entry::Closed(batch) = entry.map_err(|source| StateError::Batch { topic, offset, source })?
        else {
            continue;
        };
        batch.verify_crc().map_err(|source| StateError::Batch { topic, offset, source: source.into() })?;
        let is_aborted =
            aborted.covers(&batch).map_err(|source| StateError::Unreadable { topic, offset, source })?;
        let attributes = batch.header().attributes;
        let is_left_out = attributes.is_transactional() && isolation == Isolation::OutsideTransactions;
        if !attributes.is_control() && !is_aborted && !is_left_out {
            apply(topic, view, &batch, offset)?;
        }
        view.next_offset = offset.max(batch.header().next_offset());
        view.leader_epoch = batch.header().partition_leader_epoch;
    }
    Ok(())
}

/// Records before `from` came with a batch of which the rest is new.
fn apply(
    topic: &'static str,
    view: &mut StateView,
    batch: &ClosedBatch,
    from: i64,
) -> Result<(), StateError> {
    let opened =
        open(batch, OPEN_LIMIT).map_err(|source| StateError::Batch { topic, offset: from, source })?;
    for record in opened.into_iter().filter(|record| record.offset >= from) {
        let offset = record.offset;
        let wrong = |source| StateError::Record { topic, offset, source };
        let key = match record.key.map(Key::decode) {
            Some(Ok(key)) => key,
            Some(Err(error)) if error.is_of_newer_strait() => return Err(wrong(error)),
            Some(Err(_)) | None => {
                view.leave_out(topic, offset);
                continue;
            }
        };
        match record.value.map(Value::decode).transpose() {
            Ok(value) => {
                view.unreadable.remove(&key);
                view.state.apply(key, value);
            }
            Err(error) if error.is_of_newer_strait() => return Err(wrong(error)),
            Err(error) => {
                let partition = STATE_PARTITION;
                error!(topic, partition, offset, ?key, %error, "a record of the state topic can't be read, the one before it counts");
                view.unreadable.insert(key, (offset, error));
            }
        }
    }
    Ok(())
}

impl StateView {
    /// A record of another writer.
    fn leave_out(&mut self, topic: &str, offset: i64) {
        if self.foreign < SAID_RECORDS {
            let partition = STATE_PARTITION;
            warn!(topic, partition, offset, "a record's key is not ours, it is left out");
        }
        self.foreign = self.foreign.saturating_add(1);
        if self.foreign == SAID_RECORDS {
            warn!(topic, "more records that are not ours are left out and not named");
        }
    }
}
