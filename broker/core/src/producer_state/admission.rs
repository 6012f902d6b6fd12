//! Whether a batch or marker may be written (`ProducerAppendInfo`, `UnifiedLog.analyzeAndValidateProducerState`).

use strait_wire::batch::{BatchHeader, ControlKind};

use super::entry::{AppendedBatch, NO_EPOCH, ProducerEntry};
use super::error::{ProducerStateError, Rejection};
use super::sequence::{next_sequence, sequence_after};
use super::verification::{Verification, VerificationGuard};

/// Who writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A producer: epoch and sequence are checked.
    Client,
    /// A coordinator of ours: its batches have no sequence, only the epoch is checked.
    Coordinator,
    /// The log itself or a leader: checked where it was first written.
    Replication,
}

/// What may be done with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    Append,
    /// Answer success with this batch's offset and timestamp, write nothing.
    Duplicate(AppendedBatch),
}

/// How a batch is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Append {
    pub origin: Origin,
    /// From [`super::Producers::verify`], for a transactional batch.
    pub guard: VerificationGuard,
}

impl Append {
    pub const CLIENT: Self = Self { origin: Origin::Client, guard: VerificationGuard::NotAsked };
    pub const COORDINATOR: Self = Self { origin: Origin::Coordinator, guard: VerificationGuard::NotAsked };
    pub const REPLICATION: Self = Self { origin: Origin::Replication, guard: VerificationGuard::NotAsked };
}

/// A commit or abort marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marker {
    pub producer_id: i64,
    pub producer_epoch: i16,
    pub kind: ControlKind,
    pub coordinator_epoch: i32,
    pub offset: i64,
    /// Milliseconds.
    pub timestamp: i64,
    /// 2 when the coordinator raised the epoch for this marker (KIP-890); 0 or 1 otherwise.
    pub transaction_version: i16,
}

/// Whether a batch may be written right behind `before` wherever that one may: of the same producer and epoch, in or
/// outside a transaction like it, with the next sequence. Batches without a producer may be written always.
pub fn follows(before: &BatchHeader, header: &BatchHeader) -> bool {
    let is_same = before.producer_id == header.producer_id
        && before.producer_epoch == header.producer_epoch
        && before.attributes.is_transactional() == header.attributes.is_transactional();
    let is_next = |count: i32| {
        before.base_sequence >= 0 && header.base_sequence == sequence_after(before.base_sequence, count)
    };
    is_same && (header.producer_id < 0 || before.last_offset_delta.checked_add(1).is_some_and(is_next))
}

/// The markers of KIP-890's second part have an epoch above that of the data.
const RAISES_EPOCH: i16 = 2;

pub(super) struct Check<'a> {
    pub(super) entry: &'a ProducerEntry,
    pub(super) verification: Option<&'a Verification>,
    pub(super) append: Append,
}

impl Check<'_> {
    pub(super) fn batch(&self, header: &BatchHeader) -> Result<Admission, ProducerStateError> {
        if self.append.origin == Origin::Replication {
            return Ok(Admission::Append);
        }
        if self.append.origin == Origin::Client
            && let Some(batch) = self.entry.duplicate_of(header)
        {
            return Ok(Admission::Duplicate(batch));
        }
        let refused = self.verified(header).and_then(|()| self.data(header)).err();
        refused.map_or(Ok(Admission::Append), |rejection| {
            let (producer_id, offset) = (header.producer_id, header.base_offset);
            Err(ProducerStateError { producer_id, offset, rejection })
        })
    }

    /// A transactional batch needs an open transaction, or a guard that is still worth something.
    fn verified(&self, header: &BatchHeader) -> Result<(), Rejection> {
        let guard = self.append.guard;
        if guard == VerificationGuard::NotAsked {
            return Ok(());
        }
        let known = self.verification.is_some_and(|verification| verification.guard == guard);
        let open = self.entry.open_since.is_some() && self.entry.epoch == header.producer_epoch;
        if !header.attributes.is_transactional() || open || known {
            return Ok(());
        }
        Err(Rejection::NotVerified)
    }

    fn data(&self, header: &BatchHeader) -> Result<(), Rejection> {
        let (epoch, current) = (header.producer_epoch, self.entry.epoch);
        if epoch < current {
            return Err(Rejection::OldEpoch { epoch, current });
        }
        if self.append.origin == Origin::Client {
            self.sequence(header)?;
        }
        match self.entry.open_since {
            Some(open_since) if !header.attributes.is_transactional() => {
                Err(Rejection::OutsideTransaction { open_since })
            }
            _ => Ok(()),
        }
    }

    fn sequence(&self, header: &BatchHeader) -> Result<(), Rejection> {
        let (sequence, epoch, current) = (header.base_sequence, header.producer_epoch, self.entry.epoch);
        if let Some(verification) = self.verification {
            if verification.raises_epoch && sequence != 0 && self.entry.batches.is_empty() {
                return Err(Rejection::TransactionNotAtZero { sequence });
            }
            let lowest = verification.lowest_sequence;
            if sequence > lowest {
                return Err(Rejection::BeforeVerified { sequence, lowest });
            }
        }
        // Nothing is known: expired, or its records were deleted. Any sequence may come.
        if current == NO_EPOCH {
            return Ok(());
        }
        if epoch != current {
            return match sequence {
                0 => Ok(()),
                _ => Err(Rejection::NewEpochNotAtZero { sequence, epoch, current }),
            };
        }
        let last = self.entry.last_sequence();
        if sequence == next_sequence(last) {
            return Ok(());
        }
        Err(Rejection::OutOfOrder { sequence, last })
    }

    pub(super) fn marker(&self, marker: &Marker) -> Result<(), ProducerStateError> {
        if self.append.origin == Origin::Replication {
            return Ok(());
        }
        let (producer_id, offset) = (marker.producer_id, marker.offset);
        self.marker_epoch(marker)
            .and_then(|()| self.coordinator_epoch(marker))
            .map_err(|rejection| ProducerStateError { producer_id, offset, rejection })
    }

    fn marker_epoch(&self, marker: &Marker) -> Result<(), Rejection> {
        let (epoch, current) = (marker.producer_epoch, self.entry.epoch);
        if marker.transaction_version < RAISES_EPOCH {
            return if epoch < current { Err(Rejection::OldEpoch { epoch, current }) } else { Ok(()) };
        }
        // A marker that comes again finds no transaction; at the last epoch there was nothing to raise.
        let again = epoch == current && (self.entry.open_since.is_none() || epoch == i16::MAX);
        if epoch > current || again {
            return Ok(());
        }
        Err(Rejection::MarkerEpochNotRaised { epoch, current })
    }

    fn coordinator_epoch(&self, marker: &Marker) -> Result<(), Rejection> {
        let (epoch, current) = (marker.coordinator_epoch, self.entry.coordinator_epoch);
        if epoch < current { Err(Rejection::OldCoordinator { epoch, current }) } else { Ok(()) }
    }
}
