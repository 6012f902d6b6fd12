//! The partition's folder as a whole: the topic's id in it, and its end.

use std::path::PathBuf;

use strait_wire::ids::Uuid;

use super::PartitionLog;
use crate::checkpoint;
use crate::error::{At, LogError};
use crate::names;

impl PartitionLog {
    /// The topic's id; none where the folder has none yet.
    pub fn topic_id(&self) -> Result<Option<Uuid>, LogError> {
        checkpoint::read_topic_id(self.store.as_ref(), &self.folder.join(names::PARTITION_METADATA))
    }

    /// Writes the topic's id into the folder.
    pub fn set_topic_id(&mut self, id: Uuid) -> Result<(), LogError> {
        checkpoint::write_topic_id(self.store.as_ref(), &self.folder.join(names::PARTITION_METADATA), id)
    }

    /// Renames the log's folder to `<topic>-<partition>.<unique>-delete`, so that a partition of the same
    /// name can be made at once. Gives the folder, which the caller removes once the log is dropped.
    pub fn rename_for_deletion(
        &mut self,
        topic: &str,
        partition: i32,
        unique: Uuid,
    ) -> Result<PathBuf, LogError> {
        let renamed = self.folder.with_file_name(names::deleted_partition_folder(topic, partition, unique));
        self.store.rename(&self.folder, &renamed).at("rename", &self.folder, 0)?;
        if let Some(above) = renamed.parent() {
            self.store.sync_folder(above).at("flush", above, 0)?;
        }
        self.folder.clone_from(&renamed);
        Ok(renamed)
    }
}
