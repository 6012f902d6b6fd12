//! Metadata of what is read, kept fresh by `poll`.

use std::sync::Arc;
use std::time::Duration;

use strait_wire::error_code::ErrorCode;
use tokio::time::Instant;

use super::error::ConsumerError;
use super::events::Event;
use super::handle::Consumer;
use super::subscription::Choice;
use crate::error::{BrokerError, ClientError};
use crate::leaders::TopicPartition;
use crate::metadata::Metadata;

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
}
