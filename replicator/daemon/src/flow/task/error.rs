//! Why a flow can't start.

use strait_client::ClientError;
use strait_replicator_core::selection::PatternError;

use crate::configuration;
use crate::flow::groups::GroupTaskError;
use crate::flow::take_over::TakeOverError;
use crate::state_topic::StateError;

#[derive(Debug, thiserror::Error)]
pub(super) enum StartError {
    #[error("source {alias}: {source}")]
    Source { alias: String, source: ClientError },
    #[error("target {alias}: {source}")]
    Target { alias: String, source: ClientError },
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    Pattern(#[from] PatternError),
    #[error(transparent)]
    Groups(#[from] GroupTaskError),
    #[error("{} = {}: allowed is {}", .0.key, .0.value, .0.allowed)]
    Configuration(configuration::Problem),
    #[error("MirrorMaker 2's positions: {0}")]
    TakeOver(#[from] TakeOverError),
    #[error("{alias} tells no cluster id")]
    NoClusterId { alias: String },
}

impl StartError {
    /// A cluster does not take who we say we are, or does not allow us what we asked for.
    pub(super) fn is_unauthorized(&self) -> bool {
        match self {
            Self::Source { source, .. } | Self::Target { source, .. } => source.is_unauthorized(),
            Self::State(error) => error.is_unauthorized(),
            Self::Pattern(_)
            | Self::Groups(_)
            | Self::Configuration(_)
            | Self::TakeOver(_)
            | Self::NoClusterId { .. } => false,
        }
    }
}
