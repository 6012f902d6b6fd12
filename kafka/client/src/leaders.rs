//! Questions that only leaders can answer: each leader gets its partitions, partitions that moved are asked again.

use std::collections::BTreeMap;

use strait_wire::error_code::ErrorCode;

use crate::cluster::Cluster;
use crate::error::{BrokerError, ClientError};
use crate::exchange::Call;
use crate::metadata::Metadata;
use crate::retry::{Attempts, is_retriable, is_retriable_code};

/// Topic and partition.
pub type TopicPartition = (String, i32);

/// The answer for each partition.
pub type PartitionResults<T> = Vec<(TopicPartition, Result<T, BrokerError>)>;

/// Partitions by topic, with what is asked of each.
pub(crate) type Asked<Q> = BTreeMap<String, Vec<(i32, Q)>>;

impl Cluster {
    /// Asks every leader for its partitions until each has an answer that stays, or the deadline has passed; then
    /// the last answer counts.
    pub(crate) async fn ask_leaders<Q, R, T>(
        &self,
        partitions: BTreeMap<TopicPartition, Q>,
        build: impl Fn(&Asked<Q>) -> R,
        read: impl Fn(R::Response) -> PartitionResults<T>,
    ) -> Result<PartitionResults<T>, ClientError>
    where
        Q: Clone,
        R: Call,
    {
        let mut attempts = Attempts::within(self.config().operation_timeout);
        let (mut open, mut answers) = (partitions, PartitionResults::new());
        loop {
            let mut failure = None;
            let (by_leader, mut moved) = group_by_leader(self.metadata().await.as_ref(), &open);
            for (leader, asked) in by_leader {
                match self.ask_leader(leader, &build(&asked)).await {
                    Ok(response) => sort_answers(read(response), &mut open, &mut answers, &mut moved),
                    Err(error) if is_retriable(&error) => failure = Some(error),
                    Err(error) => return Err(error),
                }
            }
            if open.is_empty() {
                return Ok(answers);
            }
            if !attempts.pause().await {
                let unanswered = open.keys().any(|partition| !moved.contains_key(partition));
                return match failure.filter(|_| unanswered) {
                    Some(error) => Err(attempts.given_up(&error)),
                    None => Ok(with_refusals(answers, open, moved)),
                };
            }
            let topics: Vec<String> = open.keys().map(|(topic, _)| topic.clone()).collect();
            self.refresh(Some(&topics)).await?;
        }
    }

    async fn ask_leader<R: Call>(&self, leader: i32, request: &R) -> Result<R::Response, ClientError> {
        Ok(self.connection_to(leader).await?.call(request).await?)
    }
}

/// Errors of partitions that another attempt may answer.
type Refusals = BTreeMap<TopicPartition, BrokerError>;

fn group_by_leader<Q: Clone>(
    metadata: &Metadata,
    open: &BTreeMap<TopicPartition, Q>,
) -> (BTreeMap<i32, Asked<Q>>, Refusals) {
    let mut by_leader: BTreeMap<i32, Asked<Q>> = BTreeMap::new();
    let mut without = Refusals::new();
    for (partition, question) in open {
        let (topic, index) = partition;
        let known = metadata.topics.get(topic).and_then(|topic| topic.partitions.get(index));
        match known.map(|partition| partition.leader) {
            Some(leader) if leader >= 0 => {
                let asked = by_leader.entry(leader).or_default().entry(topic.clone()).or_default();
                asked.push((*index, question.clone()));
            }
            Some(_) => {
                without.insert(partition.clone(), refusal(ErrorCode::LEADER_NOT_AVAILABLE));
            }
            None => {
                without.insert(partition.clone(), refusal(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION));
            }
        }
    }
    (by_leader, without)
}

fn refusal(code: ErrorCode) -> BrokerError {
    BrokerError { code, message: None }
}

fn sort_answers<Q, T>(
    results: PartitionResults<T>,
    open: &mut BTreeMap<TopicPartition, Q>,
    answers: &mut PartitionResults<T>,
    moved: &mut Refusals,
) {
    for (partition, result) in results {
        match result {
            Err(error) if is_retriable_code(error.code) => {
                moved.insert(partition, error);
            }
            result => {
                // A broker that names a partition twice, or one that was not asked, is not believed.
                if open.remove(&partition).is_some() {
                    answers.push((partition, result));
                }
            }
        }
    }
}

fn with_refusals<Q, T>(
    mut answers: PartitionResults<T>,
    open: BTreeMap<TopicPartition, Q>,
    mut moved: Refusals,
) -> PartitionResults<T> {
    for partition in open.into_keys() {
        let error = moved.remove(&partition).unwrap_or_else(|| refusal(ErrorCode::REQUEST_TIMED_OUT));
        answers.push((partition, Err(error)));
    }
    answers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: ErrorCode) -> Result<i64, BrokerError> {
        Err(refusal(code))
    }

    #[test]
    fn only_answers_that_stay_close_a_partition() {
        let partition = |index| ("orders".to_owned(), index);
        let mut open: BTreeMap<TopicPartition, ()> = (0..3).map(|index| (partition(index), ())).collect();
        let (mut answers, mut moved) = (Vec::new(), Refusals::new());
        let results = vec![
            (partition(0), Ok(5)),
            (partition(0), Ok(6)),
            (partition(1), error(ErrorCode::NOT_LEADER_OR_FOLLOWER)),
            (partition(2), error(ErrorCode::TOPIC_AUTHORIZATION_FAILED)),
            (partition(9), Ok(7)),
        ];
        sort_answers(results, &mut open, &mut answers, &mut moved);
        let expected =
            vec![(partition(0), Ok(5)), (partition(2), error(ErrorCode::TOPIC_AUTHORIZATION_FAILED))];
        assert_eq!(answers, expected);
        assert_eq!(open.into_keys().collect::<Vec<_>>(), [partition(1)]);
        assert_eq!(moved.into_keys().collect::<Vec<_>>(), [partition(1)]);
    }
}
