//! A member of a classic group and what it waits for (`ClassicGroupMember`).

use bytes::Bytes;
use strait_wire::message::join_group::JoinGroupRequestProtocol;

use crate::group::effects::Token;

/// A JoinGroup that waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WaitingJoin {
    pub(super) token: Token,
    pub(super) version: i16,
}

/// A member of a classic group.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(super) instance_id: Option<String>,
    pub(super) client_id: String,
    pub(super) client_host: String,
    pub(super) rebalance_timeout_ms: i32,
    pub(super) session_timeout_ms: i32,
    pub(super) protocol_type: String,
    /// In the member's order of preference, each name once.
    pub(super) protocols: Vec<JoinGroupRequestProtocol>,
    pub(super) assignment: Bytes,
    pub(super) joining: Option<WaitingJoin>,
    pub(super) syncing: Option<Token>,
    /// Waits for its first generation.
    pub(super) is_new: bool,
}

impl Member {
    pub(super) fn supports(&self, protocol: &str) -> bool {
        self.protocols.iter().any(|supported| supported.name == protocol)
    }

    pub(super) fn metadata(&self, protocol: &str) -> Bytes {
        let supported = self.protocols.iter().find(|supported| supported.name == protocol);
        supported.map(|supported| supported.metadata.clone()).unwrap_or_default()
    }

    /// A waiting request stands for a heartbeat, except a first one: its sender may be gone.
    pub(super) fn is_heard(&self) -> bool {
        !self.is_new && (self.joining.is_some() || self.syncing.is_some())
    }
}

/// The protocols of a request, each name once.
pub(super) fn distinct(protocols: &[JoinGroupRequestProtocol]) -> Vec<JoinGroupRequestProtocol> {
    let mut distinct: Vec<JoinGroupRequestProtocol> = Vec::new();
    let mut names = std::collections::BTreeSet::new();
    for protocol in protocols {
        if names.insert(protocol.name.as_str()) {
            distinct.push(protocol.clone());
        }
    }
    distinct
}
