//! One worker of several that share flows: a group of the classic protocol at the target says which worker runs which
//! shares. Whether a share may write is decided by its owner's record in the state topic alone (`flow/owner.rs`), so
//! that a round of the group that a worker did not hear of does no harm.

// Signs of life of all, and what was asked of this worker.
mod observing;
// The shares that run here.
mod shares;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use strait_client::{ClientError, Cluster, ErrorCode, Membership, MembershipConfig};
use strait_replicator_core::shares::{Member, Part, assign, decode_parts, encode_parts};
use strait_replicator_core::state_record::StateRecordError;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tracing::{debug, error, info, warn};

use crate::configuration;
use crate::flow::{Ended, FlowParts, Witness};
use crate::last_failure::LastFailure;
use crate::state_topic::StateError;
use crate::status::{DaemonStatus, WorkerStatus};
use crate::store::Store;
use shares::Shares;

/// Kafka's shortest by default (`group.min.session.timeout.ms`).
const SESSION_TIMEOUT: Duration = Duration::from_secs(6);
/// Members answer a round at their next sign of life: shares go on meanwhile.
const REBALANCE_TIMEOUT: Duration = Duration::from_secs(6);
/// Between looks at shares that ended or are to start.
const TICK: Duration = Duration::from_millis(250);
/// Ticks between signs of life.
const BEAT_TICKS: u64 = 4;
const BACKOFF: Duration = Duration::from_millis(500);
const LEAVE_LIMIT: Duration = Duration::from_secs(3);

/// Tells groups of workers from those of consumers.
pub(crate) const PROTOCOL_TYPE: &str = "strait";
const PROTOCOL: &str = "sticky";

/// What a worker runs on.
pub(crate) struct WorkerParts {
    pub(crate) group: String,
    pub(crate) instance: String,
    /// Of its HTTP server.
    pub(crate) address: String,
    /// The target's alias.
    pub(crate) alias: String,
    pub(crate) target: configuration::Cluster,
    /// All parts of its flows to this target.
    pub(crate) parts: BTreeMap<Part, FlowParts>,
    pub(crate) replication_factor: i16,
    pub(crate) witness: Witness,
    pub(crate) status: DaemonStatus,
    pub(crate) store: Option<Store>,
}

/// Why a round of the group failed, or membership ended.
#[derive(Debug, thiserror::Error)]
enum GroupError {
    #[error("target: {0}")]
    Client(#[from] ClientError),
    #[error("target: {0}")]
    State(#[from] StateError),
    #[error("the assignment can't be read: {0}")]
    Assignment(#[from] StateRecordError),
}

impl GroupError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Client(ClientError::Broker { error, .. }) => error.code,
            Self::Client(_) | Self::State(_) | Self::Assignment(_) => ErrorCode::NONE,
        }
    }
}

/// Takes part until `shutdown` says true, or another worker has the same identity.
pub(crate) async fn run(parts: WorkerParts, mut shutdown: watch::Receiver<bool>) -> Ended {
    let (asked, is_draining) = watch::channel(false);
    parts.status.add_worker(&parts.alias, WorkerStatus::new(&parts.group));
    let mut worker = Worker {
        shares: Shares::new(parts.parts.clone(), parts.status.clone()),
        membership: None,
        is_draining,
        has_told_draining: false,
        generation: -1,
        last_failure: LastFailure::default(),
        parts: &parts,
    };
    let is_fenced = tokio::select! {
        () = worker.take_part() => true,
        () = observing::observe(&parts, asked) => false,
        // An error means that the sender is gone: stop too.
        _ = shutdown.wait_for(|stop| *stop) => false,
    };
    worker.leave(is_fenced).await;
    if is_fenced { Ended::Fenced } else { Ended::Stopped }
}

struct Worker<'a> {
    parts: &'a WorkerParts,
    shares: Shares,
    membership: Option<Membership>,
    /// The worker was asked to give up its shares.
    is_draining: watch::Receiver<bool>,
    /// Whether the group knows that.
    has_told_draining: bool,
    /// The group's, of which the shares are; -1 outside.
    generation: i32,
    last_failure: LastFailure,
}

impl Worker<'_> {
    /// Joins, stays, and joins again, until another worker has the same identity.
    async fn take_part(&mut self) {
        let mut reason = "it is new";
        loop {
            let ended = match self.round(reason).await {
                Ok(()) => self.stay().await,
                Err(error) => Err(error),
            };
            reason = match ended {
                Ok(reason) => reason,
                Err(error) => match error.code() {
                    ErrorCode::REBALANCE_IN_PROGRESS => "the group rebalances",
                    ErrorCode::FENCED_INSTANCE_ID => {
                        let (group, instance) = (&self.parts.group, &self.parts.instance);
                        error!(%group, %instance, "fenced: another worker with this identity joined the group, this one has stopped");
                        return;
                    }
                    ErrorCode::UNKNOWN_MEMBER_ID | ErrorCode::ILLEGAL_GENERATION => {
                        self.drop_shares(&error);
                        "it was fenced"
                    }
                    _ => {
                        self.say(&error);
                        tokio::time::sleep(BACKOFF).await;
                        "it lost the coordinator"
                    }
                },
            };
        }
    }

    /// The group went on without this worker: others may have its shares.
    fn drop_shares(&mut self, error: &GroupError) {
        let (group, instance) = (&self.parts.group, &self.parts.instance);
        if self.generation >= 0 {
            let shares = self.shares.wanted().len();
            warn!(%group, %instance, shares, %error, "fenced: the group went on without this worker, its shares are dropped");
        }
        self.generation = -1;
        self.shares.want(BTreeSet::new());
        if let Some(membership) = &mut self.membership {
            membership.forget();
        }
    }

    fn say(&mut self, error: &GroupError) {
        if let Some(error) = self.last_failure.news(error) {
            warn!(group = %self.parts.group, error, "the group of workers can't be reached, retrying");
        }
    }

    /// One round: everybody says what it has, the leader assigns, each gets its shares.
    async fn round(&mut self, reason: &str) -> Result<(), GroupError> {
        self.has_told_draining = *self.is_draining.borrow();
        let metadata = self.describe().encode();
        let membership = match &mut self.membership {
            Some(membership) => membership,
            None => {
                let cluster = Cluster::connect(self.parts.target.client_config()).await?;
                self.membership.insert(Membership::new(cluster, self.parts.membership()))
            }
        };
        let round = membership.join(metadata, reason).await?;
        let assignments = round.to_assign.map(assignments).unwrap_or_default();
        let assigned = decode_parts(membership.sync(assignments).await?)?;
        let (group, instance, shares) = (&self.parts.group, &self.parts.instance, assigned.len());
        info!(%group, %instance, generation = round.generation, shares, "shares are assigned");
        self.generation = round.generation;
        self.last_failure.end();
        self.shares.want(assigned);
        self.parts.status.update_worker(&self.parts.alias, |worker| worker.rebalances_total += 1);
        Ok(())
    }

    fn describe(&self) -> Member {
        let shares = self.parts.parts.keys().filter_map(|part| Some((part.flow.clone(), part.share?.of)));
        Member {
            instance: self.parts.instance.clone(),
            address: self.parts.address.clone(),
            is_draining: self.has_told_draining,
            generation: self.generation,
            flows: shares.collect(),
            owned: self.shares.wanted().clone(),
        }
    }

    /// Gives signs of life and keeps the shares running; gives why the group is to be joined again.
    async fn stay(&mut self) -> Result<&'static str, GroupError> {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut tick = 0_u64;
        while *self.is_draining.borrow() == self.has_told_draining {
            ticks.tick().await;
            self.shares.reap();
            if tick.is_multiple_of(BEAT_TICKS)
                && let Some(membership) = &self.membership
            {
                match membership.heartbeat().await {
                    // What was fenced may be claimed again: this worker still is who is to run it.
                    Ok(()) => self.shares.confirm(),
                    Err(error) if is_final(&error) => return Err(error.into()),
                    Err(error) => self.say(&error.into()),
                }
            }
            self.shares.start();
            self.show();
            tick += 1;
        }
        Ok("it is asked to give up its shares, or no longer")
    }

    fn show(&self) {
        let shares = self.shares.wanted().len();
        self.parts.status.update_worker(&self.parts.alias, |worker| worker.shares = shares);
    }

    /// Others take over at once; what is in flight is waited for.
    async fn leave(&mut self, is_fenced: bool) {
        if let Some(membership) = self.membership.as_mut().filter(|_| !is_fenced) {
            match timeout(LEAVE_LIMIT, membership.leave("the worker stops")).await {
                Ok(Ok(())) => info!(group = %self.parts.group, "left the group"),
                Ok(Err(error)) => debug!(group = %self.parts.group, %error, "leaving the group"),
                Err(_) => debug!(group = %self.parts.group, "leaving the group took too long"),
            }
        }
        self.shares.stop(is_fenced).await;
        self.show();
    }
}

impl WorkerParts {
    fn membership(&self) -> MembershipConfig {
        MembershipConfig {
            group: self.group.clone(),
            instance: self.instance.clone(),
            protocol_type: PROTOCOL_TYPE.to_owned(),
            protocol: PROTOCOL.to_owned(),
            session_timeout: SESSION_TIMEOUT,
            rebalance_timeout: REBALANCE_TIMEOUT,
        }
    }
}

/// The coordinator says that we are not, or not so, in the group.
fn is_final(error: &ClientError) -> bool {
    let codes = [
        ErrorCode::REBALANCE_IN_PROGRESS,
        ErrorCode::FENCED_INSTANCE_ID,
        ErrorCode::UNKNOWN_MEMBER_ID,
        ErrorCode::ILLEGAL_GENERATION,
    ];
    matches!(error, ClientError::Broker { error, .. } if codes.contains(&error.code))
}

/// What each member gets; who can't be understood gets nothing.
fn assignments(members: Vec<(String, Bytes)>) -> Vec<(String, Bytes)> {
    let described = members.into_iter().map(|(id, metadata)| {
        let member = Member::decode(&metadata).unwrap_or_else(|error| {
            warn!(member = id, %error, "a worker can't be understood, it gets no shares");
            Member::default()
        });
        (id, member)
    });
    let assigned = assign(&described.collect());
    assigned.into_iter().map(|(id, parts)| (id, encode_parts(&parts))).collect()
}
