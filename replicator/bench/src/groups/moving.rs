//! All groups of a topic: commits at the source, and waiting for them at the target.

use std::collections::BTreeMap;
use std::time::Duration;

use strait_client::{BrokerError, ClientError, CommittedOffset, CommittedOffsets};
use strait_wire::codec::Request;
use strait_wire::message::offset_commit::OffsetCommitRequest;
use strait_wire::message::offset_fetch::{
    OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchRequestTopics, OffsetFetchResponseGroup,
};
use tokio::time::{Instant, sleep};

use crate::copier::{Job, Running};
use crate::error::BenchError;
use crate::session::Session;

/// Between looks at the target.
const INTERVAL: Duration = Duration::from_millis(20);
/// A request names topics and not their ids.
const LOOK_VERSION: i16 = 8;

/// Groups of a job's topic.
pub(super) struct Moving<'a> {
    pub(super) session: &'a Session<'a>,
    pub(super) job: &'a Job<'a>,
    pub(super) groups: u32,
}

impl Moving<'_> {
    fn names(&self) -> Vec<String> {
        (0..self.groups).map(|number| format!("{}-{number:05}", self.job.topic)).collect()
    }

    /// Commits an offset for each group and partition at the source.
    pub(super) async fn commit(&self, offset: i64) -> Result<(), BenchError> {
        let committed = CommittedOffset { offset, leader_epoch: -1, metadata: String::new() };
        let partitions = (0..self.job.partitions).map(|partition| (partition, committed.clone()));
        let offsets = CommittedOffsets::from([(self.job.topic.to_owned(), partitions.collect())]);
        let names = self.names().into_iter();
        let commits: BTreeMap<String, CommittedOffsets> = names.map(|name| (name, offsets.clone())).collect();
        for (_, answer) in self.session.clusters.source.cluster.commit_offsets(&commits).await? {
            let results = answer.map_err(|error| self.refused::<OffsetCommitRequest>(error))?;
            for (_, result) in results {
                result.map_err(|error| self.refused::<OffsetCommitRequest>(error))?;
            }
        }
        Ok(())
    }

    fn refused<R: Request>(&self, error: BrokerError) -> BenchError {
        BenchError::Broker { api: R::KEY, topic: self.job.topic.to_owned(), error }
    }

    /// Waits until every group is behind an offset at the target, in each partition, and gives when it was.
    pub(super) async fn until_moved(
        &self,
        offset: i64,
        running: &mut Running<'_>,
    ) -> Result<Instant, BenchError> {
        let (begun, limit) = (Instant::now(), self.session.setup.limit);
        let mut waiting = self.names();
        loop {
            running.check()?;
            // Looking at everything would take the brokers' time from what is measured: one group is looked at, the others
            // when it has moved, and the other partitions when all have.
            if let Some(last) = waiting.last()
                && self.not_behind(offset, std::slice::from_ref(last)).await?.is_empty()
            {
                waiting = self.not_behind(offset, &waiting).await?;
            }
            let moved_at = Instant::now();
            if waiting.is_empty() && self.is_everywhere_behind(offset).await? {
                return Ok(moved_at);
            }
            if begun.elapsed() > limit {
                let what = format!("{} groups moved by {}", self.groups, running.name());
                let seen = format!("{} groups that have not moved", waiting.len());
                return Err(BenchError::Deadline { what, after: limit, seen });
            }
            sleep(INTERVAL).await;
        }
    }

    /// The groups that are not behind an offset in the last partition.
    async fn not_behind(&self, offset: i64, groups: &[String]) -> Result<Vec<String>, BenchError> {
        let target = &self.session.clusters.target.cluster;
        let broker = target.metadata().await.brokers.keys().next().copied();
        let connection = target.connection_to(broker.ok_or(ClientError::NoBrokers)?).await?;
        let last = OffsetFetchRequestTopics {
            name: self.job.remote_topic(),
            partition_indexes: vec![self.job.partitions - 1],
            ..Default::default()
        };
        let asked = groups.iter().map(|group| OffsetFetchRequestGroup {
            group_id: group.clone(),
            topics: Some(vec![last.clone()]),
            ..Default::default()
        });
        let request = OffsetFetchRequest { groups: asked.collect(), ..Default::default() };
        let response = connection.call_at(&request, LOOK_VERSION).await?;
        let is_behind = |group: &OffsetFetchResponseGroup| {
            let mut partitions = group.topics.iter().flat_map(|topic| &topic.partitions);
            partitions.any(|partition| partition.committed_offset > offset)
        };
        let waiting = response.groups.into_iter().filter(|group| !is_behind(group));
        Ok(waiting.map(|group| group.group_id).collect())
    }

    async fn is_everywhere_behind(&self, offset: i64) -> Result<bool, BenchError> {
        let (remote, target) = (self.job.remote_topic(), &self.session.clusters.target.cluster);
        for (_, committed) in target.committed_offsets(&self.names()).await? {
            let committed = committed.map_err(|error| self.refused::<OffsetFetchRequest>(error))?;
            let partitions = committed.get(&remote).into_iter().flatten();
            let moved = partitions.filter(|(_, found)| found.offset > offset).count();
            if i32::try_from(moved) != Ok(self.job.partitions) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
