//! Checkpoints in MirrorMaker 2's topic.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use strait_replicator_core::group::CheckpointLog;
use strait_replicator_core::selection::TopicFilter;
use strait_wire::mm2::{Checkpoint, CheckpointKey};
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{debug, warn};

use super::found::{FoundGroups, TranslatedGroup};
use crate::flow::lane::unix_ms;
use crate::flow::owner::Lease;
use crate::internal_topic::{InternalTopic, InternalTopicError, KeyedRecord};
use crate::last_failure::LastFailure;
use crate::status::DaemonStatus;

/// Publishes what passes find.
pub(super) struct Publisher {
    flow: String,
    topic: InternalTopic,
    filter: TopicFilter,
    lease: watch::Receiver<Lease>,
    status: DaemonStatus,
    /// What is in the topic; `None` where it is to be read.
    published: Option<CheckpointLog>,
    last_failure: LastFailure,
}

impl Publisher {
    pub(super) fn new(
        flow: String,
        topic: InternalTopic,
        filter: TopicFilter,
        lease: watch::Receiver<Lease>,
        status: DaemonStatus,
    ) -> Self {
        Self { flow, topic, filter, lease, status, published: None, last_failure: LastFailure::default() }
    }

    /// Publishes the last that was found, until nothing is looked for any more.
    pub(super) async fn run(mut self, mut latest: watch::Receiver<Arc<FoundGroups>>) {
        while latest.changed().await.is_ok() {
            let found = Arc::clone(&latest.borrow_and_update());
            let owns_flow = self.lease.borrow().is_valid_at(Instant::now());
            // What another instance does now is not ours to complain of.
            let published = if owns_flow { self.publish(&found).await } else { Ok(()) };
            self.say(published);
        }
    }

    /// The next pass tries again.
    fn say(&mut self, published: Result<(), InternalTopicError>) {
        let shown = match published {
            Ok(()) => self.last_failure.end().then_some(None),
            Err(error) => self.last_failure.news(&error).map(Some),
        };
        let Some(error) = shown else { return };
        if let Some(error) = error {
            warn!(flow = self.flow, error, "checkpoints can't be published, retrying");
        }
        self.status.update(&self.flow, |flow| flow.checkpoints_error = error.map(str::to_owned));
    }

    /// Publishes what is new, and removes what no longer is at the source. The topic is made also where there is nothing to
    /// publish, as `MirrorCheckpointConnector` does: it tells others that the flow is there.
    async fn publish(&mut self, found: &FoundGroups) -> Result<(), InternalTopicError> {
        let (topic, groups) = (&self.topic, &found.groups);
        let published = match &mut self.published {
            Some(published) => published,
            None => {
                topic.ensure().await?;
                self.published.insert(read(topic).await?)
            }
        };
        let due: Vec<Checkpoint> = groups.iter().flat_map(|group| group.due(published)).collect();
        let mut records: Vec<KeyedRecord> = due
            .iter()
            .map(|checkpoint| {
                let record = checkpoint.encode();
                (record.key, Some(record.value))
            })
            .collect();
        let by_id: HashMap<&str, &TranslatedGroup> =
            groups.iter().map(|group| (group.id.as_str(), group)).collect();
        let there = |id: &str, topic: &str| Some(&by_id.get(id)?.topics.get(topic)?.partitions);
        let is_kept = |id: &str| found.unread.contains(id) || !self.filter.includes(id);
        let gone = published.take_gone(there, is_kept);
        records.extend(gone.iter().map(|place| (place.encode(), Some(Bytes::new()))));
        if records.is_empty() {
            return Ok(());
        }
        if let Err(error) = topic.write(&records, unix_ms()).await {
            // What of it was written is not known.
            self.published = None;
            return Err(error);
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

impl TranslatedGroup {
    /// Checkpoints that say anything new.
    fn due(&self, published: &CheckpointLog) -> Vec<Checkpoint> {
        let mut due = Vec::new();
        for (remote_topic, topic) in &self.topics {
            let published = published.of(&self.id, remote_topic);
            for (partition, place) in &topic.partitions {
                let Some(downstream_offset) = place.translated.offset() else { continue };
                if published.is_due(*partition, place.source_offset, downstream_offset) {
                    due.push(Checkpoint {
                        group_id: self.id.clone(),
                        topic: remote_topic.to_string(),
                        partition: *partition,
                        upstream_offset: place.source_offset,
                        downstream_offset,
                        metadata: place.metadata.clone(),
                    });
                }
            }
        }
        due
    }
}

/// What the topic holds. What is no checkpoint is left out, as MirrorMaker 2 does.
async fn read(topic: &InternalTopic) -> Result<CheckpointLog, InternalTopicError> {
    let mut log = CheckpointLog::default();
    let mut malformed = 0_u64;
    let taken = topic.read(|record| {
        let Some(key) = &record.key else { return };
        let taken = match &record.value {
            Some(value) if !value.is_empty() => {
                Checkpoint::decode(key, value).map(|checkpoint| log.remember(&checkpoint))
            }
            // A tombstone says the same as an empty value.
            Some(_) | None => CheckpointKey::decode(key).map(|place| log.forget(&place)),
        };
        match taken {
            Ok(()) => {}
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
