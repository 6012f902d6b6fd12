//! Groups of a cluster, seen from outside: which there are, who is in them, what they committed.

// Questions to the coordinators of many groups.
mod coordinators;
// Lists and descriptions.
mod describe;
// Committed offsets: read, written, removed.
mod offsets;

use crate::error::BrokerError;

pub use describe::{GroupDescription, GroupListing, GroupMember};
pub use offsets::{CommittedOffset, CommittedOffsets};

/// The answer for each group.
pub type GroupResults<T> = Vec<(String, Result<T, BrokerError>)>;
