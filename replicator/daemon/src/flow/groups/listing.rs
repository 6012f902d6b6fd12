//! Groups of the source, what they committed, and where that lies at the target.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use strait_client::{ClientError, Cluster, CommittedOffsets, GroupListing};
use strait_replicator_core::group::{ByPartition, Translated};
use tracing::warn;

use super::found::{TranslatedGroup, TranslatedPartition, TranslatedTopic};
use super::{Direction, GroupTask, Groups, PassError, Side};
use crate::flow::assignment::PartitionName;

/// What a group of the source committed.
pub(super) struct SourceGroup {
    id: String,
    is_memberless: bool,
    offsets: CommittedOffsets,
}

/// Kafka's word for a committed offset that says there is none.
const NO_OFFSET: i64 = -1;

impl GroupTask {
    /// The groups of one side that the filter takes and that are asked about.
    pub(super) async fn followed(&self, side: Side, asked: &Groups) -> Result<Vec<GroupListing>, PassError> {
        let (cluster, failed) = self.at(side);
        let mut groups = cluster.list_groups().await.map_err(failed)?;
        groups.retain(|group| {
            group.is_of_consumers() && asked.has(&group.group_id) && self.filter.includes(&group.group_id)
        });
        Ok(groups)
    }

    /// A side's cluster, and what its errors are here.
    pub(super) fn at(&self, side: Side) -> (&Cluster, fn(ClientError) -> PassError) {
        match side {
            Side::Source => (&self.parts.source, PassError::Source),
            Side::Target => (&self.parts.target, PassError::Target),
        }
    }

    /// All that groups committed, and those of which it can't be read.
    pub(super) async fn committed_at_source(
        &self,
        followed: &[GroupListing],
    ) -> Result<(Vec<SourceGroup>, BTreeSet<String>), PassError> {
        let ids: Vec<String> = followed.iter().map(|group| group.group_id.clone()).collect();
        let answers = self.parts.source.committed_offsets(&ids).await.map_err(PassError::Source)?;
        let memberless = followed.iter().filter(|group| group.protocol_type.is_empty());
        let memberless: BTreeSet<&str> = memberless.map(|group| group.group_id.as_str()).collect();
        let (mut groups, mut unread) = (Vec::with_capacity(answers.len()), BTreeSet::new());
        for (id, committed) in answers {
            match committed {
                Ok(offsets) => {
                    let is_memberless = memberless.contains(id.as_str());
                    groups.push(SourceGroup { id, is_memberless, offsets });
                }
                Err(error) => {
                    warn!(flow = %self.parts.flow.id(), group = id, %error, "offsets of a group can't be read");
                    unread.insert(id);
                }
            }
        }
        Ok((groups, unread))
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
        let mut asked: ByPartition<Vec<i64>> = ByPartition::new();
        for (topic, partitions) in groups.iter().flat_map(|group| &group.offsets) {
            let of_topic = asked.entry(topic.clone()).or_default();
            for (partition, committed) in partitions {
                of_topic.entry(*partition).or_default().push(committed.offset.max(0));
            }
        }
        let both_names = |topic: &String| {
            let remote = self.policy.remote_topic(&self.parts.flow.source, topic);
            (topic.clone(), (Arc::from(topic.as_str()), Arc::from(remote)))
        };
        let names: BTreeMap<String, (Arc<str>, Arc<str>)> = asked.keys().map(both_names).collect();
        let mut answers = self.parts.translator.translate(Direction::ToTarget, asked).await?;
        let translated = groups.into_iter().map(|group| {
            let topics = group.offsets.into_iter().filter_map(|(topic, partitions)| {
                let (source, remote) = names.get(&topic)?;
                let mut of_topic = answers.get_mut(&topic);
                let partitions = partitions.into_iter().map(|(partition, committed)| {
                    let answers = of_topic.as_mut().and_then(|of_topic| of_topic.get_mut(&partition));
                    let answer = answers.and_then(Iterator::next).unwrap_or(Translated::NotCopied);
                    let translated = self.judge(answer, &topic, partition, committed.offset);
                    let (source_offset, metadata) = (committed.offset, committed.metadata);
                    (partition, TranslatedPartition { source_offset, metadata, translated })
                });
                let partitions = partitions.collect();
                Some((Arc::clone(remote), TranslatedTopic { source: Arc::clone(source), partitions }))
            });
            TranslatedGroup { topics: topics.collect(), id: group.id, is_memberless: group.is_memberless }
        });
        Ok(translated.collect())
    }

    /// What the offset map does not say of an offset.
    fn judge(&self, answer: Translated, topic: &str, partition: i32, committed: i64) -> Translated {
        match answer {
            Translated::Exact(_) | Translated::NotYetCopied(_) | Translated::NoMapping
                if committed == NO_OFFSET =>
            {
                Translated::NoOffset
            }
            Translated::NoMapping => {
                self.roughly(&PartitionName { topic: topic.to_owned(), partition }, committed)
            }
            answer => answer,
        }
    }
}
