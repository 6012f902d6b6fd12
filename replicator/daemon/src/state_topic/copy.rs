//! The topic's copy in the data folder: a start reads what came after it, if the topic still continues it.

use std::time::Duration;

use strait_wire::ids::Uuid;
use tracing::{debug, warn};

use super::StateTopic;
use super::read::{Isolation, StateView};
use crate::store::{Progress, Store, TopicIdentity};

/// For reading what the copy lacks when a flow stops.
const REFRESH_LIMIT: Duration = Duration::from_secs(3);

impl StateTopic {
    /// What is known before the topic is read: a copy of it, or nothing.
    pub(super) fn first_view(&self, topic_id: Uuid) -> StateView {
        let copy = self.copy(topic_id).map(|(store, topic)| store.load(&topic)).transpose();
        let copy = copy.unwrap_or_else(|error| {
            warn!(%error, "the copy of the state topic can't be read, all of the topic is");
            None
        });
        match copy.flatten() {
            Some((state, progress)) => {
                debug!(topic = self.name(), ?progress, "the topic is read behind its copy");
                StateView::copied(topic_id, state, progress)
            }
            None => StateView::new(topic_id),
        }
    }

    /// Keeps a copy of what was read with all transactions ended, for the next start.
    pub(crate) fn keep_copy(&self, view: &StateView) {
        if !view.unreadable.is_empty() {
            return;
        }
        let StateView { next_offset, leader_epoch, has_gap, .. } = *view;
        let progress = Progress { next_offset, leader_epoch, has_gap };
        if let Some((store, topic)) = self.copy(view.topic_id)
            && let Err(error) = store.keep(&topic, &view.state, progress)
        {
            warn!(%error, "the state topic is not copied, the next start reads all of it");
        }
    }

    /// Brings the copy up to date as the flow stops; without it the next start reads more of the topic.
    pub(crate) async fn refresh_copy(&self) {
        if self.store.is_none() {
            return;
        }
        let mut view = StateView::default();
        let caught_up = self.catch_up(&mut view, Isolation::Committed);
        match tokio::time::timeout(REFRESH_LIMIT, caught_up).await {
            Ok(Ok(())) => self.keep_copy(&view),
            Ok(Err(error)) => debug!(%error, "the copy of the state topic is not brought up to date"),
            Err(_) => debug!("the copy of the state topic is not brought up to date in time"),
        }
    }

    pub(super) fn forget_copy(&self, topic_id: Uuid) {
        warn!(
            topic = self.name(),
            "the topic does not continue its copy in the data folder, all of it is read"
        );
        if let Some((store, topic)) = self.copy(topic_id)
            && let Err(error) = store.forget(&topic)
        {
            warn!(%error, "the copy of the state topic can't be removed");
        }
    }

    /// Where the copy of this topic is; topics without ids can't be told from others of their name.
    pub(super) fn copy(&self, topic_id: Uuid) -> Option<(&Store, TopicIdentity)> {
        let cluster_id = self.cluster.cluster_id()?;
        let store = self.store.as_ref().filter(|_| topic_id != Uuid::ZERO)?;
        Some((store, TopicIdentity { cluster_id, topic_id }))
    }
}
