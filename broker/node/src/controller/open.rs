//! Opening the logs of partitions.

use std::ops::Range;
use std::sync::Arc;

use strait_wire::ids::Uuid;

use super::{ChangeError, Controller, stray};
use crate::clock::now_ms;
use crate::parallel;
use crate::partition::{OpenError, Opening, Partition};
use crate::settings::TopicRules;

/// A topic whose partitions are opened.
#[derive(Clone, Copy, Debug)]
pub(super) struct OpenedTopic<'a> {
    pub(super) name: &'a str,
    pub(super) id: Uuid,
    pub(super) rules: &'a TopicRules,
}

impl Controller {
    /// Makes the logs of new partitions: of all or of none.
    pub(super) fn create_partitions(
        &self,
        topic: OpenedTopic<'_>,
        indexes: Range<i32>,
    ) -> Result<Vec<Arc<Partition>>, ChangeError> {
        let openings: Vec<Opening<'_>> = indexes.map(|index| self.opening(topic, index, true)).collect();
        let opened = parallel::each(&openings, |opening| self.open_partition(*opening).map(Arc::new));
        let failed = opened.iter().any(Result::is_err);
        if failed {
            self.discard(opened.iter().flatten());
        }
        let partitions = opened.into_iter().collect::<Result<Vec<_>, _>>()?;
        self.folder.sync()?;
        Ok(partitions)
    }

    /// Removes partitions that were made for nothing.
    pub(super) fn discard<'a>(&self, partitions: impl Iterator<Item = &'a Arc<Partition>>) {
        for partition in partitions {
            let removed = crate::random::uuid().map(|unique| partition.delete(unique));
            match removed {
                Ok(Ok(folder)) => folder.iter().for_each(|folder| self.remove_folder(folder)),
                // What is left belongs to no topic, which the next start notices.
                Ok(Err(error)) => tracing::warn!(%error, "folder of a discarded partition not renamed"),
                Err(error) => tracing::warn!(%error, "folder of a discarded partition not renamed"),
            }
        }
    }

    /// Opens the logs of partitions that were there before. One that can't be opened is offline; the others are not
    /// concerned.
    pub(super) fn open_known_partitions(&self, partitions: &[(OpenedTopic<'_>, i32)]) -> Vec<Arc<Partition>> {
        let opened = parallel::each(partitions, |(topic, index)| {
            self.open_partition(self.opening(*topic, *index, false)).unwrap_or_else(|error| {
                tracing::error!(topic = topic.name, partition = index, %error, "partition is offline");
                Partition::offline(topic.name, *index, topic.rules)
            })
        });
        opened.into_iter().map(Arc::new).collect()
    }

    fn opening<'a>(&'a self, topic: OpenedTopic<'a>, index: i32, is_new: bool) -> Opening<'a> {
        Opening {
            topic: topic.name,
            topic_id: topic.id,
            index,
            rules: topic.rules,
            now_ms: now_ms(),
            producer_expiration_ms: self.settings.number("producer.id.expiration.ms"),
            is_new,
            budgets: &self.budgets,
        }
    }

    /// Opens a partition. A folder of an older topic of this name is put aside first.
    fn open_partition(&self, opening: Opening<'_>) -> Result<Partition, ChangeError> {
        let found = match Partition::open(&self.folder, opening) {
            Ok(partition) => return Ok(partition),
            Err(OpenError::Log(error)) => return Err(error.into()),
            Err(OpenError::OtherTopic { found }) => found,
        };
        stray::put_aside(&self.folder, (opening.topic, opening.index))?;
        match Partition::open(&self.folder, opening) {
            Ok(partition) => Ok(partition),
            Err(OpenError::Log(error)) => Err(error.into()),
            Err(OpenError::OtherTopic { .. }) => Err(ChangeError::OtherTopic { found }),
        }
    }
}
