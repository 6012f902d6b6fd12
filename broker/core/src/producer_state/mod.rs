//! What one partition knows of its idempotent and transactional producers (`ProducerStateManager`).
//!
//! A batch is admitted before it is written and noted after it was written, so that a failed write leaves no trace.
//! The same state comes out of reading the batch headers of the log again, from a snapshot on.

// Sequence numbers and their wrap.
mod sequence;
// What is kept of one producer.
mod entry;
// Why a batch or marker is refused.
mod error;
// The first transactional batch: a guard against markers that come between (KIP-890).
mod verification;
// Whether a batch or marker may be written.
mod admission;
// Open and just completed transactions, the last stable offset.
mod open;
// The state of a partition.
mod producers;
// The newest batch of each producer, for a snapshot file.
mod snapshot;
// The file itself.
mod snapshot_file;

pub use admission::{Admission, Append, Marker, Origin, follows};
pub use entry::{AppendedBatch, ProducerEntry};
pub use error::{ProducerStateError, Rejection};
pub use open::CompletedTransaction;
pub use producers::Producers;
pub use sequence::{next_sequence, sequence_after};
pub use snapshot::SnapshotEntry;
pub use snapshot_file::SnapshotFileError;
pub use verification::VerificationGuard;

#[cfg(test)]
mod tests;
