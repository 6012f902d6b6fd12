//! What passes over both clusters share: why one ends early, and whether it may write.

use strait_client::ClientError;
use tokio::sync::watch;
use tokio::time::Instant;

use super::owner::Lease;
use crate::state_topic::StateError;

/// Why a pass ended early.
#[derive(Debug, thiserror::Error)]
pub(super) enum PassError {
    #[error("source: {0}")]
    Source(ClientError),
    #[error("target: {0}")]
    Target(ClientError),
    #[error("source, what came from the target: {0}")]
    SourceState(StateError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error("another instance runs the flow")]
    NotOwner,
}

impl PassError {
    /// A broker does not take who we say we are, or does not allow us what we asked for.
    pub(super) fn is_unauthorized(&self) -> bool {
        match self {
            Self::Source(error) | Self::Target(error) => error.is_unauthorized(),
            Self::SourceState(error) | Self::State(error) => error.is_unauthorized(),
            Self::NotOwner => false,
        }
    }
}

/// Nothing is written once another instance may run the flow.
pub(super) fn must_own(lease: &watch::Receiver<Lease>) -> Result<(), PassError> {
    if lease.borrow().is_valid_at(Instant::now()) { Ok(()) } else { Err(PassError::NotOwner) }
}
