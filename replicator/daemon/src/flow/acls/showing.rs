//! What REST, CLI and the log are told of rules.

use std::sync::Arc;

use strait_client::BrokerError;
use strait_replicator_core::acl_plan::{AclPlan, TopicAcl};
use tracing::{info, warn};

use super::{AclTask, PassError, Refused, state_after};
use crate::flow::lane::unix_ms;
use crate::status::{AclRuleState, AclStatus, AclsState, AclsStatus};

impl AclTask {
    pub(super) fn show_off(&self) {
        self.parts.status.update(&self.parts.flow.id(), |flow| flow.acls.state = AclsState::Off);
    }

    /// After a pass that came to its end.
    pub(super) fn show(&mut self, plan: &AclPlan, refused: &Refused) {
        let mut rows: Vec<AclStatus> = Vec::new();
        for (acl, remote) in &plan.wanted {
            rows.push(row(acl, remote, AclRuleState::Missing, refused.get(remote)));
        }
        for (acl, reason) in &plan.left_out {
            rows.push(AclStatus { reason: reason.to_string(), ..AclStatus::new(acl, AclRuleState::LeftOut) });
        }
        for (remote, error) in refused.iter().filter(|(remote, _)| plan.remove.contains(*remote)) {
            rows.push(row(remote, remote, AclRuleState::Unwanted, Some(error)));
        }
        let reason = refused.values().next().map(|error| format!("target: {error}"));
        let is_unauthorized = refused.values().any(|error| error.code.is_authorization());
        let state = match (&reason, is_unauthorized) {
            (None, _) => AclsState::Synced,
            (Some(_), true) => AclsState::Unauthorized,
            (Some(_), false) => AclsState::Failed,
        };
        let count = |state| rows.iter().filter(|row| row.state == state).count();
        let shown = AclsStatus {
            state,
            reason: reason.clone().unwrap_or_default(),
            synced: count(AclRuleState::Synced),
            left_out: count(AclRuleState::LeftOut),
            drift: count(AclRuleState::Missing) + count(AclRuleState::Unwanted),
            created_total: self.created,
            removed_total: self.removed,
            at_ms: unix_ms(),
            acls: Arc::new(rows),
        };
        self.parts.status.update(&self.parts.flow.id(), |flow| flow.acls = shown);
        self.say(state, reason);
    }

    /// After a pass that did not: what was seen before stays.
    pub(super) fn show_failure(&mut self, error: &PassError) {
        let (state, reason) = (state_after(error), error.to_string());
        self.parts.status.update(&self.parts.flow.id(), |flow| {
            flow.acls.state = state;
            flow.acls.reason.clone_from(&reason);
            flow.acls.created_total = self.created;
            flow.acls.removed_total = self.removed;
        });
        self.say(state, Some(reason));
    }

    /// Logs a reason once.
    fn say(&mut self, state: AclsState, reason: Option<String>) {
        if let Some(reason) = reason.as_ref().filter(|reason| self.said.as_ref() != Some(reason)) {
            let flow = self.parts.flow.id();
            match state {
                AclsState::NoAuthorizer => {
                    info!(flow, reason, "rules of access are not copied: a cluster has none");
                }
                _ => warn!(flow, reason, "rules of access can't be brought in line, retrying"),
            }
        }
        self.said = reason;
    }
}

/// A rule that the target has as it should, unless the target said otherwise.
fn row(acl: &TopicAcl, remote: &TopicAcl, otherwise: AclRuleState, error: Option<&BrokerError>) -> AclStatus {
    let state = if error.is_some() { otherwise } else { AclRuleState::Synced };
    let reason = error.map(ToString::to_string).unwrap_or_default();
    AclStatus { reason, ..AclStatus::new(acl, state).becoming(remote) }
}
