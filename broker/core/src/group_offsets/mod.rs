//! What groups committed: offsets, those of open transactions, and when they are too old (`OffsetMetadataManager`).

// A committed offset.
mod committed;
// All of them, by group and partition.
mod store;

pub use committed::CommittedOffset;
pub use store::{GroupOffsets, Stability};
