//! Quotas of clients, and users with passwords, as REST and CLI show them.

use std::sync::Arc;

use serde::Serialize;

/// How a flow's quotas, or its users, stand as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PrincipalsState {
    /// Not looked at yet.
    #[default]
    Waiting,
    /// By its key.
    Off,
    /// All that could be brought in line is.
    Synced,
    /// A cluster does not tell what it has, or does not let it be changed.
    Unauthorized,
    Failed,
}

impl PrincipalsState {
    /// Its name in REST, CLI and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Off => "off",
            Self::Synced => "synced",
            Self::Unauthorized => "unauthorized",
            Self::Failed => "failed",
        }
    }
}

/// A flow's quotas, or its users, as a whole, at the last look.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PrincipalsStatus {
    pub state: PrincipalsState,
    /// Why it is in this state; empty when nothing is to be said.
    pub reason: String,
    /// Of the source, which the target has with the same value.
    pub synced: usize,
    /// Of the source, which the target is not to be given.
    pub left_out: usize,
    /// Users of the source that the target lacks and can't be given.
    pub no_password_configured: usize,
    /// What differs at the target.
    pub drift: usize,
    /// Set at the target since the start.
    pub written_total: u64,
    /// Removed at the target since the start.
    pub removed_total: u64,
    /// When both sides were compared, milliseconds since 1970; 0 before the first time.
    pub at_ms: i64,
    #[serde(skip)]
    pub rows: Arc<Vec<PrincipalStatus>>,
}

/// How one quota or user stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PrincipalState {
    Synced,
    LeftOut,
    /// The target lacks the user, and the configuration has no password for it.
    NoPasswordConfigured,
    /// The target has it with another value, and keeps that.
    Drift,
    /// The target refuses to be given it.
    Refused,
    /// The source has it no longer, and the target refuses to remove it.
    Unwanted,
}

/// One quota or user.
#[derive(Clone, Debug, Serialize)]
pub struct PrincipalStatus {
    #[serde(flatten)]
    pub row: PrincipalRow,
    pub state: PrincipalState,
    /// Why it is in this state; empty when nothing is to be said.
    pub reason: String,
}

/// What it is, and what both sides have.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum PrincipalRow {
    /// A part of the entity that is there and has no name is `<default>`.
    Quota {
        user: Option<String>,
        client_id: Option<String>,
        key: String,
        value: Option<f64>,
        target_value: Option<f64>,
    },
    User {
        user: String,
        mechanism: &'static str,
        iterations: Option<i32>,
        target_iterations: Option<i32>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_one_table() {
        let row = PrincipalRow::User {
            user: "alice".to_owned(),
            mechanism: "SCRAM-SHA-256",
            iterations: Some(4_096),
            target_iterations: None,
        };
        let state = PrincipalState::NoPasswordConfigured;
        let shown =
            serde_json::to_value(PrincipalStatus { row, state, reason: String::new() }).expect("JSON");
        let expected = serde_json::json!({
            "user": "alice", "mechanism": "SCRAM-SHA-256", "iterations": 4_096, "target_iterations": null,
            "state": "no_password_configured", "reason": "",
        });
        assert_eq!(shown, expected);
    }
}
