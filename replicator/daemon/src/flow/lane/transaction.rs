//! The flow's transaction: batches that sequences can't protect are committed together with their positions.
//!
//! A target forgets a producer by the time of its records, so that a batch of old records could be written twice; and
//! records of a compacted source can't be counted again. A transaction's coordinator fences what is left of an earlier
//! instance, and positions that are committed with the data need no counting.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use strait_client::{ClientError, Cluster, ProducerIdentity, TransactionCoordinator, TransactionResult};
use strait_replicator_core::lane::{Identity, Sequence};
use strait_replicator_core::shares::{Part, Share};
use strait_replicator_core::state_record::{Key, Value};

use super::map_chunks::Stored;
use crate::flow::provenance::producer_entry;
use crate::state_topic::{StateError, StateTopic};

/// After this time the coordinator aborts a transaction of a process that is gone; until then readers of committed
/// records wait behind it.
const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    #[default]
    Idle,
    /// A new epoch of the producer is asked for; it ends what was open.
    Initializing,
    Open {
        until_ms: u64,
    },
    /// Nothing more is taken in; what is in flight is waited for.
    Draining,
    Committing,
    /// The target does not let us have transactions.
    Unavailable,
}

/// The flow's transaction.
#[derive(Default)]
pub(super) struct Transaction {
    pub(super) phase: Phase,
    pub(super) coordinator: Option<Rc<TransactionCoordinator>>,
    pub(super) id: String,
    pub(super) identity: Option<ProducerIdentity>,
    /// Slots that are part of it, with the generation in which they joined.
    pub(super) members: BTreeMap<usize, u64>,
    pub(super) joining: BTreeMap<usize, u64>,
    pub(super) wanting: BTreeSet<usize>,
    pub(super) has_failed: bool,
    /// Of our batches in the state topic, under the transactional producer.
    pub(super) state_sequence: i64,
}

pub(super) enum TransactionEvent {
    Initialized(Result<ProducerIdentity, TransactionError>),
    Joined(Result<(), ClientError>),
    Committed(Stored, Result<(), TransactionError>),
}

#[derive(Debug, thiserror::Error)]
pub(in crate::flow) enum TransactionError {
    #[error("transaction: {0}")]
    Client(#[from] ClientError),
    #[error("transaction: {0}")]
    State(#[from] StateError),
}

impl TransactionError {
    pub(in crate::flow) fn into_state(self) -> StateError {
        match self {
            Self::Client(error) => StateError::Client(error),
            Self::State(error) => error,
        }
    }
}

impl Transaction {
    /// The transactional id, for produce requests.
    pub(super) fn id(&self) -> Option<String> {
        Some(self.id.clone())
    }

    pub(super) fn is_idle(&self) -> bool {
        matches!(self.phase, Phase::Idle | Phase::Unavailable)
    }

    pub(super) fn is_committing(&self) -> bool {
        self.phase == Phase::Committing
    }

    pub(super) fn is_unavailable(&self) -> bool {
        self.phase == Phase::Unavailable
    }

    /// Whether batches of a slot may be produced in it now.
    pub(super) fn takes(&self, index: usize, generation: u64) -> bool {
        matches!(self.phase, Phase::Open { .. })
            && !self.has_failed
            && self.members.get(&index) == Some(&generation)
    }

    /// A slot has batches for a transaction.
    pub(super) fn want(&mut self, index: usize) {
        self.wanting.insert(index);
    }

    /// A batch of a member failed, or the member is gone: nothing of the transaction may be committed.
    pub(super) fn on_failure(&mut self, index: usize) {
        self.wanting.remove(&index);
        if self.members.contains_key(&index) || self.joining.contains_key(&index) {
            self.has_failed = true;
        }
    }
}

/// The coordinator of a part's transactions.
pub(in crate::flow) fn coordinator(
    target: &Cluster,
    part: &Part,
    source_cluster_id: &str,
) -> TransactionCoordinator {
    let flow = &part.flow;
    // All of a flow begin alike, so that one rule of access has them.
    let id = match part.share {
        None => format!("strait-{flow}-{source_cluster_id}"),
        Some(Share { index, of }) => format!("strait-{flow}-{index}-of-{of}-{source_cluster_id}"),
    };
    TransactionCoordinator::new(target.clone(), &id)
}

/// Fences earlier instances, ends what they left open, and publishes the identity before it is used.
pub(in crate::flow) async fn initialize(
    coordinator: &TransactionCoordinator,
    state: &StateTopic,
    part: &Part,
    origin: &str,
    target_cluster_id: &str,
) -> Result<ProducerIdentity, TransactionError> {
    let identity = coordinator.init_producer_id(TRANSACTION_TIMEOUT).await?;
    let ProducerIdentity { producer_id, producer_epoch } = identity;
    let published = Identity { producer_id, producer_epoch };
    state.write(vec![producer_entry(&part.to_string(), origin, true, published, target_cluster_id)]).await?;
    Ok(identity)
}

/// Writes positions into the transaction and commits it.
pub(super) async fn commit(
    coordinator: &TransactionCoordinator,
    state: &StateTopic,
    identity: ProducerIdentity,
    sequence: Sequence,
    records: Vec<(Key, Value)>,
) -> Result<(), TransactionError> {
    if records.is_empty() {
        return Ok(coordinator.end(identity, TransactionResult::Commit).await?);
    }
    state.write_in_transaction(coordinator.transactional_id(), identity, sequence, &records).await?;
    Ok(coordinator.end(identity, TransactionResult::Commit).await?)
}
