//! Rules of access about topics, as REST and CLI show them.

use std::sync::Arc;

use serde::Serialize;
use strait_replicator_core::acl_plan::TopicAcl;

/// How a flow's rules stand as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AclsState {
    /// Not looked at yet.
    #[default]
    Waiting,
    /// By its key.
    Off,
    /// The target has what it should have.
    Synced,
    /// One of the clusters has no rules of access.
    NoAuthorizer,
    /// A cluster does not tell its rules, or does not let them be changed.
    Unauthorized,
    Failed,
}

impl AclsState {
    /// Its name in REST, CLI and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Off => "off",
            Self::Synced => "synced",
            Self::NoAuthorizer => "no_authorizer",
            Self::Unauthorized => "unauthorized",
            Self::Failed => "failed",
        }
    }
}

/// A flow's rules as a whole, at the last look.
#[derive(Clone, Debug, Default, Serialize)]
pub struct AclsStatus {
    pub state: AclsState,
    /// Why it is in this state; empty when nothing is to be said.
    pub reason: String,
    /// Rules of the source that the target has.
    pub synced: usize,
    /// Rules of the source that the target is not to have.
    pub left_out: usize,
    /// Rules that the target lacks, and rules that it should no longer have.
    pub drift: usize,
    /// Rules made at the target since the start.
    pub created_total: u64,
    /// Rules removed at the target since the start.
    pub removed_total: u64,
    /// When they were compared, milliseconds since 1970; 0 before the first time.
    pub at_ms: i64,
    #[serde(skip)]
    pub acls: Arc<Vec<AclStatus>>,
}

/// How one rule stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AclRuleState {
    Synced,
    /// The target refuses to make it.
    Missing,
    /// It is about copied topics, and the target is not to have it.
    LeftOut,
    /// The source has it no longer, and the target refuses to remove it.
    Unwanted,
}

/// One rule about copied topics, in the words of Kafka's tools.
#[derive(Clone, Debug, Serialize)]
pub struct AclStatus {
    pub topic: String,
    pub pattern: &'static str,
    pub principal: String,
    pub host: String,
    pub operation: String,
    pub permission: &'static str,
    pub remote_topic: Option<String>,
    pub remote_pattern: Option<&'static str>,
    pub remote_operation: Option<String>,
    pub state: AclRuleState,
    /// Why it is in this state; empty when nothing is to be said.
    pub reason: String,
}

impl AclStatus {
    pub(crate) fn new(acl: &TopicAcl, state: AclRuleState) -> Self {
        Self {
            topic: acl.topics.name.clone(),
            pattern: acl.topics.kind.name(),
            principal: acl.principal.clone(),
            host: acl.host.clone(),
            operation: acl.operation.to_string(),
            permission: acl.permission.name(),
            remote_topic: None,
            remote_pattern: None,
            remote_operation: None,
            state,
            reason: String::new(),
        }
    }

    /// With the rule that the target has or is to have for it.
    pub(crate) fn becoming(self, remote: &TopicAcl) -> Self {
        Self {
            remote_topic: Some(remote.topics.name.clone()),
            remote_pattern: Some(remote.topics.kind.name()),
            remote_operation: Some(remote.operation.to_string()),
            ..self
        }
    }
}
