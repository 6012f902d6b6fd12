//! Commits of offsets, one after the other in the order they were asked for.

use std::collections::BTreeMap;
use std::sync::Arc;

use strait_wire::codec::Request;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic, OffsetCommitResponse,
};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Duration, Instant, timeout_at};

use super::membership::Group;
use crate::consumer::error::ConsumerError;
use crate::consumer::record::{ConsumerGroupMetadata, Offsets};
use crate::error::{BrokerError, ClientError};
use crate::retry::{Attempts, is_retriable, is_retriable_code};

/// Above it topics are named by id.
const NAMES_VERSION: i16 = 9;
/// Commits that wait for their turn.
const QUEUE: usize = 128;

/// Offsets to commit, and who waits for that.
#[derive(Debug)]
pub(crate) struct CommitJob {
    offsets: Offsets,
    member: ConsumerGroupMetadata,
    /// Try again until then; `None`: once.
    deadline: Option<Instant>,
    done: oneshot::Sender<Result<(), ConsumerError>>,
}

/// Resolves when the commit is done.
pub(crate) type Commit = oneshot::Receiver<Result<(), ConsumerError>>;

/// Where commits are put; they are done by a task that ends with the last of it.
#[derive(Clone, Debug)]
pub(crate) struct Committer {
    jobs: mpsc::Sender<CommitJob>,
}

impl Committer {
    pub(crate) fn spawn(group: Arc<Group>) -> Self {
        let (jobs, mut queue) = mpsc::channel::<CommitJob>(QUEUE);
        tokio::spawn(async move {
            while let Some(job) = queue.recv().await {
                let outcome = group.commit(&job).await;
                // Nobody may wait any more: that is fine.
                let _ = job.done.send(outcome);
            }
        });
        Self { jobs }
    }

    /// In the name of the member that we are now.
    pub(crate) fn commit(
        &self,
        group: &Group,
        offsets: Offsets,
        within: Option<Duration>,
    ) -> Result<Commit, ConsumerError> {
        let (done, commit) = oneshot::channel();
        let deadline = within.map(|within| Instant::now() + within);
        let job = CommitJob { offsets, member: group.metadata(), deadline, done };
        self.jobs.try_send(job).map_err(|_| ConsumerError::TooManyCommits)?;
        Ok(commit)
    }
}

impl Group {
    async fn commit(&self, job: &CommitJob) -> Result<(), ConsumerError> {
        if job.offsets.is_empty() {
            return Ok(());
        }
        let request = build(job);
        let mut attempts = Attempts::within(Duration::MAX / 4);
        loop {
            let code = |response: &OffsetCommitResponse| first_error(response);
            let answer = self.coordinator.ask_checked(&request, NAMES_VERSION, &code);
            let answer = match job.deadline {
                Some(deadline) => timeout_at(deadline, answer).await.unwrap_or_else(|_| Err(late())),
                None => answer.await,
            };
            let Err(error) = answer else { return Ok(()) };
            let again = job.deadline.is_some_and(|deadline| Instant::now() < deadline);
            if !again || !is_retriable(&error) || !attempts.pause().await {
                return Err(self.meaning(error));
            }
        }
    }

    fn meaning(&self, error: ClientError) -> ConsumerError {
        let ClientError::Broker { error, .. } = error else { return error.into() };
        match error.code {
            ErrorCode::UNKNOWN_MEMBER_ID => {
                self.state().expel("encountered UNKNOWN_MEMBER_ID", true);
                ConsumerError::CommitFailed
            }
            ErrorCode::ILLEGAL_GENERATION => {
                self.state().expel("encountered ILLEGAL_GENERATION", false);
                ConsumerError::CommitFailed
            }
            ErrorCode::REBALANCE_IN_PROGRESS => {
                self.ask_to_rejoin("offset commit failed since group is already rebalancing");
                ConsumerError::RebalanceInProgress
            }
            ErrorCode::TOPIC_AUTHORIZATION_FAILED => {
                let topic = error.message.clone().unwrap_or_default();
                ConsumerError::Topic { topic, error }
            }
            _ => self.refused(error),
        }
    }
}

fn late() -> ClientError {
    let error = BrokerError { code: ErrorCode::REQUEST_TIMED_OUT, message: None };
    ClientError::Broker { api: OffsetCommitRequest::KEY, error }
}

fn build(job: &CommitJob) -> OffsetCommitRequest {
    let mut topics: BTreeMap<&str, Vec<OffsetCommitRequestPartition>> = BTreeMap::new();
    for ((topic, partition_index), committed) in &job.offsets {
        topics.entry(topic).or_default().push(OffsetCommitRequestPartition {
            partition_index: *partition_index,
            committed_offset: committed.offset,
            committed_leader_epoch: committed.leader_epoch.unwrap_or(-1),
            committed_metadata: Some(committed.metadata.clone()),
        });
    }
    let topics = topics.into_iter().map(|(name, partitions)| OffsetCommitRequestTopic {
        name: name.to_owned(),
        partitions,
        ..OffsetCommitRequestTopic::default()
    });
    let member = job.member.clone();
    OffsetCommitRequest {
        group_id: member.group_id,
        generation_id_or_member_epoch: member.generation_id,
        member_id: member.member_id,
        group_instance_id: member.group_instance_id,
        topics: topics.collect(),
        ..OffsetCommitRequest::default()
    }
}

/// The first partition's error that trying again does not help against, or else the first of all.
fn first_error(response: &OffsetCommitResponse) -> Result<(), BrokerError> {
    let failed = response.topics.iter().flat_map(|topic| {
        topic.partitions.iter().filter(|partition| partition.error_code != 0).map(move |partition| {
            let code = ErrorCode(partition.error_code);
            BrokerError { code, message: Some(format!("{}-{}", topic.name, partition.partition_index)) }
        })
    });
    failed.min_by_key(|error| is_retriable_code(error.code)).map_or(Ok(()), Err)
}
