//! Who we are in the group, and the signs of life that keep us there.

use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;

use strait_wire::codec::Message;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::heartbeat::{HeartbeatRequest, HeartbeatResponse};
use strait_wire::message::leave_group::{LeaveGroupRequest, LeaveGroupResponse, MemberIdentity};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::admin::result;
use crate::cluster::Cluster;
use crate::connection::Connection;
use crate::consumer::config::ConsumerConfig;
use crate::consumer::error::ConsumerError;
use crate::consumer::record::ConsumerGroupMetadata;
use crate::coordinator::{Coordinator, CoordinatorKey};
use crate::error::{BrokerError, ClientError};
use crate::shared::lock;

/// From this version on members leave by a list, and may be static.
const MEMBERS_VERSION: i16 = 3;

/// What the group knows us as.
#[derive(Debug)]
pub(crate) struct MemberState {
    /// -1 outside of a generation.
    pub(crate) generation: i32,
    pub(crate) member_id: String,
    pub(crate) joined: bool,
    /// Why we shall join again.
    pub(crate) rejoin: Option<String>,
    /// Our partitions may be somebody else's already.
    pub(crate) lost: bool,
    /// What nothing but a new consumer helps against.
    pub(crate) fatal: Option<ConsumerError>,
    pub(crate) last_poll: Instant,
    last_beat: Instant,
}

impl MemberState {
    /// We are a member no more.
    pub(crate) fn reset(&mut self, forget_id: bool) {
        self.lost |= self.generation >= 0;
        (self.generation, self.joined) = (-1, false);
        if forget_id {
            self.member_id.clear();
        }
    }

    /// The same, and the next `poll` joins again.
    pub(crate) fn expel(&mut self, reason: &str, forget_id: bool) {
        self.reset(forget_id);
        self.rejoin.get_or_insert_with(|| reason.to_owned());
    }
}

/// A group that we take part in.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) instance_id: Option<String>,
    pub(crate) config: ConsumerConfig,
    pub(crate) cluster: Cluster,
    pub(crate) coordinator: Coordinator,
    /// For requests that wait for the other members: they would hold up all others.
    pub(crate) waiting: tokio::sync::Mutex<Option<(i32, Connection)>>,
    state: Mutex<MemberState>,
    /// The state changed in a way that concerns `poll`.
    pub(crate) changed: Notify,
}

impl Group {
    pub(crate) fn new(cluster: Cluster, config: &ConsumerConfig, id: &str) -> Arc<Self> {
        let now = Instant::now();
        let state = MemberState {
            generation: -1,
            member_id: String::new(),
            joined: false,
            rejoin: Some("it is new".to_owned()),
            lost: false,
            fatal: None,
            last_poll: now,
            last_beat: now,
        };
        Arc::new(Self {
            id: id.to_owned(),
            instance_id: config.group_instance_id.clone(),
            config: config.clone(),
            coordinator: Coordinator::new(cluster.clone(), CoordinatorKey::Group(id.to_owned())),
            cluster,
            waiting: tokio::sync::Mutex::default(),
            state: Mutex::new(state),
            changed: Notify::new(),
        })
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, MemberState> {
        lock(&self.state)
    }

    pub(crate) fn metadata(&self) -> ConsumerGroupMetadata {
        let state = self.state();
        ConsumerGroupMetadata {
            group_id: self.id.clone(),
            generation_id: state.generation,
            member_id: state.member_id.clone(),
            group_instance_id: self.instance_id.clone(),
        }
    }

    /// Joins again with the next `poll`.
    pub(crate) fn ask_to_rejoin(&self, reason: &str) {
        self.state().rejoin.get_or_insert_with(|| reason.to_owned());
        self.changed.notify_one();
    }

    pub(crate) fn refused(&self, error: BrokerError) -> ConsumerError {
        ConsumerError::Group { group: self.id.clone(), error }
    }

    /// A sign of life, or the end of it where `poll` is overdue.
    async fn beat(&self) {
        let (member, overdue) = {
            let state = self.state();
            if !state.joined {
                return;
            }
            let patience = Duration::from_millis(self.config.max_poll_interval_ms.unsigned_abs().into());
            (state.generation, state.last_poll.elapsed() > patience)
        };
        if overdue {
            tracing::warn!(group = self.id, "poll is overdue, leaving the group until the next one");
            self.leave("consumer poll timeout has expired.").await;
            return;
        }
        let ConsumerGroupMetadata { group_id, generation_id, member_id, group_instance_id } = self.metadata();
        let request = HeartbeatRequest { group_id, generation_id, member_id, group_instance_id };
        let code = |response: &HeartbeatResponse| result(response.error_code, None);
        let answer = self.coordinator.ask_checked(&request, HeartbeatRequest::MAX_VERSION, &code).await;
        let mut state = self.state();
        if state.generation == member && state.joined {
            self.on_beat(&mut state, answer.err());
        }
    }

    fn on_beat(&self, state: &mut MemberState, error: Option<ClientError>) {
        let Some(error) = error else {
            state.last_beat = Instant::now();
            return;
        };
        let code = match &error {
            ClientError::Broker { error, .. } => error.code,
            _ => ErrorCode::NETWORK_EXCEPTION,
        };
        match code {
            ErrorCode::REBALANCE_IN_PROGRESS => {
                state.last_beat = Instant::now();
                state.rejoin.get_or_insert_with(|| "group is already rebalancing".to_owned());
            }
            ErrorCode::ILLEGAL_GENERATION => state.expel("encountered ILLEGAL_GENERATION", false),
            ErrorCode::UNKNOWN_MEMBER_ID => state.expel("encountered UNKNOWN_MEMBER_ID", true),
            ErrorCode::FENCED_INSTANCE_ID | ErrorCode::GROUP_AUTHORIZATION_FAILED => {
                state.fatal = Some(self.refused(BrokerError { code, message: None }));
            }
            _ => tracing::debug!(group = self.id, %error, "no answer to a sign of life"),
        }
        self.changed.notify_one();
    }

    /// Leaves for good or for now. Static members stay, as the group expects them back.
    pub(crate) async fn leave(&self, reason: &str) {
        let member_id = {
            let mut state = self.state();
            let member_id = std::mem::take(&mut state.member_id);
            state.expel(reason, true);
            member_id
        };
        if member_id.is_empty() || self.instance_id.is_some() {
            return;
        }
        if let Err(error) = self.ask_to_leave(member_id, reason).await {
            tracing::debug!(group = self.id, %error, "leaving the group");
        }
    }

    async fn ask_to_leave(&self, member_id: String, reason: &str) -> Result<(), ClientError> {
        let node = self.coordinator.node().await?;
        let version = self.cluster.connection_to(node).await?.version_of::<LeaveGroupRequest>();
        let version = version.map_err(crate::error::ConnectionError::from)?;
        let identity = MemberIdentity {
            member_id: member_id.clone(),
            group_instance_id: None,
            reason: Some(reason.to_owned()),
        };
        let (member_id, members) = match version {
            MEMBERS_VERSION.. => (String::new(), vec![identity]),
            _ => (member_id, Vec::new()),
        };
        let request = LeaveGroupRequest { group_id: self.id.clone(), member_id, members };
        let code = |response: &LeaveGroupResponse| result(response.error_code, None);
        self.coordinator.ask_checked(&request, version, &code).await.map(drop)
    }
}

/// Gives signs of life until the group is dropped.
pub(crate) async fn keep_alive(group: Weak<Group>, interval: Duration) {
    loop {
        tokio::time::sleep(interval).await;
        let Some(group) = group.upgrade() else { return };
        group.beat().await;
        let silent = group.state().last_beat.elapsed();
        if silent
            > Duration::from_millis(group.config.session_timeout_ms.value().max(0).unsigned_abs().into())
        {
            // It may have moved without a word.
            group.coordinator.forget().await;
        }
    }
}

impl Group {
    pub(crate) fn interval(&self) -> Duration {
        // Zero would never rest.
        Duration::from_millis(self.config.heartbeat_interval_ms.value().max(1).unsigned_abs().into())
    }

    /// A new generation begins with a sign of life.
    pub(crate) fn on_joined(&self, generation: i32, member_id: String) {
        let mut state = self.state();
        (state.generation, state.member_id, state.joined) = (generation, member_id, true);
        (state.lost, state.last_beat) = (false, Instant::now());
    }
}
