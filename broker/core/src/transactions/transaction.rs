//! A transactional id: its producer, and where its transaction stands (`TransactionMetadata`).

use std::collections::BTreeSet;

use crate::topic_partition::TopicPartition;

/// No producer id or epoch.
pub(super) const NONE: i64 = -1;
pub(super) const NO_EPOCH: i16 = -1;

/// How a client takes part in transactions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum TransactionVersion {
    /// Adds partitions itself; the epoch stays from one transaction to the next.
    #[default]
    V0,
    /// As before, records with tagged fields.
    V1,
    /// Partitions are added by their leaders; every end raises the epoch (KIP-890).
    V2,
}

impl TransactionVersion {
    /// The number that stands in records and in WriteTxnMarkers.
    pub fn level(self) -> i16 {
        match self {
            Self::V0 => 0,
            Self::V1 => 1,
            Self::V2 => 2,
        }
    }

    pub(super) fn of_level(level: i16) -> Self {
        match level {
            ..=0 => Self::V0,
            1 => Self::V1,
            2.. => Self::V2,
        }
    }

    pub(super) fn raises_epoch(self) -> bool {
        self == Self::V2
    }
}

/// Where a transaction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    Empty,
    Ongoing,
    /// Decided; markers are being written.
    PrepareCommit,
    PrepareAbort,
    CompleteCommit,
    CompleteAbort,
}

impl State {
    pub(super) const ALL: [Self; 6] = [
        Self::Empty,
        Self::Ongoing,
        Self::PrepareCommit,
        Self::PrepareAbort,
        Self::CompleteCommit,
        Self::CompleteAbort,
    ];

    /// Kafka's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::Ongoing => "Ongoing",
            Self::PrepareCommit => "PrepareCommit",
            Self::PrepareAbort => "PrepareAbort",
            Self::CompleteCommit => "CompleteCommit",
            Self::CompleteAbort => "CompleteAbort",
        }
    }

    /// Kafka's number.
    pub(super) fn id(self) -> i8 {
        self as i8
    }

    pub(super) fn is_prepared(self) -> bool {
        matches!(self, Self::PrepareCommit | Self::PrepareAbort)
    }
}

/// What is known of a transactional id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Transaction {
    pub(super) producer_id: i64,
    pub(super) previous_producer_id: i64,
    /// Allocated in advance where the epoch is used up; -1 otherwise.
    pub(super) next_producer_id: i64,
    pub(super) producer_epoch: i16,
    /// The epoch before, for a repeated InitProducerId; not in the log.
    pub(super) last_epoch: i16,
    pub(super) timeout_ms: i32,
    pub(super) state: State,
    /// Where data was written and no marker yet.
    pub(super) partitions: BTreeSet<TopicPartition>,
    /// -1 when no transaction was begun.
    pub(super) started_ms: i64,
    pub(super) updated_ms: i64,
    pub(super) version: TransactionVersion,
}

impl Transaction {
    /// An id that nobody used before.
    pub(super) fn new(producer_id: i64, timeout_ms: i32, now_ms: i64) -> Self {
        Self {
            producer_id,
            previous_producer_id: NONE,
            next_producer_id: NONE,
            producer_epoch: NO_EPOCH,
            last_epoch: NO_EPOCH,
            timeout_ms,
            state: State::Empty,
            partitions: BTreeSet::new(),
            started_ms: -1,
            updated_ms: now_ms,
            version: TransactionVersion::V0,
        }
    }

    pub(super) fn is_epoch_used_up(&self) -> bool {
        is_epoch_used_up(self.producer_epoch)
    }
}

/// The epoch after this one is for fencing alone.
pub(super) fn is_epoch_used_up(epoch: i16) -> bool {
    epoch >= i16::MAX - 1
}
