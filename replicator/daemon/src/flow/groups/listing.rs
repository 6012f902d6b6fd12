//! Groups of the source, what they committed, and where that lies at the target.

use std::collections::BTreeMap;

use strait_replicator_core::group::Translated;
use tracing::warn;

use super::{Direction, GroupTask, Groups, PassError, SourceOffsets, TranslatedGroup, TranslatedPartition};
use crate::flow::assignment::PartitionName;

/// A group of the source.
pub(super) struct SourceGroup {
    id: String,
    is_memberless: bool,
    offsets: SourceOffsets,
}

/// Kafka's word for a committed offset that says there is none.
const NO_OFFSET: i64 = -1;

impl GroupTask {
    /// The groups that the filter takes and that are asked about, with all that they committed.
    pub(super) async fn committed_at_source(
        &mut self,
        asked: &Groups,
    ) -> Result<Vec<SourceGroup>, PassError> {
        let listed = self.parts.source.list_groups().await.map_err(PassError::Source)?;
        let mut followed: BTreeMap<String, bool> = BTreeMap::new();
        for group in listed {
            if group.is_of_consumers() && asked.has(&group.group_id) && self.filter.includes(&group.group_id)
            {
                followed.insert(group.group_id, group.protocol_type.is_empty());
            }
        }
        let ids: Vec<String> = followed.keys().cloned().collect();
        let answers = self.parts.source.committed_offsets(&ids).await.map_err(PassError::Source)?;
        self.unread.clear();
        let mut groups = Vec::with_capacity(answers.len());
        for (id, committed) in answers {
            match committed {
                Ok(committed) => {
                    let offsets = committed
                        .into_iter()
                        .map(|((topic, partition), at)| (PartitionName { topic, partition }, at))
                        .collect();
                    let is_memberless = followed.get(&id).copied().unwrap_or(false);
                    groups.push(SourceGroup { id, is_memberless, offsets });
                }
                Err(error) => {
                    warn!(flow = %self.parts.flow.id(), group = id, %error, "offsets of a group can't be read");
                    self.unread.insert(id);
                }
            }
        }
        Ok(groups)
    }

    /// What MirrorMaker 2 copied lies before the offset map begins: its syncs tell where, unless the topic is another now.
    /// The ledger of partitions that run elsewhere is not here, so that this is not known of them.
    fn roughly(&self, name: &PartitionName, offset: i64) -> Translated {
        if !self.parts.part.has(&name.topic, name.partition) {
            return Translated::NoMapping;
        }
        let is_another = || {
            let losses = self.parts.status.losses_of(&self.parts.flow.id(), name);
            losses.iter().any(|loss| loss.reason == "recreated")
        };
        let map = self.parts.take_over.as_ref().and_then(|take_over| take_over.syncs.get(name));
        match map.and_then(|map| map.translate(offset)) {
            Some(found) if !is_another() => Translated::Rough(found),
            Some(_) | None => Translated::NoMapping,
        }
    }

    pub(super) async fn translate(
        &self,
        groups: Vec<SourceGroup>,
    ) -> Result<Vec<TranslatedGroup>, PassError> {
        let asked = groups
            .iter()
            .flat_map(|group| &group.offsets)
            .map(|(name, committed)| (name.clone(), committed.offset.max(0)));
        let mut answers =
            self.parts.translator.translate(Direction::ToTarget, asked.collect()).await?.into_iter();
        let translated = groups.into_iter().map(|group| {
            let partitions = group.offsets.into_iter().map(|(source, committed)| {
                let answer = answers.next().unwrap_or(Translated::NotCopied);
                let translated = match answer {
                    Translated::Exact(_) | Translated::NotYetCopied(_) | Translated::NoMapping
                        if committed.offset == NO_OFFSET =>
                    {
                        Translated::NoOffset
                    }
                    Translated::NoMapping => self.roughly(&source, committed.offset),
                    answer => answer,
                };
                let topic = self.policy.remote_topic(&self.parts.flow.source, &source.topic);
                let place = (topic, source.partition);
                let (source_offset, metadata) = (committed.offset, committed.metadata);
                (place, TranslatedPartition { source, source_offset, metadata, translated })
            });
            TranslatedGroup {
                partitions: partitions.collect(),
                id: group.id,
                is_memberless: group.is_memberless,
            }
        });
        Ok(translated.collect())
    }
}
