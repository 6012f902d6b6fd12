//! What clusters keep for users and client ids, quotas and SCRAM's users: at an interval the target is given what the source
//! has, and loses what the flow made there and the source has no longer.

// Quotas of users and client ids.
mod quotas;
// Users with passwords.
mod users;
// What the state topics of both sides say.
mod remembered;
// What is set and removed at the target.
mod applying;
// What is shown of it.
mod showing;

use std::collections::BTreeMap;
use std::time::Duration;

use strait_client::{BrokerError, ClientError, Cluster};
use strait_replicator_core::principal_plan::{
    Finding, Principal, PrincipalPlan, PrincipalRules, PrincipalSides, Whose,
};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::owner::Lease;
use super::pass::{PassError, must_own};
use crate::configuration::Flow;
use crate::state_topic::{StateTopic, StateView};
use crate::status::{DaemonStatus, FlowStatus, PrincipalRow, PrincipalsStatus};
use quotas::Quotas;
use users::Users;

/// What the flow made at the target, with the cluster where each was set by a person, as the state topic has it.
pub(super) type MadePrincipals = BTreeMap<Principal, String>;

/// What the tasks are made with.
#[derive(Clone)]
pub(super) struct PrincipalParts {
    pub(super) flow: Flow,
    pub(super) rules: PrincipalRules,
    pub(super) source: Cluster,
    pub(super) target: Cluster,
    pub(super) state: StateTopic,
    pub(super) made: MadePrincipals,
    pub(super) lease: watch::Receiver<Lease>,
    pub(super) status: DaemonStatus,
}

/// Keeps both kinds in line, for ever.
pub(super) async fn run(parts: PrincipalParts) {
    let passwords = Users::new(&parts.flow.scram_passwords);
    let (quotas, users) = (PrincipalTask::new(parts.clone(), Quotas), PrincipalTask::new(parts, passwords));
    tokio::join!(quotas.run(), users.run());
}

/// Why the target is not changed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Refusal {
    reason: String,
    is_unauthorized: bool,
}

impl From<BrokerError> for Refusal {
    fn from(error: BrokerError) -> Self {
        Self { reason: error.to_string(), is_unauthorized: error.code.is_authorization() }
    }
}

/// The result for each change, in their order.
type Results = Vec<Result<(), Refusal>>;

/// One of the two kinds.
trait Kind {
    type Name: Clone + Ord + Whose + 'static;
    type Value: Clone + 'static;
    /// In the log.
    const WHAT: &str;

    fn is_on(flow: &Flow) -> bool;
    fn status(flow: &mut FlowStatus) -> &mut PrincipalsStatus;
    fn principal(name: &Self::Name) -> Principal;
    /// None for one of the other kind.
    fn name(principal: &Principal) -> Option<&Self::Name>;
    fn row(name: &Self::Name, source: Option<&Self::Value>, target: Option<&Self::Value>) -> PrincipalRow;
    /// How a value of the source stands to the target's.
    fn compare(&self, name: &Self::Name, source: &Self::Value, target: Option<&Self::Value>) -> Finding;
    /// All that a cluster has.
    async fn read(cluster: &Cluster) -> Result<BTreeMap<Self::Name, Self::Value>, ClientError>;
    /// Sets values, one of each owner at most.
    async fn write(
        &self,
        target: &Cluster,
        changes: &[(Self::Name, Self::Value)],
    ) -> Result<Results, ClientError>;
    /// Removes, one of each owner at most.
    async fn remove(&self, target: &Cluster, names: &[Self::Name]) -> Result<Results, ClientError>;
}

/// What the target refused.
type Refused<K> = BTreeMap<<K as Kind>::Name, Refusal>;
type Values<K> = BTreeMap<<K as Kind>::Name, <K as Kind>::Value>;
type Plan<K> = PrincipalPlan<<K as Kind>::Name, <K as Kind>::Value>;

/// The state of a task.
struct PrincipalTask<K: Kind> {
    kind: K,
    parts: PrincipalParts,
    made: BTreeMap<K::Name, String>,
    /// What flows left at the source; read when there is something to write.
    source_state: StateTopic,
    source_view: StateView,
    /// What flows left at the target; read when there is something to write.
    target_view: StateView,
    written: u64,
    removed: u64,
    /// What was logged last.
    said: Option<String>,
}

/// What both clusters have.
struct Sides<K: Kind> {
    source: Values<K>,
    target: Values<K>,
}

/// What a pass saw and did.
struct Passed<K: Kind> {
    sides: Sides<K>,
    plan: Plan<K>,
    refused: Refused<K>,
}

impl<K: Kind> PrincipalTask<K> {
    fn new(parts: PrincipalParts, kind: K) -> Self {
        let made = parts.made.iter().filter_map(|(of, origin)| Some((K::name(of)?.clone(), origin.clone())));
        Self {
            kind,
            made: made.collect(),
            source_state: StateTopic::of(parts.source.clone()),
            source_view: StateView::default(),
            target_view: StateView::default(),
            written: 0,
            removed: 0,
            said: None,
            parts,
        }
    }

    async fn run(mut self) {
        if !K::is_on(&self.parts.flow) {
            self.show_off();
            return std::future::pending().await;
        }
        let mut ticks = interval(Duration::from_millis(self.parts.flow.principal_interval_ms));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            match self.pass().await {
                Ok(passed) => self.show(&passed),
                Err(PassError::NotOwner) => {}
                Err(error) => self.show_failure(&error),
            }
        }
    }

    /// One pass over both sides. Where nothing differs nothing is written, and no state is read.
    async fn pass(&mut self) -> Result<Passed<K>, PassError> {
        must_own(&self.parts.lease)?;
        let mut sides = self.read().await?;
        let none = BTreeMap::new();
        let mut plan = self.plan(&sides, &none, &none);
        if !plan.is_settled() {
            let copied_to_source = self.copied_to_source().await?;
            let made_by_others = self.made_by_others().await?;
            // Anew, as a flow back may have removed something meanwhile, of which nothing is remembered then.
            sides = self.read().await?;
            plan = self.plan(&sides, &copied_to_source, &made_by_others);
        }
        let refused = self.apply(&plan).await?;
        Ok(Passed { sides, plan, refused })
    }

    async fn read(&self) -> Result<Sides<K>, PassError> {
        let (source, target) = tokio::join!(K::read(&self.parts.source), K::read(&self.parts.target));
        Ok(Sides { source: source.map_err(PassError::Source)?, target: target.map_err(PassError::Target)? })
    }

    /// Compares both sides, each with what is remembered there.
    fn plan(
        &self,
        Sides { source, target }: &Sides<K>,
        copied_to_source: &BTreeMap<K::Name, String>,
        made_by_others: &BTreeMap<K::Name, String>,
    ) -> Plan<K> {
        let sides = PrincipalSides { source, copied_to_source, target, made: &self.made, made_by_others };
        self.parts.rules.plan(&sides, |name, source, target| self.kind.compare(name, source, target))
    }
}
