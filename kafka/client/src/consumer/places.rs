//! Where reading begins: what the group committed, or what the policy says; and metadata, which is needed for both.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use strait_wire::error_code::ErrorCode;
use tokio::time::Instant;

use super::config::AutoOffsetReset;
use super::error::ConsumerError;
use super::events::{Event, Places, Versioned};
use super::handle::Consumer;
use super::record::Offsets;
use super::subscription::{Choice, Place, Position};
use crate::cluster::Cluster;
use crate::error::{BrokerError, ClientError};
use crate::leaders::TopicPartition;
use crate::metadata::Metadata;
use crate::offsets::{IsolationLevel, ListOffsetsAt};

impl Consumer {
    pub(super) fn backoff(&self) -> Duration {
        Duration::from_millis(self.config.retry_backoff_ms.clamp(1, 60_000).unsigned_abs())
    }

    /// Asks for metadata when something is missing, or when it is old.
    pub(super) fn refresh(&mut self) {
        let age = Duration::from_millis(self.config.metadata_max_age_ms.unsigned_abs());
        let is_old = self.flags.refreshed.is_none_or(|refreshed| refreshed.elapsed() >= age);
        let too_early = self.flags.refresh_from.is_some_and(|from| Instant::now() < from);
        if self.flags.refreshing || too_early || !(is_old || self.flags.wants_refresh) {
            return;
        }
        self.flags.refreshing = true;
        self.flags.wants_refresh = false;
        let (cluster, create) = (self.cluster.clone(), self.config.allow_auto_create_topics);
        let topics = self.topics_of_interest();
        self.events.spawn(async move {
            Event::Refreshed(match topics {
                None => cluster.refresh(None).await,
                Some(topics) if create => cluster.refresh_or_create(&topics).await,
                Some(topics) => cluster.refresh(Some(&topics)).await,
            })
        });
    }

    /// `None`: all, for a pattern.
    fn topics_of_interest(&self) -> Option<Vec<String>> {
        let mut topics = match self.subscriptions.choice {
            Choice::Pattern(_) => return None,
            _ => self.wanted_topics(),
        };
        topics.extend(self.subscriptions.assigned.keys().map(|(topic, _)| topic.clone()));
        topics.extend(self.flags.led.iter().flat_map(|led| led.keys().cloned()));
        Some(topics.into_iter().collect())
    }

    pub(super) fn on_refreshed(&mut self, outcome: Result<Arc<Metadata>, ClientError>) {
        self.flags.refreshing = false;
        self.flags.refresh_from = Some(Instant::now() + self.backoff());
        match outcome {
            Ok(metadata) => {
                let before = self.wanted_topics();
                self.metadata = metadata;
                self.flags.refreshed = Some(Instant::now());
                self.check_topics();
                self.on_topics(&before);
            }
            Err(error) => {
                self.flags.wants_refresh = true;
                if error.is_unauthorized() || matches!(error, ClientError::OtherCluster { .. }) {
                    self.errors.push_back(error.into());
                } else {
                    tracing::debug!(%error, "no metadata");
                }
            }
        }
    }

    /// Topics that may not be read, or can't be, are told by `poll`.
    fn check_topics(&mut self) {
        let topics = self.wanted_topics();
        let assigned = self.subscriptions.assigned.keys().map(|(topic, _)| topic);
        for topic in topics.iter().chain(assigned).filter_map(|topic| self.metadata.topics.get(topic)) {
            if topic.error.is_authorization() || topic.error == ErrorCode::INVALID_TOPIC_EXCEPTION {
                let error = BrokerError { code: topic.error, message: None };
                self.errors.push_back(ConsumerError::Topic { topic: topic.name.clone(), error });
                return;
            }
        }
        let has_leader = |partition: &TopicPartition| self.leader(partition).is_some();
        self.flags.wants_refresh |= !self.subscriptions.assigned.keys().all(has_leader);
    }

    /// Asks for what partitions without a place need next.
    pub(super) fn find_places(&mut self) {
        if self.flags.ask_from.is_some_and(|from| Instant::now() < from) {
            return;
        }
        let unknown = self.subscriptions.placed(|place| place == Place::Unknown);
        match self.group.clone() {
            Some(group) if !unknown.is_empty() && !self.flags.asking_committed => {
                self.flags.asking_committed = true;
                let partitions: Vec<TopicPartition> =
                    unknown.iter().map(|(partition, _)| partition.clone()).collect();
                self.events.spawn(async move {
                    Event::Committed(unknown, group.committed(Some(&partitions)).await)
                });
            }
            Some(_) => {}
            None => self.on_no_commit(&unknown),
        }
        let open = self.subscriptions.placed(|place| matches!(place, Place::Reset(_)));
        if !open.is_empty() && !self.flags.asking_offsets {
            self.ask_offsets(open);
        }
    }

    pub(super) fn on_committed(&mut self, asked: &[Versioned], outcome: Result<Offsets, ConsumerError>) {
        self.flags.asking_committed = false;
        match outcome {
            Ok(offsets) => {
                let (with, without): (Vec<_>, Vec<_>) =
                    asked.iter().cloned().partition(|(partition, _)| offsets.contains_key(partition));
                for (partition, version) in with {
                    if let Some(found) = offsets.get(&partition) {
                        let place =
                            Place::At(Position { offset: found.offset, leader_epoch: found.leader_epoch });
                        self.subscriptions.resolve(&partition, version, place);
                    }
                }
                self.on_no_commit(&without);
            }
            Err(error) => {
                self.flags.ask_from = Some(Instant::now() + self.backoff());
                match &error {
                    ConsumerError::Cluster(cause) if !cause.is_unauthorized() => {
                        tracing::debug!(%error, "no committed offsets");
                    }
                    _ => self.errors.push_back(error),
                }
            }
        }
    }

    /// The policy decides.
    fn on_no_commit(&mut self, partitions: &[Versioned]) {
        let policy = self.config.auto_offset_reset;
        if policy == AutoOffsetReset::None && !partitions.is_empty() {
            let partitions = partitions.iter().map(|(partition, _)| partition.clone()).collect();
            self.errors.push_back(ConsumerError::NoOffset { partitions });
            return;
        }
        for (partition, version) in partitions {
            self.subscriptions.resolve(partition, *version, Place::Reset(policy));
        }
    }

    fn ask_offsets(&mut self, open: Vec<Versioned>) {
        self.flags.asking_offsets = true;
        let mut by_policy: Vec<(AutoOffsetReset, Vec<TopicPartition>)> = Vec::new();
        for (partition, _) in &open {
            let Some(Place::Reset(policy)) =
                self.subscriptions.assigned.get(partition).map(|found| found.place)
            else {
                continue;
            };
            match by_policy.iter_mut().find(|(known, _)| *known == policy) {
                Some((_, partitions)) => partitions.push(partition.clone()),
                None => by_policy.push((policy, vec![partition.clone()])),
            }
        }
        let (cluster, isolation) = (self.cluster.clone(), self.config.isolation_level);
        self.events.spawn(async move { Event::Reset(open, look_up(&cluster, by_policy, isolation).await) });
    }

    pub(super) fn on_reset(&mut self, asked: &[Versioned], outcome: Result<Places, ClientError>) {
        self.flags.asking_offsets = false;
        let found = match outcome {
            Ok(found) => found,
            Err(error) => {
                tracing::debug!(%error, "no offsets to begin at");
                self.flags.ask_from = Some(Instant::now() + self.backoff());
                self.flags.wants_refresh = true;
                return;
            }
        };
        for (partition, place) in found {
            let version = asked.iter().find(|(known, _)| *known == partition).map(|(_, version)| *version);
            match (place, version) {
                (Ok(place), Some(version)) => self.subscriptions.resolve(&partition, version, place),
                (Ok(_), None) => {}
                (Err(error), _) => {
                    self.flags.ask_from = Some(Instant::now() + self.backoff());
                    self.flags.wants_refresh = true;
                    if error.code().is_some_and(ErrorCode::is_authorization) {
                        self.errors.push_back(error);
                    }
                }
            }
        }
    }
}

/// Asks leaders where to begin. Behind the last record of a time is the end.
async fn look_up(
    cluster: &Cluster,
    by_policy: Vec<(AutoOffsetReset, Vec<TopicPartition>)>,
    isolation: IsolationLevel,
) -> Result<Places, ClientError> {
    let mut found = Vec::new();
    for (policy, partitions) in by_policy {
        let at = match policy {
            AutoOffsetReset::Earliest => ListOffsetsAt::Earliest,
            AutoOffsetReset::Latest | AutoOffsetReset::None => ListOffsetsAt::Latest,
            AutoOffsetReset::ByDuration(span) => ListOffsetsAt::Timestamp(ago_ms(span)),
        };
        let mut late = Vec::new();
        for (partition, answer) in cluster.list_offsets(&partitions, at, isolation).await? {
            match answer {
                Ok(answer) if answer.offset < 0 => late.push(partition),
                Ok(answer) => {
                    let leader_epoch = Some(answer.leader_epoch).filter(|epoch| *epoch >= 0);
                    found.push((partition, Ok(Place::At(Position { offset: answer.offset, leader_epoch }))));
                }
                Err(error) => {
                    let topic = partition.0.clone();
                    found.push((partition, Err(ConsumerError::Topic { topic, error })));
                }
            }
        }
        let ends = late.into_iter().map(|partition| (partition, Ok(Place::Reset(AutoOffsetReset::Latest))));
        found.extend(ends);
    }
    Ok(found)
}

/// Milliseconds since 1970, that long ago.
fn ago_ms(span: Duration) -> i64 {
    let then = SystemTime::now().checked_sub(span).and_then(|then| then.duration_since(UNIX_EPOCH).ok());
    then.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
