//! Checkpoints in MirrorMaker 2's topic.

use std::collections::BTreeSet;

use strait_replicator_core::group::{CheckpointLog, GroupPartition};
use strait_wire::mm2::Checkpoint;
use tracing::{debug, warn};

use super::{GroupTask, PassError, TranslatedGroup};
use crate::flow::lane::unix_ms;
use crate::internal_topic::{InternalTopic, KeyedRecord};

impl GroupTask {
    /// Publishes what is new, and removes what no longer is at the source.
    pub(super) async fn publish(&mut self, groups: &[TranslatedGroup]) -> Result<(), PassError> {
        let Some(topic) = &self.checkpoints else { return Ok(()) };
        let published = match &mut self.published {
            Some(published) => published,
            None => self.published.insert(read(topic).await?),
        };
        let due: Vec<Checkpoint> = groups
            .iter()
            .flat_map(TranslatedGroup::checkpoints)
            .filter(|checkpoint| published.is_due(checkpoint))
            .collect();
        let mut records: Vec<KeyedRecord> = due
            .iter()
            .map(|checkpoint| {
                let record = checkpoint.encode();
                (record.key, Some(record.value))
            })
            .collect();
        let there: BTreeSet<(&str, &str, i32)> = groups
            .iter()
            .flat_map(|group| {
                group
                    .partitions
                    .keys()
                    .map(|(topic, partition)| (group.id.as_str(), topic.as_str(), *partition))
            })
            .collect();
        let gone = published.take_gone(|place| {
            let is_unread = self.unread.contains(&place.group_id) || !self.filter.includes(&place.group_id);
            is_unread || there.contains(&(place.group_id.as_str(), place.topic.as_str(), place.partition))
        });
        records.extend(gone.iter().map(|place| (key_of(place), None)));
        if records.is_empty() {
            return Ok(());
        }
        if let Err(error) = topic.write(&records, unix_ms()).await {
            // What of it was written is not known.
            self.published = None;
            return Err(error.into());
        }
        debug!(
            topic = topic.name,
            checkpoints = due.len(),
            removed = gone.len(),
            "checkpoints are published"
        );
        due.iter().for_each(|checkpoint| published.remember(checkpoint));
        Ok(())
    }
}

/// What the topic holds. What is no checkpoint is left out, as MirrorMaker 2 does.
async fn read(topic: &InternalTopic) -> Result<CheckpointLog, PassError> {
    let mut log = CheckpointLog::default();
    let mut malformed = 0_u64;
    let taken = topic.read(|record| {
        let (Some(key), Some(value)) = (&record.key, &record.value) else { return };
        match Checkpoint::decode(key, value) {
            Ok(checkpoint) => log.remember(&checkpoint),
            Err(error) => {
                if malformed == 0 {
                    warn!(topic = topic.name, offset = record.offset, %error, "a record is no checkpoint and is left out");
                }
                malformed += 1;
            }
        }
    });
    taken.await?;
    if malformed > 1 {
        warn!(topic = topic.name, malformed, "records are no checkpoints and are left out");
    }
    Ok(log)
}

fn key_of(place: &GroupPartition) -> bytes::Bytes {
    let checkpoint = Checkpoint {
        group_id: place.group_id.clone(),
        topic: place.topic.clone(),
        partition: place.partition,
        upstream_offset: 0,
        downstream_offset: 0,
        metadata: String::new(),
    };
    checkpoint.encode().key
}
