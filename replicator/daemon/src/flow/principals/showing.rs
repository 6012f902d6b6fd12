//! What REST, CLI and the log are told of quotas and users.

use std::sync::Arc;

use strait_replicator_core::principal_plan::Finding;
use tracing::warn;

use super::{Kind, PassError, Passed, PrincipalTask, Refusal, Sides};
use crate::flow::lane::unix_ms;
use crate::status::{FlowStatus, PrincipalState, PrincipalStatus, PrincipalsState, PrincipalsStatus};

const NO_PASSWORD: &str = "no password configured";
const DRIFT: &str = "set with other iterations at the target";

impl<K: Kind> PrincipalTask<K> {
    pub(super) fn show_off(&self) {
        self.update(|flow| K::status(flow).state = PrincipalsState::Off);
    }

    /// After a pass that came to its end.
    pub(super) fn show(&mut self, passed: &Passed<K>) {
        let rows = rows(passed);
        let refusal = passed.refused.values().next();
        let is_unauthorized = passed.refused.values().any(|refusal| refusal.is_unauthorized);
        let state = match (refusal, is_unauthorized) {
            (None, _) => PrincipalsState::Synced,
            (Some(_), true) => PrincipalsState::Unauthorized,
            (Some(_), false) => PrincipalsState::Failed,
        };
        let reason = refusal.map(|refusal| format!("target: {}", refusal.reason));
        let count = |states: &[PrincipalState]| rows.iter().filter(|row| states.contains(&row.state)).count();
        let shown = PrincipalsStatus {
            state,
            reason: reason.clone().unwrap_or_default(),
            synced: count(&[PrincipalState::Synced]),
            left_out: count(&[PrincipalState::LeftOut]),
            no_password_configured: count(&[PrincipalState::NoPasswordConfigured]),
            drift: count(&[PrincipalState::Drift, PrincipalState::Refused, PrincipalState::Unwanted]),
            written_total: self.written,
            removed_total: self.removed,
            at_ms: unix_ms(),
            rows: Arc::new(rows),
        };
        self.update(|flow| *K::status(flow) = shown);
        self.say(reason);
    }

    /// After a pass that did not: what was seen before stays.
    pub(super) fn show_failure(&mut self, error: &PassError) {
        let is_unauthorized = error.is_unauthorized();
        let state = if is_unauthorized { PrincipalsState::Unauthorized } else { PrincipalsState::Failed };
        self.update(|flow| {
            let shown = K::status(flow);
            shown.state = state;
            shown.reason = error.to_string();
            shown.written_total = self.written;
            shown.removed_total = self.removed;
        });
        self.say(Some(error.to_string()));
    }

    fn update(&self, change: impl FnOnce(&mut FlowStatus)) {
        self.parts.status.update(&self.parts.rules.flow, change);
    }

    /// Logs a reason once.
    fn say(&mut self, reason: Option<String>) {
        if let Some(reason) = reason.as_ref().filter(|reason| self.said.as_ref() != Some(reason)) {
            let flow = &self.parts.rules.flow;
            warn!(flow, reason, "{} can't be brought in line, retrying", K::WHAT);
        }
        self.said = reason;
    }
}

/// All of the source with what became of them, and what can't be removed.
fn rows<K: Kind>(passed: &Passed<K>) -> Vec<PrincipalStatus> {
    let Passed { sides: Sides { source, target }, plan, refused } = passed;
    let of_source = plan.found.iter().map(|(name, finding)| {
        let (state, reason) = found(finding, refused.get(name));
        let is_written = *finding == Finding::ToWrite && state == PrincipalState::Synced;
        let value = source.get(name);
        let row = K::row(name, value, if is_written { value } else { target.get(name) });
        PrincipalStatus { row, state, reason }
    });
    let unwanted = refused.iter().filter(|(name, _)| plan.remove.contains(*name));
    let unwanted = unwanted.map(|(name, refusal)| PrincipalStatus {
        row: K::row(name, None, target.get(name)),
        state: PrincipalState::Unwanted,
        reason: refusal.reason.clone(),
    });
    of_source.chain(unwanted).collect()
}

fn found(finding: &Finding, refusal: Option<&Refusal>) -> (PrincipalState, String) {
    match (finding, refusal) {
        (_, Some(refusal)) => (PrincipalState::Refused, refusal.reason.clone()),
        (Finding::Synced | Finding::ToWrite, None) => (PrincipalState::Synced, String::new()),
        (Finding::NoPassword, None) => (PrincipalState::NoPasswordConfigured, NO_PASSWORD.to_owned()),
        (Finding::Drift, None) => (PrincipalState::Drift, DRIFT.to_owned()),
        (Finding::LeftOut(reason), None) => (PrincipalState::LeftOut, reason.to_string()),
    }
}
