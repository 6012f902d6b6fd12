//! Whom REST asks about a running flow.

use strait_client::Cluster;
use strait_replicator_core::rename::ReplicationPolicy;
use tokio::sync::{mpsc, oneshot};

use super::groups::GroupQuestion;
use super::translation::{NotRunningError, Translator};

/// A running flow's clusters and those of its tasks that answer questions.
#[derive(Clone, Debug)]
pub(crate) struct FlowHandle {
    pub(crate) source: Cluster,
    pub(crate) target: Cluster,
    pub(crate) translator: Translator,
    pub(super) groups: mpsc::Sender<GroupQuestion>,
    pub(crate) policy: ReplicationPolicy,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskError {
    #[error(transparent)]
    NotRunning(#[from] NotRunningError),
    #[error("{0}")]
    Failed(String),
}

impl FlowHandle {
    /// Asks the task that looks after groups.
    pub(crate) async fn ask_groups<T>(
        &self,
        question: impl FnOnce(oneshot::Sender<Result<T, String>>) -> GroupQuestion,
    ) -> Result<T, AskError> {
        let (answer, answered) = oneshot::channel();
        self.groups.send(question(answer)).await.map_err(|_| NotRunningError)?;
        answered.await.map_err(|_| NotRunningError)?.map_err(AskError::Failed)
    }
}
