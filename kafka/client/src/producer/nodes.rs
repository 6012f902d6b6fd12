//! What the sender asks of the cluster besides produce: connections, metadata, its identity, the transaction's
//! partitions.

use std::sync::Arc;

use strait_wire::error_code::ErrorClass;

use super::sender::{Event, Sender};
use super::transaction::Phase;
use super::verdict::is_fatal;
use crate::admin::ProducerIdentity;
use crate::connection::Connection;
use crate::error::ClientError;
use crate::leaders::TopicPartition;
use crate::metadata::Metadata;
use crate::producer::backoff::Backoff;
use crate::producer::error::ProducerError;
use crate::retry::is_retriable;

/// Metadata of a topic is kept for this long after the last record (`metadata.max.idle.ms`).
const TOPIC_IDLE_MS: i64 = 300_000;

impl Sender {
    pub(super) fn backoff(&self) -> Backoff {
        let config = &self.shared.config;
        Backoff { first_ms: config.retry_backoff_ms, longest_ms: config.retry_backoff_max_ms }
    }

    /// The connection to a broker; without one it is opened aside.
    pub(super) fn connection(&mut self, id: i32, now_ms: i64) -> Option<Connection> {
        let node = self.nodes.entry(id).or_default();
        node.connection.take_if(|connection| connection.is_closed());
        if node.connection.is_none() && !node.connecting && node.connect_from_ms <= now_ms {
            node.connecting = true;
            let cluster = self.cluster.clone();
            self.events.spawn(async move { Event::Connected(id, cluster.dedicated(id).await) });
        }
        node.connection.clone()
    }

    pub(super) fn on_connected(&mut self, id: i32, outcome: Result<Connection, ClientError>) {
        let (backoff, now_ms) = (self.backoff(), self.shared.now_ms());
        let node = self.nodes.entry(id).or_default();
        node.connecting = false;
        match outcome {
            Ok(connection) => {
                node.failures = 0;
                node.connection = Some(connection);
            }
            Err(error) => {
                node.failures = node.failures.saturating_add(1);
                node.connect_from_ms = now_ms + backoff.after(node.failures);
                self.wants_refresh = true;
                tracing::debug!(node = id, %error, "no connection to a leader");
                if error.is_unauthorized() {
                    self.fail(ProducerError::from(error));
                }
            }
        }
    }

    /// Asks for metadata when leaders or topics are missing, or when it is old.
    pub(super) fn refresh(&mut self, now_ms: i64) {
        let missing = {
            let mut state = self.shared.state();
            state.topics.retain(|_, used_ms| *used_ms < 0 || now_ms.saturating_sub(*used_ms) < TOPIC_IDLE_MS);
            let known = |topic: &String| self.metadata.topics.get(topic);
            state.topics.keys().any(|topic| known(topic).is_none_or(|known| known.partitions.is_empty()))
        };
        let age_ms = now_ms.saturating_sub(self.refreshed_ms);
        let is_old = age_ms >= self.shared.config.metadata_max_age_ms;
        self.wants_refresh |= missing || is_old;
        if !self.wants_refresh || self.refreshing || now_ms < self.refresh_from_ms {
            return;
        }
        let topics: Vec<String> = self.shared.state().topics.keys().cloned().collect();
        (self.refreshing, self.wants_refresh) = (true, false);
        let cluster = self.cluster.clone();
        self.events.spawn(async move { Event::Refreshed(cluster.refresh_or_create(&topics).await) });
    }

    pub(super) fn on_refreshed(&mut self, outcome: Result<Arc<Metadata>, ClientError>) {
        let now_ms = self.shared.now_ms();
        self.refreshing = false;
        self.refresh_from_ms = now_ms + self.shared.config.retry_backoff_ms;
        match outcome {
            Ok(metadata) => {
                self.refreshed_ms = now_ms;
                self.metadata = metadata.clone();
                self.last_refresh_error = None;
                let mut state = self.shared.state();
                state.spreads.values_mut().for_each(|spread| spread.on_metadata());
                drop(state);
                self.shared.metadata.send_replace(metadata);
            }
            Err(error) => {
                tracing::debug!(%error, "no metadata");
                self.wants_refresh = true;
                self.last_refresh_error = Some(error.to_string());
                if error.is_unauthorized() {
                    self.fail(ProducerError::from(error));
                }
            }
        }
    }

    /// An idempotent producer without transactions asks for its id when it begins.
    pub(super) fn identify(&mut self) {
        let is_due = self.shared.idempotent && !self.shared.is_transactional() && !self.identifying;
        if is_due && self.shared.state().identity.is_none() {
            self.identifying = true;
            let cluster = self.cluster.clone();
            self.events.spawn(async move { Event::Identified(cluster.init_producer_id().await) });
        }
    }

    pub(super) fn on_identified(&mut self, outcome: Result<ProducerIdentity, ClientError>) {
        self.identifying = false;
        match outcome {
            Ok(identity) => self.shared.state().identity = Some(identity),
            Err(error @ ClientError::Deadline { .. }) => {
                tracing::warn!(%error, "no producer id");
            }
            Err(error) if is_retriable(&error) || matches!(error, ClientError::Bootstrap { .. }) => {
                tracing::debug!(%error, "no producer id");
            }
            Err(error) => self.fail(ProducerError::from(error)),
        }
    }

    /// Tells the coordinator of the transaction's new partitions; their batches wait for that.
    pub(super) fn add_partitions(&mut self) {
        let Some(coordinator) = &self.coordinator else { return };
        let mut state = self.shared.state();
        let Some(identity) = state.identity else { return };
        let transaction = &mut state.transaction;
        let is_ending = matches!(transaction.phase, Phase::Aborting);
        if transaction.adding || transaction.wanted.is_empty() || is_ending || transaction.failure().is_some()
        {
            return;
        }
        transaction.began = true;
        let partitions = transaction.wanted.take();
        transaction.adding = true;
        let coordinator = coordinator.clone();
        self.events.spawn(async move {
            let added = coordinator.add_partitions(identity, &partitions).await;
            Event::Added(partitions, added)
        });
    }

    pub(super) fn on_added(&mut self, partitions: Vec<TopicPartition>, outcome: Result<(), ClientError>) {
        let mut state = self.shared.state();
        state.transaction.adding = false;
        self.shared.finished.send_modify(|finished| *finished += 1);
        let Err(error) = outcome else {
            partitions.iter().for_each(|(topic, index)| state.transaction.added.insert(topic, *index));
            return;
        };
        let error = ProducerError::from(error);
        let fatal = error.code().is_some_and(|code| is_fatal(code) || code.class() == ErrorClass::Fenced);
        state.transaction.on_failure(Arc::new(error.clone()), fatal);
        drop(state);
        self.shared.fail_all(&error);
    }
}
