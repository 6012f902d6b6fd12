//! Consumer groups: the rules of `broker/core` over the topic `__consumer_offsets`, waiting answers, and a timer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use strait_broker_core::group::{Answer, Effects, GroupSettings, Groups, Outcome, Token};
use strait_broker_core::internal_record::GroupRecord;
use strait_broker_core::producer_state::Append;
use strait_wire::batch::{BatchBuilder, Compression, DecompressionLimit, Entry, Stamp, closed_batches, open};
use strait_wire::error_code::ErrorCode;
use tokio::sync::{Notify, oneshot};
use tracing::error;

use crate::environment::now_ms;
use crate::error::BrokerError;
use crate::partition::Partition;

/// Kafka's name of the topic.
pub(crate) const OFFSETS_TOPIC: &str = "__consumer_offsets";
const OPENED: DecompressionLimit = DecompressionLimit(64 << 20);
/// `offsets.retention.check.interval.ms`.
const EXPIRY_INTERVAL: Duration = Duration::from_secs(600);

/// All groups of the broker.
#[derive(Debug)]
pub(crate) struct GroupCoordinator {
    log: Arc<Partition>,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    groups: Groups,
    waiting: HashMap<Token, oneshot::Sender<Answer>>,
    next_token: u64,
}

impl GroupCoordinator {
    /// Replays the topic.
    pub(crate) fn open(log: Arc<Partition>) -> Result<Self, BrokerError> {
        let mut groups = Groups::new(GroupSettings::default());
        for record in replayed(&log)? {
            groups.replay(record, None);
        }
        let effects = groups.loaded(now_ms());
        let state = State { groups, waiting: HashMap::new(), next_token: 0 };
        let coordinator = Self { log, state: Mutex::new(state), changed: Notify::new() };
        coordinator.perform(&mut coordinator.lock(), effects);
        Ok(coordinator)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A look at the groups that changes nothing.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Groups) -> T) -> T {
        look(&self.lock().groups)
    }

    /// A request that is answered at once; with an error code when the records can't be written.
    pub(crate) fn act<T>(&self, act: impl FnOnce(&mut Groups) -> Outcome<T>) -> Result<T, ErrorCode> {
        let mut state = self.lock();
        let Outcome { response, effects } = act(&mut state.groups);
        match self.perform(&mut state, effects) {
            true => Ok(response),
            false => Err(ErrorCode::COORDINATOR_NOT_AVAILABLE),
        }
    }

    /// A request whose answer may wait; `None` when it never comes.
    pub(crate) async fn wait(&self, act: impl FnOnce(&mut Groups, Token) -> Effects) -> Option<Answer> {
        let (answer, answered) = oneshot::channel();
        {
            let mut state = self.lock();
            let token = Token(state.next_token);
            state.next_token += 1;
            state.waiting.insert(token, answer);
            let effects = act(&mut state.groups, token);
            self.perform(&mut state, effects);
        }
        answered.await.ok()
    }

    /// Writes the records, then sends the answers. False when the records can't be written.
    fn perform(&self, state: &mut State, effects: Effects) -> bool {
        let is_written = effects.records.is_empty() || self.write(&effects.records);
        for waiting in effects.answers {
            let Some(answer) = state.waiting.remove(&waiting.token) else { continue };
            // Without its records an answer would promise what a restart forgets.
            if is_written {
                // Who hung up needs no answer.
                let _ = answer.send(waiting.answer);
            }
        }
        self.changed.notify_one();
        is_written
    }

    fn write(&self, records: &[GroupRecord]) -> bool {
        let now = now_ms();
        let mut builder = BatchBuilder::new(Compression::None, now);
        for record in records {
            match record.encode() {
                Ok(encoded) => builder.push(now, Some(&encoded.key), encoded.value.as_ref(), &[]),
                Err(error) => {
                    error!(%error, "a record of a group can't be encoded");
                    return false;
                }
            }
        }
        let written = builder.finish(Stamp::NONE, 0).map_err(Into::into);
        let written = written.and_then(|batch| self.log.append(&batch, Append::COORDINATOR));
        written.inspect_err(|error| error!(%error, "records of groups can't be written")).is_ok()
    }

    /// Does what is due, for ever.
    pub(crate) async fn run(&self) {
        let mut expiry = tokio::time::interval(EXPIRY_INTERVAL);
        loop {
            let deadline = self.lock().groups.next_deadline();
            let wait = deadline.map_or(EXPIRY_INTERVAL, until);
            tokio::select! {
                () = self.changed.notified() => {}
                () = tokio::time::sleep(wait) => {
                    let mut state = self.lock();
                    let effects = state.groups.expire(now_ms());
                    self.perform(&mut state, effects);
                }
                _ = expiry.tick() => {
                    let mut state = self.lock();
                    let effects = state.groups.expire_offsets(now_ms());
                    self.perform(&mut state, effects);
                }
            }
        }
    }
}

fn until(deadline_ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(deadline_ms - now_ms()).unwrap_or(0))
}

fn replayed(log: &Partition) -> Result<Vec<GroupRecord>, BrokerError> {
    let mut read = Vec::new();
    log.lock().batches(|bytes| read.push(bytes))?;
    let wrong = |source| BrokerError::Batch { log: OFFSETS_TOPIC, source };
    let mut records = Vec::new();
    for entry in read.into_iter().flat_map(closed_batches) {
        let Entry::Closed(batch) = entry.map_err(wrong)? else { continue };
        if batch.header().attributes.is_control() {
            continue;
        }
        for record in open(&batch, OPENED).map_err(wrong)? {
            let Some(key) = record.key else { continue };
            let decoded = GroupRecord::decode(&key, record.value.as_ref());
            let offset = record.offset;
            records.extend(decoded.map_err(|source| BrokerError::Group {
                log: OFFSETS_TOPIC,
                offset,
                source,
            })?);
        }
    }
    Ok(records)
}
