//! One partition of `__consumer_offsets`: state, records and answers stay in one order because all happens under one
//! lock. Writes go to the page cache, so the lock is short.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use strait_broker_core::group::{Answer, Effects, GroupSettings, Groups, Outcome, Token};
use strait_broker_core::internal_record::GroupRecord;
use strait_broker_core::producer_state::Marker;
use strait_wire::batch::{ControlKind, Stamp};
use strait_wire::error_code::ErrorCode;
use tokio::sync::oneshot;

use super::clock_task::Alarm;
use super::cluster::ClusterView;
use super::load;
use crate::clock::now_ms;
use crate::internal_log::{self, InternalReadError, InternalWriteError};
use crate::partition::{AppendError, Partition};

/// The groups of one partition.
#[derive(Debug)]
pub(crate) struct Shard {
    partition: Arc<Partition>,
    settings: GroupSettings,
    cluster: Arc<ClusterView>,
    alarm: Arc<Alarm>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// None where the log could not be read after a failed write.
    groups: Option<Groups>,
    waiting: HashMap<Token, oneshot::Sender<Answer>>,
    tokens: u64,
}

impl Shard {
    pub(super) fn load(
        partition: Arc<Partition>,
        settings: GroupSettings,
        cluster: Arc<ClusterView>,
        alarm: Arc<Alarm>,
    ) -> Result<Self, InternalReadError> {
        let groups = load::groups(&partition, settings)?;
        let state = State { groups: Some(groups), waiting: HashMap::new(), tokens: 0 };
        let shard = Self { partition, settings, cluster, alarm, state: Mutex::new(state) };
        // Members that were there before have a session's time to be heard.
        let _ = shard.perform(Stamp::NONE, |groups, now_ms| {
            let effects = groups.loaded(&*shard.cluster, now_ms);
            Outcome { response: (), effects }
        });
        Ok(shard)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads something of the groups.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Groups) -> T) -> Result<T, ErrorCode> {
        self.state().groups.as_ref().map(look).ok_or(ErrorCode::NOT_COORDINATOR)
    }

    /// Changes groups: records are written before the result is given. `stamp` is that of the records.
    pub(crate) fn perform<T>(
        &self,
        stamp: Stamp,
        change: impl FnOnce(&mut Groups, i64) -> Outcome<T>,
    ) -> Result<T, ErrorCode> {
        let mut state = self.state();
        let groups = state.groups.as_mut().ok_or(ErrorCode::NOT_COORDINATOR)?;
        let Outcome { response, effects } = change(groups, now_ms());
        self.settle(&mut state, effects, stamp)?;
        Ok(response)
    }

    /// Asks for something that may be answered later.
    pub(crate) fn ask(
        &self,
        change: impl FnOnce(&mut Groups, Token, i64) -> Effects,
    ) -> Result<oneshot::Receiver<Answer>, ErrorCode> {
        let mut state = self.state();
        state.tokens += 1;
        let token = Token(state.tokens);
        let (sender, receiver) = oneshot::channel();
        let groups = state.groups.as_mut().ok_or(ErrorCode::NOT_COORDINATOR)?;
        let effects = change(groups, token, now_ms());
        state.waiting.insert(token, sender);
        self.settle(&mut state, effects, Stamp::NONE)?;
        Ok(receiver)
    }

    /// Does what is due. Gives the next deadline.
    pub(super) fn expire(&self, now_ms: i64) -> Option<i64> {
        let mut state = self.state();
        let groups = state.groups.as_mut()?;
        if groups.next_deadline().is_some_and(|deadline| deadline <= now_ms) {
            let effects = groups.expire(&*self.cluster, now_ms);
            // A failed write was told and the shard was read again.
            let _ = self.settle(&mut state, effects, Stamp::NONE);
        }
        state.groups.as_ref()?.next_deadline()
    }

    /// Records first, then answers.
    fn settle(&self, state: &mut State, effects: Effects, stamp: Stamp) -> Result<(), ErrorCode> {
        if let Err(error) = self.write(&effects.records, stamp) {
            let (partition, code) = (self.partition.index, ErrorCode::COORDINATOR_NOT_AVAILABLE);
            tracing::error!(partition, %error, "groups not written, reading them again");
            self.reload(state);
            return Err(code);
        }
        deliver(state, effects);
        if let Some(deadline) = state.groups.as_ref().and_then(Groups::next_deadline) {
            self.alarm.set(deadline);
        }
        Ok(())
    }

    fn write(&self, records: &[GroupRecord], stamp: Stamp) -> Result<(), InternalWriteError> {
        internal_log::write(&self.partition, records.iter().map(GroupRecord::encode), stamp)
    }

    /// Ends a transaction that committed offsets here: the marker is written, then the offsets count.
    pub(crate) fn write_marker(&self, marker: Marker) -> Result<(), AppendError> {
        let mut state = self.state();
        self.partition.append_marker(marker, now_ms())?;
        if let Some(groups) = &mut state.groups {
            groups.end_transaction(marker.producer_id, marker.kind == ControlKind::Commit);
        }
        Ok(())
    }

    /// State that was not written never survives.
    fn reload(&self, state: &mut State) {
        if let Some(groups) = state.groups.take() {
            deliver(state, groups.unload());
        }
        state.waiting.clear();
        state.groups = load::groups(&self.partition, self.settings)
            .inspect_err(|error| tracing::error!(%error, "groups can't be read"))
            .ok();
    }
}

fn deliver(state: &mut State, effects: Effects) {
    for answer in effects.answers {
        if let Some(waiting) = state.waiting.remove(&answer.token) {
            // Its client may have gone.
            let _ = waiting.send(answer.answer);
        }
    }
}
