//! Rules of access about copied topics: at an interval the target is given those of the source, and loses those that the
//! flow made there and that the source has no longer.

// What both clusters and the state topics say.
mod reading;
// Rules made and removed at the target.
mod applying;
// What is shown of it.
mod showing;

use std::collections::BTreeMap;
use std::time::Duration;

use strait_client::{BrokerError, ClientError, Cluster};
use strait_replicator_core::acl_plan::{AclOrigin, AclPlan, AclRules, AclSides, TopicAcl};
use strait_wire::error_code::ErrorCode;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::owner::Lease;
use super::pass::{PassError, must_own};
use crate::configuration::Flow;
use crate::state_topic::{StateTopic, StateView};
use crate::status::{AclsState, DaemonStatus};

/// Rules that the flow made at the target, as the state topic has them.
pub(super) type MadeAcls = BTreeMap<TopicAcl, AclOrigin>;
/// Rules that the target refused to make or to remove, and what it said.
type Refused = BTreeMap<TopicAcl, BrokerError>;

/// What the task is made with.
pub(super) struct AclParts {
    pub(super) flow: Flow,
    pub(super) rules: AclRules,
    pub(super) source: Cluster,
    pub(super) target: Cluster,
    pub(super) state: StateTopic,
    pub(super) made: MadeAcls,
    pub(super) lease: watch::Receiver<Lease>,
    pub(super) status: DaemonStatus,
}

/// The state of the rules after a pass that ended early.
fn state_after(error: &PassError) -> AclsState {
    match error {
        PassError::Source(ClientError::Broker { error, .. })
        | PassError::Target(ClientError::Broker { error, .. })
            if error.code == ErrorCode::SECURITY_DISABLED =>
        {
            AclsState::NoAuthorizer
        }
        error if error.is_unauthorized() => AclsState::Unauthorized,
        _ => AclsState::Failed,
    }
}

/// The task's state.
pub(super) struct AclTask {
    parts: AclParts,
    /// What flows left at the source; read when there is something to make.
    source_state: StateTopic,
    source_view: StateView,
    created: u64,
    removed: u64,
    /// What was logged last.
    said: Option<String>,
}

impl AclTask {
    pub(super) fn new(parts: AclParts) -> Self {
        let (source_state, source_view) = (StateTopic::of(parts.source.clone()), StateView::default());
        Self { parts, source_state, source_view, created: 0, removed: 0, said: None }
    }

    /// Compares the rules of both sides and brings the target's in line, for ever.
    pub(super) async fn run(mut self) {
        if !self.parts.flow.sync_topic_acls {
            self.show_off();
            return std::future::pending().await;
        }
        let mut ticks = interval(Duration::from_millis(self.parts.flow.acl_interval_ms));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            match self.pass().await {
                Ok((plan, refused)) => self.show(&plan, &refused),
                Err(PassError::NotOwner) => {}
                Err(error) => self.show_failure(&error),
            }
        }
    }

    /// One pass; gives what was planned, and what of it the target refused.
    async fn pass(&mut self) -> Result<(AclPlan, Refused), PassError> {
        self.must_own()?;
        let parts = &self.parts;
        let (source, target, metadata) = tokio::join!(
            reading::topic_acls(&parts.source),
            reading::topic_acls(&parts.target),
            parts.source.refresh(None)
        );
        let (source, target) = (source.map_err(PassError::Source)?, target.map_err(PassError::Target)?);
        let metadata = metadata.map_err(PassError::Source)?;
        let topics = self.copied_topics(&metadata);
        let plan = |copied_to_source: &BTreeMap<TopicAcl, String>, made: &MadeAcls, rules: &AclRules| {
            rules.plan(&AclSides {
                source: &source,
                topics: &topics,
                copied_to_source,
                target: &target,
                made,
            })
        };
        let mut planned = plan(&BTreeMap::new(), &self.parts.made, &self.parts.rules);
        if !planned.create.is_empty() {
            let copied_to_source = self.copied_to_source().await?;
            planned = plan(&copied_to_source, &self.parts.made, &self.parts.rules);
        }
        let refused = self.apply(&planned).await?;
        Ok((planned, refused))
    }

    fn must_own(&self) -> Result<(), PassError> {
        must_own(&self.parts.lease)
    }
}
