//! Removing topics. The metadata forgets the topic first; its folders are renamed and removed later, so that a topic of
//! the same name can be made at once.

use std::path::PathBuf;

use super::{ChangeError, Controller};
use crate::metadata::MetadataRecord;
use crate::random;
use crate::topics::Topic;

impl Controller {
    /// Removes a topic. `permit` is asked for its partitions. Gives their folders, which the caller removes after a while.
    pub(crate) fn delete_topic(
        &self,
        topic: &Topic,
        permit: impl FnOnce(usize) -> Result<(), ChangeError>,
    ) -> Result<Vec<PathBuf>, ChangeError> {
        if !self.settings.flag("delete.topic.enable") {
            return Err(ChangeError::DeletionDisabled);
        }
        let mut state = self.state();
        let current = self.topics.by_id(topic.id).ok_or(ChangeError::UnknownTopic)?;
        permit(current.partitions.len())?;
        state.commit(vec![MetadataRecord::RemoveTopic { id: current.id }])?;
        self.topics.remove(&current);
        let mut folders = Vec::with_capacity(current.partitions.len());
        for partition in &current.partitions {
            // What can't be renamed is found at the next start: no topic has its id.
            match partition.delete(random::uuid()?) {
                Ok(folder) => folders.extend(folder),
                Err(error) => tracing::warn!(%error, "folder of a deleted partition not renamed"),
            }
        }
        // What is remembered of its logs must not count for a topic of the same name.
        if let Err(error) = self.checkpoint_with(&state) {
            tracing::warn!(%error, "checkpoints not stored");
        }
        tracing::info!(topic = %current.name, topic_id = %current.id, "topic deleted");
        Ok(folders)
    }

    /// Removes a folder that was renamed for its removal.
    pub(crate) fn remove_folder(&self, folder: &std::path::Path) {
        if let Err(error) = self.folder.remove_deleted(folder) {
            tracing::warn!(%error, "folder of a deleted partition not removed");
        }
    }
}
