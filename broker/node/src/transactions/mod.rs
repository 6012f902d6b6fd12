//! The transaction coordinator: one shard for each partition of `__transaction_state`. The rules are in
//! `strait_broker_core::transactions`.
//!
//! Order of locks: a shard of transactions, then a shard of groups, then a partition. Who holds a later one never asks
//! for an earlier one.

// One partition of the topic.
mod shard;
// Markers into partitions.
mod markers;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use strait_broker_core::transactions::TransactionSettings;
use strait_wire::error_code::ErrorCode;

use crate::groups::at;
use crate::node::Node;
use crate::settings::Settings;
use crate::topics::{TRANSACTION_TOPIC, Topic};

pub(crate) use markers::{marker, write_marker};
pub(crate) use shard::TransactionShard;

/// All transactions of the broker.
#[derive(Debug)]
pub(crate) struct TransactionCoordinator {
    settings: TransactionSettings,
    /// There once the topic is.
    shards: OnceLock<Vec<TransactionShard>>,
    starting: Mutex<()>,
}

impl TransactionCoordinator {
    /// A coordinator without transactions.
    pub(crate) fn new(settings: &Settings) -> Self {
        let settings = TransactionSettings {
            max_timeout_ms: i32::try_from(settings.number("transaction.max.timeout.ms")).unwrap_or(i32::MAX),
            id_expiration_ms: settings.number("transactional.id.expiration.ms"),
        };
        Self { settings, shards: OnceLock::new(), starting: Mutex::new(()) }
    }

    /// Reads the topic, and ends what was decided and not ended.
    pub(crate) fn start(&self, node: &Node, topic: &Topic) {
        let _one = self.starting.lock().unwrap_or_else(PoisonError::into_inner);
        if self.shards.get().is_some() {
            return;
        }
        let load = |partition| TransactionShard::load(Arc::clone(partition), self.settings);
        for shard in self.shards.get_or_init(|| topic.partitions.iter().map(load).collect()) {
            shard.loaded(node);
        }
    }

    /// Makes the topic when it is missing, so that there can be transactions.
    pub(crate) fn ensure_started(&self, node: &Node) -> Result<(), ErrorCode> {
        if self.shards.get().is_some() {
            return Ok(());
        }
        let topic = node.controller.ensure_internal(TRANSACTION_TOPIC).map_err(|error| {
            tracing::warn!(%error, "topic of transactions not made");
            ErrorCode::COORDINATOR_NOT_AVAILABLE
        })?;
        self.start(node, &topic);
        Ok(())
    }

    /// The shard of a transactional id.
    pub(crate) fn shard(&self, transactional_id: &str) -> Result<&TransactionShard, ErrorCode> {
        at(self.shards(), transactional_id).ok_or(ErrorCode::NOT_COORDINATOR)
    }

    /// All shards; none before the topic is there.
    pub(crate) fn shards(&self) -> &[TransactionShard] {
        self.shards.get().map_or(&[], Vec::as_slice)
    }
}
